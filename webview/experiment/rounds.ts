/** The rounds: one row a level, all there from the start so that nothing moves when numbers arrive. */
import './rounds.css';
import { qualityOf, type Quality } from '../../src/shared/quality';
import type { Progress, Report } from '../../src/shared/report';
import { sample } from '../charts/legend';
import { styles } from '../charts/styles';
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { icon } from '../ui/icons';
import { say } from '../ui/live';
import type { LevelCursor } from './cursor';
import { describeLevel } from './overviewModel';
import { methodsOf } from './places';
import { roundRows, type RoundRow } from './roundsModel';

interface Row {
  readonly element: HTMLTableRowElement;
  readonly cells: ReadonlyMap<string, HTMLElement>;
  readonly bar: HTMLElement;
  readonly badge: HTMLElement;
}

const columnsOf = ({ name, differenceUnit: { short, full } }: Quality) => [
  { id: 'level', label: 'level', title: 'Pruning level; 0 is the dense network.' },
  { id: 'remaining', label: 'remaining', title: 'Weights kept / all prunable weights (density).' },
  { id: 'kept', label: 'kept', title: 'Weights kept in all prunable layers; of the first replicate.' },
  {
    id: 'test',
    label: name,
    title: 'After the last step: mean ± standard deviation (n − 1) over replicates.',
  },
  {
    id: 'difference',
    label: ['Δ dense', short].filter(Boolean).join(', '),
    title: `Mean ${name} minus that of the dense network${full === '' ? '' : `, in ${full}`}.`,
  },
  {
    id: 'stop',
    label: 'early stop',
    title: 'The evaluated step with the lowest validation loss; mean over replicates.',
  },
  { id: 'time', label: 'time', title: 'Wall time of one run, training and evaluation; mean over replicates.' },
];

export class Rounds {
  private readonly head = h('tr');
  private readonly rows = h('tbody');
  private readonly table = h(
    'table',
    { class: 'rounds-table', attributes: { role: 'grid' } },
    h('caption', { class: 'visually-hidden', text: 'Rounds: one row for each pruning level. Enter pins a level.' }),
    h('thead', {}, this.head),
    this.rows,
  );
  readonly element = h('div', { class: 'rounds table-scroll' }, this.table);
  private byPlace = new Map<number, Row>();
  private report: Report | undefined;
  private shape = '';

  constructor(private readonly cursor: LevelCursor) {
    cursor.onChange(() => {
      this.showCursor();
    });
    this.rows.addEventListener('pointerleave', () => {
      cursor.hover(null);
    });
  }

  show(report: Report, progress: Progress | null): void {
    this.report = report;
    const rows = roundRows(report, progress);
    const quality = qualityOf(report);
    const shape = JSON.stringify([rows.map(({ id }) => id), methodsOf(report), quality.name]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.build(rows, quality);
    }
    for (const row of rows) this.fill(row);
    this.showCursor();
  }

  private build(rows: readonly RoundRow[], quality: Quality): void {
    const compared = rows[0]?.compared.map(one => one.method) ?? [];
    setChildren(
      this.head,
      ...columnsOf(quality).map(column =>
        h('th', { class: `col-${column.id}`, text: column.label, title: column.title, attributes: { scope: 'col' } }),
      ),
      ...compared.map(method =>
        h(
          'th',
          {
            class: 'col-compared',
            title: `${styles[method].explanation} Here its ${quality.name}.`,
            attributes: { scope: 'col' },
          },
          sample(method),
          styles[method].label,
        ),
      ),
    );
    this.byPlace = new Map(rows.map(row => [row.id, this.makeRow(row)]));
    setChildren(this.rows, ...[...this.byPlace.values()].map(row => row.element));
  }

