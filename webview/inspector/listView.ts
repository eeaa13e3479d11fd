/** The table with its toolbar, and beside or below it the details of one of its tensors. */
import type { TensorInfo } from '../../src/shared/inspection';
import { h, setChildren } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { button } from '../ui/toolkit';
import type { TableColumn } from './column';
import { filterChoices, filterTensors, isFiltered } from './filterModel';
import { Grid } from './grid';
import { flatRows, groupedRows, nextSort, tree, type Node, type Row, type SortBy } from './rowsModel';
import { Toolbar } from './toolbar';
import type { ViewState } from './viewState';

export interface Detail {
  readonly index: number;
  readonly element: HTMLElement;
  refresh(): void;
  repaint(theme: Theme): void;
  close(): void;
}

export interface ListOptions {
  readonly label: string;
  /** What a row stands for: "tensor", "pair". */
  readonly noun: string;
  /** Grows as pages arrive. */
  readonly items: readonly TensorInfo[];
  readonly columns: readonly TableColumn[];
  readonly errorOf: (index: number) => string | null;
  readonly view: ViewState;
  readonly onChange: (changes: Partial<ViewState>) => void;
  readonly onVisible: (indices: readonly number[]) => void;
  readonly detail: (index: number, close: () => void) => Detail;
}

/** Numbers arrive faster than anyone reads; rows that are sorted by them must not jump about. */
const resortMilliseconds = 400;

export class ListView {
  private readonly toolbar: Toolbar;
  private readonly grid: Grid;
  private readonly nothing = h('div', { class: 'nothing' });
  private readonly place = h('div', { class: 'detail-place' });
  readonly element: HTMLElement;
  private view: ViewState;
  private indices: readonly number[] = [];
  private root: Node | null = null;
  private shown: Detail | undefined;
  private timer: number | undefined;
  private refreshing = false;

  constructor(private readonly options: ListOptions) {
    this.view = options.view;
    this.grid = new Grid({
      label: options.label,
      columns: options.columns,
      onOpen: index => {
        this.open(index, true);
      },
      onToggle: path => {
        const { toggled } = this.view;
        this.change({ toggled: toggled.includes(path) ? toggled.filter(one => one !== path) : [...toggled, path] });
        this.showRows();
      },
      onSort: column => {
        this.change({ sort: nextSort(this.view.sort, column.id, column.numeric) });
        this.showRows();
        const { sort } = this.view;
        say(
          sort
            ? `sorted by ${column.label}, ${sort.descending ? 'descending' : 'ascending'}`
            : 'in the order of the file',
        );
      },
      onVisible: options.onVisible,
    });
    this.toolbar = new Toolbar({
      filter: this.view.filter,
      grouping: this.view.grouping,
      hidden: this.view.hidden,
      columns: options.columns,
      onFilter: filter => {
        this.change({ filter });
        this.listed();
      },
      onGrouping: grouping => {
        this.change({ grouping });
        this.showRows();
      },
      onHidden: hidden => {
        this.change({ hidden });
        this.showRows();
      },
      onLeave: () => {
        this.grid.focus();
      },
    });
    this.nothing.hidden = true;
    this.place.hidden = true;
    this.element = h(
      'div',
      { class: 'list' },
      h('div', { class: 'list-main' }, this.toolbar.element, this.grid.element, this.nothing),
      this.place,
    );
  }

  /** What is listed, or the filter, has changed. */
  listed(): void {
    const { items, errorOf, noun } = this.options;
    this.toolbar.showChoices(filterChoices(items));
    this.view = { ...this.view, filter: this.toolbar.current };
    this.indices = filterTensors(items, this.view.filter, errorOf);
    this.root = null;
    this.toolbar.showCount(this.indices.length, items.length, noun);
    this.showRows();
  }

  /** Opens the details that were open before the page was left. */
  restore(): void {
    const { open } = this.view;
    if (open === null || this.shown) return;
    const index = this.options.items.findIndex(item => item.name === open);
    if (index >= 0) this.open(index, false);
  }

  /** New numbers for rows that stay. */
  refresh(): void {
    if (!this.refreshing) {
      this.refreshing = true;
      requestAnimationFrame(() => {
        this.refreshing = false;
        this.grid.refresh();
        this.shown?.refresh();
      });
    }
    const { sort, filter } = this.view;
    const column = this.options.columns.find(one => one.id === sort?.column);
    // a sort by what arrives is made anew now and then; a filter for what failed, too
    if (!column?.numeric && filter.role !== 'unreadable') return;
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      if (filter.role === 'unreadable') this.listed();
      else this.showRows();
    }, resortMilliseconds);
  }

  repaint(theme: Theme): void {
    this.shown?.repaint(theme);
  }

  /** Indices in the order of the table, without what the filter leaves out: what "Copy" takes. */
  order(): number[] {
    const { sort } = this.view;
    return flatRows(
      this.options.items,
      this.indices,
      this.sortBy(sort?.column ?? '', sort?.descending ?? false),
    ).flatMap(row => (row.kind === 'tensor' ? [row.index] : []));
  }

  focusFilter(): void {
    this.toolbar.focus();
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.shown?.close();
  }

  private change(changes: Partial<ViewState>): void {
    this.view = { ...this.view, ...changes };
    this.options.onChange(changes);
  }

  private showRows(): void {
    const { items, noun } = this.options;
    const { grouping, sort, toggled, filter, hidden } = this.view;
    const sortBy = sort && this.sortBy(sort.column, sort.descending);
    let rows: Row[];
    if (grouping === 'flat') rows = flatRows(items, this.indices, sortBy);
    else {
      this.root ??= tree(items, this.indices);
      rows = groupedRows(this.root, items, new Set(toggled), sortBy);
    }
    this.grid.show({ rows, tree: grouping === 'module', sort, hidden, open: this.shown?.index ?? null });
    const nothing = rows.length === 0;
    this.grid.element.hidden = nothing;
    this.nothing.hidden = !nothing;
    if (!nothing) return;
    setChildren(
      this.nothing,
      h('p', { text: isFiltered(filter) ? `No ${noun} matches the filter.` : `There is no ${noun} in this file.` }),
      isFiltered(filter) &&
        button('Clear filter', () => {
          this.toolbar.clear();
        }),
    );
  }

  private sortBy(id: string, descending: boolean): SortBy | null {
    const column = this.options.columns.find(one => one.id === id);
    if (!column?.sort) return null;
    return { descending, of: column.sort, ...(column.sortGroup && { ofGroup: column.sortGroup }) };
  }

  private open(index: number, byHand: boolean): void {
    if (this.shown?.index === index) {
      this.shown.element.focus();
      return;
    }
    this.shown?.close();
    const detail = (this.shown = this.options.detail(index, () => {
      this.closeDetail();
    }));
    this.place.hidden = false;
    this.element.classList.add('with-detail');
    setChildren(this.place, detail.element);
    const name = this.options.items[index]?.name ?? '';
    this.change({ open: name });
    this.showRows();
    if (byHand) {
      detail.element.focus({ preventScroll: true });
      say(`Details of ${name}`);
    } else this.grid.reveal(index);
  }

  private closeDetail(): void {
    if (!this.shown) return;
    const { index } = this.shown;
    this.shown.close();
    this.shown = undefined;
    this.place.hidden = true;
    this.element.classList.remove('with-detail');
    setChildren(this.place);
    this.change({ open: null });
    this.showRows();
    this.grid.reveal(index);
    this.grid.focus();
  }
}
