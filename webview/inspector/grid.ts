/**
 * A table of any length: only the rows in view are elements. Focus stays on the table and the active row is told by
 * `aria-activedescendant`, so that rows can come and go under a screen reader.
 */
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { arranged, columnWidths, type TableColumn } from './column';
import type { GroupRow, Row, Sort } from './rowsModel';
import { contentHeight, rowAfterKey, scrollTopFor, visibleRows, type Scroller } from './virtual';

export interface GridOptions {
  readonly label: string;
  readonly columns: readonly TableColumn[];
  readonly onOpen: (index: number) => void;
  readonly onToggle: (path: string) => void;
  readonly onSort: (column: TableColumn) => void;
  /** Tensors that are in view now. */
  readonly onVisible: (indices: readonly number[]) => void;
}

export interface GridState {
  readonly rows: readonly Row[];
  readonly tree: boolean;
  readonly sort: Sort | null;
  readonly hidden: readonly string[];
  /** The tensor whose details are open. */
  readonly open: number | null;
}

const rowHeight = 24;
const spare = 6;
/** Narrower, the columns that say most come first. */
const narrow = 720;

interface Drawn {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  row: Row;
}

let grids = 0;

export class Grid {
  private readonly id = `grid-${grids++}`;
  private readonly head = h('div', { class: 'grid-head', attributes: { role: 'row', 'aria-rowindex': 1 } });
  private readonly layer = h('div', { class: 'grid-rows', attributes: { role: 'rowgroup' } });
  private readonly body = h('div', { class: 'grid-body', attributes: { role: 'presentation' } }, this.layer);
  readonly element = h(
    'div',
    { class: 'grid', attributes: { tabindex: 0 } },
    h('div', { class: 'grid-top', attributes: { role: 'rowgroup' } }, this.head),
    this.body,
  );
  private state: GridState = { rows: [], tree: false, sort: null, hidden: [], open: null };
  private columns: readonly TableColumn[] = [];
  private readonly drawn = new Map<number, Drawn>();
  private active = 0;
  private shape = '';
  private pending = false;
  private seen = '';

  constructor(private readonly options: GridOptions) {
    setAttribute(this.element, 'aria-label', options.label);
    this.element.addEventListener('scroll', () => {
      this.drawSoon();
    });
    this.element.addEventListener('keydown', event => {
      this.onKey(event);
    });
    this.layer.addEventListener('click', event => {
      this.onClick(event);
    });
    new ResizeObserver(() => {
      this.drawSoon();
    }).observe(this.element);
  }

  show(state: GridState): void {
    const activeRow = this.state.rows[this.active];
    const kept = activeRow && state.rows.findIndex(row => sameRow(row, activeRow));
    this.state = state;
    this.active = kept !== undefined && kept >= 0 ? kept : Math.min(this.active, Math.max(0, state.rows.length - 1));
    setAttribute(this.element, 'role', state.tree ? 'treegrid' : 'grid');
    setAttribute(this.element, 'aria-rowcount', state.rows.length + 1);
    this.forget();
    this.drawSoon();
  }

  /** New numbers: what is in view is written again, nothing moves. */
  refresh(): void {
    for (const drawn of this.drawn.values()) this.fill(drawn);
  }

  /** Brings a tensor into view and makes it the active row. */
  reveal(index: number): void {
    const place = this.state.rows.findIndex(row => row.kind === 'tensor' && row.index === index);
    if (place >= 0) this.activate(place);
  }

  focus(): void {
    this.element.focus();
  }

  private forget(): void {
    for (const { element } of this.drawn.values()) element.remove();
    this.drawn.clear();
  }

  private scroller(): Scroller {
    const viewport = Math.max(rowHeight, this.element.clientHeight - this.head.offsetHeight);
    return { rowHeight, count: this.state.rows.length, viewport };
  }

  private drawSoon(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { element, state, layer, body } = this;
    if (element.clientHeight === 0) return;
    this.arrange();
    const scroller = this.scroller();
    body.style.height = `${contentHeight(scroller)}px`;
    const { first, end, top } = visibleRows(scroller, element.scrollTop, spare);
    layer.style.transform = `translateY(${top}px)`;
    for (const [place, { element: row }] of this.drawn) {
      if (place >= first && place < end) continue;
      row.remove();
      this.drawn.delete(place);
    }
    // from the last to the first: each new row has the one after it to stand before
    for (let place = end - 1; place >= first; place--) {
      let drawn = this.drawn.get(place);
      if (!drawn) {
        drawn = this.make(place, state.rows[place]!);
        this.drawn.set(place, drawn);
        layer.insertBefore(drawn.element, this.drawn.get(place + 1)?.element ?? null);
      }
      this.mark(place, drawn);
    }
    setAttribute(element, 'aria-activedescendant', this.drawn.has(this.active) ? `${this.id}-${this.active}` : null);
    this.tellVisible(first, end);
  }

