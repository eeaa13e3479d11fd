/** A comparison as Markdown or CSV. Pure. */
import { formatCount, formatNumber } from '../../src/shared/format';
import type { CopyFormat } from '../../src/shared/inspectorView';
import { csvField, escaped } from '../../src/shared/tensorExport';
import { compareCells, compareHeads, type PairStore } from './compareModel';

export function compareText(store: PairStore, order: readonly number[], format: CopyFormat, title: string): string {
  const rows = order.map(index => compareCells(store, index));
  if (format === 'csv') return [compareHeads, ...rows].map(row => `${row.map(csvField).join(',')}\r\n`).join('');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `### ${escaped(title)}`,
    '',
    line(compareHeads),
    line(compareHeads.map((_, column) => (column < 4 ? '---' : '---:'))),
    ...rows.map(row => line(row.map(markdownCell))),
    '',
  ].join('\n');
}

function markdownCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
  return escaped(value);
}
