/** What a column of the table is; the inspector and the comparison each have their own. */
import type { SortValue } from './rowsModel';

export interface TableColumn {
  readonly id: string;
  readonly label: string;
  /** What it says, for the head's tooltip. */
  readonly title: string;
  /** CSS pixels; 0 for the first, which takes what is left. */
  readonly width: number;
  /** Takes room that names do not need. */
  readonly grows?: boolean;
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

/** Pixels of the first column; where the table is narrow, it leaves the second one in view. */
const names = { least: 250, most: 420, narrowLeast: 150 } as const;
/** Pixels that a bar may grow by: beyond, the eye loses the row. */
const mostGrowth = 260;

/** The width of each column in CSS pixels; together they fill the table, or go beyond it and scroll. */
export function columnWidths(columns: readonly TableColumn[], room: number, narrow: boolean): number[] {
  const others = columns.reduce((sum, { width }) => sum + width, 0);
  const left = room - others;
  if (narrow) {
    const second = columns[1]?.width ?? 0;
    const first = Math.max(left, Math.min(names.least, Math.max(names.narrowLeast, room - second)));
    return columns.map(({ width }) => (width === 0 ? first : width));
  }
  const growth = columns.some(({ grows }) => grows) ? Math.min(mostGrowth, Math.max(0, left - names.most)) : 0;
  const first = Math.max(names.least, left - growth);
  return columns.map(({ width, grows }) => (width === 0 ? first : grows ? width + growth : width));
}
