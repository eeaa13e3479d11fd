/** What a column of the table is; the inspector and the comparison each have their own. */
import type { SortValue } from './rowsModel';

export interface TableColumn {
  readonly id: string;
  readonly label: string;
  /** What it says, for the head's tooltip. */
  readonly title: string;
  /** A track of a CSS grid. */
  readonly width: string;
  readonly align: 'left' | 'right';
  /** Sorted from the largest first. */
  readonly numeric: boolean;
  /** Left out: it cannot be sorted by. */
  readonly sort?: (index: number) => SortValue;
  readonly sortGroup?: (members: readonly number[]) => SortValue;
  /** The lower, the earlier it stands where there is little room. */
  readonly rank: number;
  readonly fill: (cell: HTMLElement, index: number) => void;
  readonly fillGroup?: (cell: HTMLElement, members: readonly number[]) => void;
}

/** The order of the columns: where the table is narrow, those that say most come first, for the rest scrolls away. */
export function arranged(columns: readonly TableColumn[], hidden: readonly string[], narrow: boolean): TableColumn[] {
  const shown = columns.filter((column, place) => place === 0 || !hidden.includes(column.id));
  return narrow ? shown.sort((a, b) => a.rank - b.rank) : shown;
}