  private arrange(): void {
    const { hidden, sort } = this.state;
    const isNarrow = this.element.clientWidth < narrow;
    this.columns = arranged(this.options.columns, hidden, isNarrow);
    const widths = columnWidths(this.columns, this.element.clientWidth, isNarrow);
    this.element.style.setProperty('--wt-columns', widths.map(width => `${width}px`).join(' '));
    this.element.style.setProperty('--wt-width', `${widths.reduce((sum, width) => sum + width, 0)}px`);
    const shape = JSON.stringify([this.columns.map(column => column.id), sort]);
    if (shape === this.shape) return;
    this.shape = shape;
    this.forget();
    setAttribute(this.element, 'aria-colcount', this.columns.length);
    const focused = this.head.querySelector(':focus')?.getAttribute('data-column');
    setChildren(this.head, ...this.columns.map(column => this.headCell(column, sort)));
    if (focused) this.head.querySelector<HTMLElement>(`[data-column="${CSS.escape(focused)}"]`)?.focus();
  }

  private headCell(column: TableColumn, sort: Sort | null): HTMLElement {
    const sorted = sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : 'none';
    const arrow = sorted === 'none' ? '' : sorted === 'descending' ? ' ↓' : ' ↑';
    return h(
      'div',
      {
        class: `grid-cell head-cell align-${column.align}`,
        attributes: { role: 'columnheader', 'aria-sort': column.sort ? sorted : null, 'data-id': column.id },
      },
      column.sort
        ? h('button', {
            class: 'head-button',
            text: column.label + arrow,
            title: `${column.title}\nClick to sort.`,
            attributes: { type: 'button', 'data-column': column.id },
            on: {
              click: () => {
                this.options.onSort(column);
              },
            },
          })
        : h('span', { text: column.label, title: column.title }),
    );
  }

  private make(place: number, row: Row): Drawn {
    const cells = this.columns.map(column =>
      h('div', {
        class: `grid-cell align-${column.align} col-${column.id.replace(':', '-')}`,
        attributes: { role: 'gridcell' },
      }),
    );
    const element = h(
      'div',
      {
        class: `grid-row row-${row.kind}`,
        attributes: {
          role: 'row',
          id: `${this.id}-${place}`,
          'aria-rowindex': place + 2,
          'aria-level': this.state.tree ? row.depth + 1 : null,
          'aria-expanded': row.kind === 'group' ? String(row.open) : null,
          'data-place': place,
        },
      },
      ...cells,
    );
    const drawn: Drawn = { element, cells, row };
    this.fill(drawn);
    return drawn;
  }

  private fill({ row, cells }: Drawn): void {
    this.columns.forEach((column, place) => {
      const cell = cells[place]!;
      if (row.kind === 'tensor') {
        column.fill(cell, row.index);
        if (column.id === 'tensor') this.indent(cell, row);
      } else if (column.id === 'tensor') fillGroupName(cell, row);
      else column.fillGroup?.(cell, row.members);
    });
  }

  private indent(cell: HTMLElement, row: Row): void {
    cell.style.setProperty('--wt-depth', String(row.depth));
    const name = cell.querySelector('.name');
    if (name) setText(name, row.label);
  }

  private mark(place: number, { element, row }: Drawn): void {
    element.classList.toggle('is-active', place === this.active);
    const open = row.kind === 'tensor' && row.index === this.state.open;
    element.classList.toggle('is-open', open);
    setAttribute(element, 'aria-selected', row.kind === 'tensor' ? String(open) : null);
  }

  private tellVisible(first: number, end: number): void {
    const indices = this.state.rows.slice(first, end).flatMap(row => (row.kind === 'tensor' ? [row.index] : []));
    const seen = indices.join();
    if (seen === this.seen) return;
    this.seen = seen;
    if (indices.length > 0) this.options.onVisible(indices);
  }

  private activate(place: number): void {
    this.active = place;
    const top = scrollTopFor(this.scroller(), this.element.scrollTop, place);
    if (top !== this.element.scrollTop) this.element.scrollTop = top;
    this.drawSoon();
  }

  private use(row: Row): void {
    if (row.kind === 'group') this.options.onToggle(row.path);
    else this.options.onOpen(row.index);
  }

  private onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target.closest('[data-place]') : null;
    const place = Number(target?.getAttribute('data-place') ?? -1);
    const row = this.state.rows[place];
    if (!row) return;
    this.activate(place);
    this.use(row);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows } = this.state;
    const row = rows[this.active];
    const next = rowAfterKey(event.key, this.active, this.scroller());
    if (next !== null) this.activate(next);
    else if (!row) return;
    else if (event.key === 'Enter' || event.key === ' ') this.use(row);
    else if (event.key === 'ArrowRight' && row.kind === 'group') {
      if (!row.open) this.use(row);
      else this.activate(Math.min(rows.length - 1, this.active + 1));
    } else if (event.key === 'ArrowLeft') {
      if (row.kind === 'group' && row.open) this.use(row);
      else {
        const above = rows.slice(0, this.active).findLastIndex(one => one.kind === 'group' && one.depth < row.depth);
        if (above >= 0) this.activate(above);
      }
    } else return;
    event.preventDefault();
  }
}

function sameRow(a: Row, b: Row): boolean {
  return a.kind === 'group' ? b.kind === 'group' && a.path === b.path : b.kind === 'tensor' && a.index === b.index;
}

function fillGroupName(cell: HTMLElement, row: GroupRow): void {
  cell.style.setProperty('--wt-depth', String(row.depth));
  setChildren(
    cell,
    h('span', { class: row.open ? 'twisty open' : 'twisty', text: '▸', attributes: { 'aria-hidden': 'true' } }),
    h('span', { class: 'cell-text name group-name', text: row.label, title: row.path }),
  );
}
