/** Experiments side by side: one line an experiment and method, their best tickets, and in what their recipes differ. */
import type { ComparisonToHost, HostToComparison } from '../../src/shared/messages';
import type { Method } from '../../src/shared/report';
import '../ui/base.css';
import '../ui/cards.css';
import './compare.css';
import { ChartCard } from '../charts/chartCard';
import { chartMenu } from '../charts/chartMenu';
import { linesContent } from '../charts/content';
import { DataTable } from '../charts/dataTable';
import { tableCsv } from '../charts/export/csv';
import type { TableModel } from '../charts/model';
import { styles } from '../charts/styles';
import { bridge, savedState, saveState } from '../ui/bridge';
import { card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import { onSave } from '../ui/saving';
import { onThemeChange } from '../ui/theme';
import { button, checkbox, registerControls } from '../ui/toolkit';
import { comparable, comparisonChart, methodsAmong, recipeTable, ticketsTable, type Compared } from './compareModel';

registerControls();
const host = bridge<ComparisonToHost, HostToComparison>(['experiments']);
onSave(file => {
  host.post({ type: 'save', file });
});

const title = h('h1', { text: 'Comparison' });
const links = h('div', { class: 'links' });
const problems = h('div', { class: 'quiet', attributes: { role: 'status' } });
const methodBoxes = h('div', { class: 'methods', attributes: { role: 'group', 'aria-label': 'Methods' } });
const chart = new ChartCard({
  name: 'comparison',
  title: 'Against weights remaining',
  hint: 'Each line is one experiment and one method; ± one standard deviation over the replicates of the experiment.',
});

/** A card around a table, with its menu. */
function tableCard(name: string, text: string): { element: HTMLElement; show: (model: TableModel) => void } {
  const table = new DataTable();
  let shown: TableModel | null = null;
  const menu = chartMenu({ title: () => text, csv: () => shown && tableCsv(shown) });
  const { element } = card(name, text, [menu], table.element);
  const show = (model: TableModel): void => {
    shown = model;
    table.show(model);
  };
  return { element, show };
}

const tickets = tableCard('tickets', 'Best tickets');
const recipes = tableCard('recipes', 'Differences of the recipes');
const same = h('p', { class: 'quiet', text: 'The recipes are the same but for their names.' });
const content = h('main', { class: 'compared' }, methodBoxes, chart.element, tickets.element, recipes.element, same);
document.getElementById('root')?.append(h('div', { class: 'head' }, title, links, problems), content);

let compared: readonly Compared[] = [];
let chosen = readChosen(savedState()['methods']);
let offered = '';

function readChosen(saved: unknown): readonly string[] {
  return Array.isArray(saved) ? saved.filter(one => typeof one === 'string') : ['iterative'];
}

function choose(method: Method, on: boolean): void {
  const others = chosen.filter(one => one !== method);
  chosen = on ? [...others, method] : others;
  saveState({ methods: chosen });
  draw();
}

function offerMethods(methods: readonly Method[]): void {
  if (methods.join() === offered) return;
  offered = methods.join();
  setChildren(
    methodBoxes,
    ...methods.map(method =>
      checkbox(styles[method].label, chosen.includes(method), on => {
        choose(method, on);
      }),
    ),
  );
}

function draw(): void {
  content.hidden = compared.length === 0;
  if (compared.length === 0) return;
  const methods = methodsAmong(compared);
  offerMethods(methods);
  chart.show(
    linesContent(
      comparisonChart(
        compared,
        methods.filter(method => chosen.includes(method)),
      ),
    ),
  );
  tickets.show(ticketsTable(compared));
  const differences = recipeTable(compared);
  recipes.show(differences);
  recipes.element.hidden = differences.rows.length === 0;
  same.hidden = differences.rows.length > 0;
}

host.listen(({ experiments }) => {
  const { shown, problems: words } = comparable(experiments);
  compared = shown;
  setText(title, experiments.map(({ name }) => name).join(' · '));
  document.title = title.textContent;
  setText(problems, words.join(' '));
  setChildren(
    links,
    ...experiments.map(({ name }, index) =>
      button(`Open ${name}`, () => {
        host.post({ type: 'open', index });
      }),
    ),
  );
  draw();
});
onThemeChange(() => {
  chart.themeChanged();
});
host.post({ type: 'ready' });
