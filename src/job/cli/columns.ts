/** Tables that fit the line: what matters least is left out first, then names are shortened. */
import { shortened, styled, type Style, type Terminal } from './terminal';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** The column with the highest number is left out first where the line is too short; 0: never. */
  readonly dropped: number;
  /** May be shortened to `minimum` characters. */
  readonly minimum?: number;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

const gap = '  ';

/** @param rows cells in the order of the columns */
export function layOut(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  terminal: Terminal,
): { readonly lines: readonly string[]; readonly left: readonly string[] } {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((most, row) => Math.max(most, lengthOf(row[i]!)), title.length),
  );
  const chosen = choose(columns, widths, terminal.columns);
  const draw = (cells: readonly Cell[]): string =>
    chosen
      .map(({ column, width }, place) => {
        const { text, style } = cells[column]!;
        const shown = shortened(text, width);
        const space = ' '.repeat(width - Array.from(shown).length);
        const body = styled(shown, style, terminal);
        if (columns[column]!.align === 'right') return space + body;
        return place === chosen.length - 1 ? body : body + space;
      })
      .join(gap);
  const header = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }));
  return {
    lines: [header, ...rows].map(draw),
    left: columns.filter((_, i) => !chosen.some(({ column }) => column === i)).map(({ title }) => title),
  };
}

function choose(
  columns: readonly Column[],
  widths: readonly number[],
  limit: number | null,
): { readonly column: number; readonly width: number }[] {
  const all = widths.map((width, column) => ({ column, width }));
  if (limit === null) return all;
  const least = (column: number): number => Math.min(widths[column]!, columns[column]!.minimum ?? Infinity);
  const total = (chosen: readonly { width: number }[]): number =>
    chosen.reduce((sum, { width }) => sum + width, gap.length * (chosen.length - 1));
  let chosen = all.map(({ column }) => ({ column, width: least(column) }));
  for (;;) {
    const last = chosen.reduce((a, b) => (columns[b.column]!.dropped > columns[a.column]!.dropped ? b : a));
    if (total(chosen) <= limit || columns[last.column]!.dropped === 0) break;
    chosen = chosen.filter(entry => entry !== last);
  }
  let free = Math.max(0, limit - total(chosen));
  for (const entry of chosen) {
    const more = Math.min(free, widths[entry.column]! - entry.width);
    entry.width += more;
    free -= more;
  }
  return chosen;
}

function lengthOf({ text }: Cell): number {
  return Array.from(text).length;
}
