/** What a column of the table is; the inspector and the comparison each have their own. */
import type { SortValue } from './rowsModel';

export interface TableColumn {
  readonly id: string;
  readonly label: string;
  /** What it says, for the head's tooltip. */
  readonly title: string;
  /** CSS pixels; 0 for the first, which takes what is left. */
  readonly width: number;
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

/** The first column has at least so many pixels, less where the table is narrow. */
const names = { wide: 250, narrow: 150 } as const;

/** The width of each column in CSS pixels; together they fill the table, or go beyond it and scroll. */
export function columnWidths(columns: readonly TableColumn[], room: number, narrow: boolean): number[] {
  const others = columns.reduce((sum, { width }) => sum + width, 0);
  const first = Math.max(narrow ? names.narrow : names.wide, room - others);
  return columns.map(({ width }) => (width === 0 ? first : width));
}
