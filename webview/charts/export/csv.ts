/** Charts as tables of numbers, RFC 4180: exactly what is drawn, with all digits and no units in the cells. Pure. */
import type { ConfusionModel } from '../confusionModel';
import type { HeatModel } from '../heatModel';
import type { PlotModel, TableModel } from '../model';

type Cell = string | number | null;

export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map(row => `${row.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: Cell): string {
  if (cell === null || (typeof cell === 'number' && !Number.isFinite(cell))) return '';
  if (typeof cell === 'number') return String(Number(cell.toPrecision(12)));
  // a spreadsheet would compute what begins so
  const text = /^(?:[=@\t\r]|[+-](?![\d.]))/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One row a point: line, place on the axis, value, standard deviation. */
export function plotCsv(model: PlotModel): string {
  const { reference, x, y } = model;
  const place = x.value ?? (at => at);
  return csv([
    ['line', x.title, y.title, 'standard deviation'],
    ...(reference ? [['dense', null, reference.y, reference.spread]] : []),
    ...model.series.flatMap(series =>
      series.points.map(point => [series.label, place(point.x), point.y, point.spread]),
    ),
  ]);
}

/** One row a cell. */
export function heatCsv(model: HeatModel): string {
  return csv([
    ['layer', 'shape', 'weights', 'level', 'kept', 'density'],
    ...model.rows.flatMap(row =>
      row.cells.flatMap(cell =>
        cell.density === null ? [] : [[row.name, row.shape, row.total, cell.level, cell.kept, cell.density]],
      ),
    ),
  ]);
}

/** One row a class; columns are what it was taken for. */
export function confusionCsv({ classes, values, legend }: ConfusionModel): string {
  const all = Array.from({ length: classes }, (_, k) => k);
  return csv([
    [legend, ...all.map(String)],
    ...all.map(row => [String(row), ...all.map(column => values[row * classes + column] ?? null)]),
  ]);
}

export function tableCsv({ columns, rows }: TableModel): string {
  return csv([columns, ...rows]);
}
