/** Above the table: filter, grouping, columns. */
import { plural } from '../../src/shared/format';
import { h, setChildren, setText } from '../ui/dom';
import { dropdown } from '../ui/toolkit';
import type { TableColumn } from './column';
import { noFilter, type Filter, type FilterChoices } from './filterModel';
import { kindName } from './tensorColumns';
import type { Grouping } from './viewState';

export interface ToolbarOptions {
  readonly filter: Filter;
  readonly grouping: Grouping;
  readonly hidden: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly onFilter: (filter: Filter) => void;
  readonly onGrouping: (grouping: Grouping) => void;
  readonly onHidden: (hidden: readonly string[]) => void;
  /** Down from the filter leads into the table. */
  readonly onLeave: () => void;
}

/** Typing comes in bursts. */
const filterMilliseconds = 120;

export class Toolbar {
  private filter: Filter;
  private hidden: readonly string[];
  private readonly input = h('input', {
    class: 'filter-input',
    attributes: {
      type: 'search',
      placeholder: 'Filter by name, shape or dtype',
      'aria-label': 'Filter tensors by name, shape or dtype',
      spellcheck: 'false',
    },
  });
  private readonly choices = h('span', { class: 'choices' });
  private readonly shown = h('span', { class: 'shown quiet', attributes: { role: 'status' } });
  readonly element: HTMLElement;
  private timer: number | undefined;
  private signature = '';

  constructor(private readonly options: ToolbarOptions) {
    this.filter = options.filter;
    this.hidden = options.hidden;
    this.input.value = options.filter.text;
    this.input.addEventListener('input', () => {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => {
        this.change({ text: this.input.value });
      }, filterMilliseconds);
    });
    this.input.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        options.onLeave();
      } else if (event.key === 'Escape' && this.input.value !== '') {
        event.preventDefault();
        this.clear();
      }
    });
    const grouping = dropdown(
      'Group',
      [
        { value: 'module', label: 'by module' },
        { value: 'flat', label: 'flat' },
      ],
      options.grouping,
      options.onGrouping,
    );
    this.element = h(
      'div',
      { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': 'Table' } },
      this.input,
      this.choices,
      grouping,
      this.columnMenu(),
      this.shown,
    );
  }

  /** What there is to choose from; made anew only where it changed, so that focus stays. */
  showChoices(choices: FilterChoices): void {
    const signature = JSON.stringify(choices);
    if (signature === this.signature) return;
    this.signature = signature;
    // a choice that an earlier file left, and that this one does not have, would hide everything
    const { roles, kinds, dtypes } = choices;
    const kept = (value: string, values: readonly string[]): string => (values.includes(value) ? value : '');
    this.filter = {
      ...this.filter,
      role: kept(this.filter.role, roles),
      kind: kept(this.filter.kind, kinds),
      dtype: kept(this.filter.dtype, dtypes),
    };
    const select = (
      name: 'role' | 'kind' | 'dtype',
      values: readonly string[],
      label: (value: string) => string = value => value,
    ) =>
      values.length > 0 &&
      dropdown(
        `Filter by ${name}`,
        [{ value: '', label: `any ${name}` }, ...values.map(value => ({ value, label: label(value) }))],
        this.filter[name],
        value => {
          this.change({ [name]: value });
        },
      );
    setChildren(this.choices, select('role', roles), select('kind', kinds, kindName), select('dtype', dtypes));
  }

  showCount(shown: number, total: number, noun: string): void {
    setText(
      this.shown,
      shown === total ? plural(total, noun) : `${shown.toLocaleString('en-US')} of ${plural(total, noun)}`,
    );
  }

  get current(): Filter {
    return this.filter;
  }

  clear(): void {
    this.input.value = '';
    this.filter = noFilter;
    this.signature = '';
    this.options.onFilter(this.filter);
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private change(changes: Partial<Filter>): void {
    this.filter = { ...this.filter, ...changes };
    this.options.onFilter(this.filter);
  }

  private columnMenu(): HTMLElement {
    const boxes = this.options.columns.slice(1).map(column => {
      const input = h('input', {
        attributes: { type: 'checkbox', checked: !this.hidden.includes(column.id) },
        on: {
          change: () => {
            this.hidden = input.checked ? this.hidden.filter(id => id !== column.id) : [...this.hidden, column.id];
            this.options.onHidden(this.hidden);
          },
        },
      });
      return h('label', { class: 'menu-item', title: column.title }, input, column.label);
    });
    const menu = h(
      'details',
      { class: 'menu' },
      h('summary', { text: 'columns' }),
      h('div', { class: 'menu-box', attributes: { role: 'group', 'aria-label': 'Columns' } }, ...boxes),
    );
    menu.addEventListener('keydown', event => {
      if (event.key !== 'Escape' || !menu.open) return;
      menu.open = false;
      menu.querySelector('summary')?.focus();
      event.stopPropagation();
    });
    document.addEventListener('pointerdown', event => {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    });
    return menu;
  }
}