  private makeRow({ id: place, level, compared }: RoundRow): Row {
    const cells = new Map<string, HTMLElement>();
    const cell = (id: string, className: string): HTMLElement => {
      const span = h('span', { class: 'cell' });
      cells.set(id, span);
      return h('td', { class: className }, span);
    };
    const badge = h('span', { class: 'mark' });
    const bar = h('span', { class: 'bar-fill' });
    const remaining = h('span', { class: 'bar-text' });
    cells.set('remaining', remaining);
    const element = h(
      'tr',
      {
        attributes: { tabindex: place === 0 ? 0 : -1, 'data-level': place },
        on: {
          pointerenter: () => {
            this.cursor.hover(place);
          },
          focus: () => {
            this.cursor.hover(place);
          },
          blur: () => {
            this.cursor.hover(null);
          },
          click: () => {
            this.cursor.pick(place);
          },
          keydown: event => {
            this.onKey(event as KeyboardEvent, place);
          },
        },
      },
      h(
        'th',
        { class: 'col-level', attributes: { scope: 'row' } },
        level === null
          ? h('span', { text: '–', title: 'A target of comparisons: no level of the iterative series.' })
          : h('span', { text: String(level) }),
        badge,
      ),
      h(
        'td',
        { class: 'col-remaining' },
        h('span', { class: 'bar', attributes: { 'aria-hidden': 'true' } }, bar),
        remaining,
      ),
      cell('kept', 'col-kept'),
      cell('test', 'col-test'),
      cell('difference', 'col-difference'),
      cell('stop', 'col-stop'),
      cell('time', 'col-time'),
      ...compared.map(({ method }) => cell(method, 'col-compared')),
    );
    return { element, cells, bar, badge };
  }

  private fill(row: RoundRow): void {
    const parts = this.byPlace.get(row.id);
    if (!parts) return;
    const write = (id: string, text: string): void => {
      const cell = parts.cells.get(id);
      if (cell) setText(cell, text);
    };
    write('remaining', row.remaining);
    write('kept', row.kept);
    write('test', row.test);
    write('difference', row.difference);
    write('stop', row.earlyStop);
    write('time', row.time);
    for (const { method, text } of row.compared) write(method, text);
    parts.bar.style.width = `${(row.density ?? 0) * 100}%`;
    parts.element.dataset['state'] = row.state;
    parts.cells.get('difference')?.setAttribute('data-sign', String(row.sign));
    parts.element.classList.toggle('is-winner', row.winner);
    this.mark(parts.badge, row);
  }

  /** Beside the level: the ticket, or a dot while something of the level is at work. */
  private mark(badge: HTMLElement, { winner, working }: RoundRow): void {
    const kind = winner ? 'winner' : working === '' ? 'nothing' : 'working';
    setAttribute(badge, 'title', working === '' ? null : `at work: ${working}`);
    if (badge.dataset['kind'] === kind) return;
    badge.dataset['kind'] = kind;
    setChildren(
      badge,
      winner && icon('check'),
      kind === 'working' && h('span', { class: 'dot' }),
      kind !== 'nothing' && h('span', { class: 'visually-hidden', text: winner ? 'winning ticket' : 'at work' }),
    );
  }

  private showCursor(): void {
    for (const [place, { element }] of this.byPlace) {
      element.classList.toggle('hovered', this.cursor.hovered === place);
      element.classList.toggle('pinned', this.cursor.pinned === place);
      setAttribute(element, 'aria-selected', this.cursor.pinned === place ? 'true' : null);
    }
  }

  private onKey(event: KeyboardEvent, place: number): void {
    const places = [...this.byPlace.keys()];
    const last = places.length - 1;
    const current = places.indexOf(place);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, current + 1),
      ArrowUp: Math.max(0, current - 1),
      Home: 0,
      End: last,
    };
    const next = places[moves[event.key] ?? -1];
    if (next !== undefined) {
      const target = this.byPlace.get(next)?.element;
      for (const { element } of this.byPlace.values()) element.tabIndex = element === target ? 0 : -1;
      target?.focus();
      if (this.report) say(describeLevel(this.report, next));
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.cursor.pick(place);
    } else {
      return;
    }
    event.preventDefault();
  }
}
