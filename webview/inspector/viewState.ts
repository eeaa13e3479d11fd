/** What a person chose to see; it survives hiding the editor and reloading the window. */
import type { Filter } from './filterModel';
import type { Sort } from './rowsModel';

export const groupings = ['module', 'flat'] as const;
export type Grouping = (typeof groupings)[number];

export interface ViewState {
  readonly filter: Filter;
  readonly grouping: Grouping;
  readonly sort: Sort | null;
  /** Columns that were put away. */
  readonly hidden: readonly string[];
  /** Groups opened or closed against what they were at first. */
  readonly toggled: readonly string[];
  /** Name of the tensor whose details are open. */
  readonly open: string | null;
}

/** More are not kept: the state is written at every change. */
const mostToggled = 2_000;

/** Reads what was saved, perhaps by an older version: what does not fit falls back to the default. */
export function readViewState(saved: Readonly<Record<string, unknown>>): ViewState {
  const object = (value: unknown): Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null ? { ...value } : {};
  const string = (value: unknown): string => (typeof value === 'string' ? value : '');
  const strings = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  const filter = object(saved['filter']);
  const sort = object(saved['sort']);
  return {
    filter: {
      text: string(filter['text']),
      role: string(filter['role']),
      kind: string(filter['kind']),
      dtype: string(filter['dtype']),
    },
    grouping: groupings.find(one => one === saved['grouping']) ?? 'module',
    sort:
      typeof sort['column'] === 'string' ? { column: sort['column'], descending: sort['descending'] === true } : null,
    hidden: strings(saved['hidden']),
    toggled: strings(saved['toggled']).slice(-mostToggled),
    open: typeof saved['open'] === 'string' ? saved['open'] : null,
  };
}
