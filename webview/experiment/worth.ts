/** Worth: what the sparsity of each level saves in bytes, operations and measured time, and what it does not. */
import './studies.css';
import type { Report } from '../../src/shared/report';
import { ChartCard } from '../charts/chartCard';
import { chartMenu } from '../charts/chartMenu';
import { linesContent } from '../charts/content';
import { DataTable } from '../charts/dataTable';
import { tableCsv } from '../charts/export/csv';
import { card } from '../ui/card';
import { h, setText } from '../ui/dom';
import { EmptyBox, type EmptyState } from '../ui/emptyState';
import { icon } from '../ui/icons';
import { bytesChart, shareChart, smallestForm, worthTable } from './worthModel';

const notAsked: EmptyState = {
  title: 'What is the sparsity worth?',
  text:
    'Bytes of each level in five forms of storage, multiply-adds, and the measured time of a training step and of an ' +
    'inference on this machine. The experiment file turns it off; take that out, or write:',
  snippet: '"worth": true',
};
const waiting: EmptyState = { title: 'Not measured yet', text: 'It is measured after the runs of the experiment.' };
const earlier: EmptyState = {
  title: 'Not measured',
  text: 'No level was measured. Run the experiment again: only what is missing is computed.',
};

export class WorthView {
  private readonly empty: EmptyBox;
  private readonly statement = h('span');
  private readonly device = h('p', { class: 'quiet' });
  private readonly bytes = new ChartCard({
    name: 'bytes',
    title: 'Bytes by form of storage',
    hint: 'Of the whole model: biases and normalisation are dense in every form.',
  });
  private readonly shares = new ChartCard({
    name: 'shares',
    title: 'Operations and measured time',
    hint: 'The dense network is 100 %. Times are medians on this machine, with this executor; operations do not depend on it.',
  });
  private readonly table = new DataTable();
  private readonly tableCard;
  private readonly found: HTMLElement;
  readonly element: HTMLElement;
  private report: Report | null = null;

  constructor(openExperiment: () => void) {
    this.empty = new EmptyBox(openExperiment);
    this.tableCard = card(
      'worth-table',
      'Level by level',
      [
        chartMenu({
          title: () => `${this.report?.experiment.name ?? ''}: worth`,
          csv: () => {
            const worth = this.report?.worth;
            return this.report && worth ? tableCsv(worthTable(this.report, worth)) : null;
          },
        }),
      ],
      this.table.element,
    );
    this.found = h(
      'div',
      { class: 'stack' },
      h('div', { class: 'advice-list' }, h('p', { class: 'advice-line' }, icon('none'), this.statement), this.device),
      h(
        'div',
        { class: 'two-columns' },
        h('div', { class: 'column' }, this.bytes.element),
        h('div', { class: 'column' }, this.shares.element),
      ),
      this.tableCard.element,
    );
    this.element = h('div', {}, this.empty.element, this.found);
  }

  /** @param level whose smallest form is told */
  show(report: Report, level: number, running: boolean): void {
    this.report = report;
    const { worth, experiment } = report;
    const isThere = worth !== undefined && worth.levels.length > 0;
    this.empty.element.hidden = isThere;
    this.found.hidden = !isThere;
    if (!isThere) {
      this.empty.show(experiment.worth ? (running ? waiting : earlier) : notAsked);
      return;
    }
    setText(this.statement, worth.statement);
    setText(this.device, `${worth.executor} · ${worth.device} · batches of ${worth.batchSize}`);
    this.bytes.show(linesContent(bytesChart(report, worth)));
    this.shares.show(linesContent(shareChart(report, worth)));
    this.table.show(worthTable(report, worth));
    setText(this.tableCard.aside, smallestForm(worth, level));
  }

  themeChanged(): void {
    this.bytes.themeChanged();
    this.shares.themeChanged();
  }
}
