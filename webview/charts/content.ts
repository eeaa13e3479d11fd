/** Charts whose every series has its own points and one format of values: most of them. Pure. */
import type { ChartContent } from './chartCard';
import type { LegendItem } from './legend';
import {
  pointAt,
  type PlotAxis,
  type PlotModel,
  type PlotPoint,
  type PlotSeries,
  type Stop,
  type TableModel,
} from './model';
import type { StyleId } from './styles';

export interface Line {
  readonly id: string;
  readonly look: StyleId;
  readonly label: string;
  readonly title?: string;
  readonly points: readonly PlotPoint[];
}

export interface LinesChart {
  /** Names the experiment too. */
  readonly title: string;
  readonly lines: readonly Line[];
  readonly x: PlotAxis;
  /** Of those lines that are shown. */
  readonly y: (shown: readonly Line[]) => PlotAxis;
  readonly reference?: { readonly y: number; readonly spread: number; readonly label: string };
  /** A place on the x axis in words: "10 % remaining". */
  readonly place: (x: number) => string;
  readonly value: (point: PlotPoint) => string;
  /** The place whose readings are shown while none is pointed at; left out: the last one that all lines have. */
  readonly resting?: number;
  /** Head of the first column of the table. */
  readonly column: string;
}

/** Stops are numbered along x: their ids are indices. */
export function linesContent(chart: LinesChart): ChartContent {
  const { lines, x, place, value } = chart;
  const xs = [...new Set(lines.flatMap(line => line.points.map(point => point.x)))].sort((a, b) => a - b);
  const stops = xs.map((at, id): Stop => ({ id, x: at }));
  const at = (line: Pick<PlotSeries, 'points'>, stop: number | null): PlotPoint | undefined =>
    stop === null ? undefined : line.points.find(point => point.x === xs[stop]);
  const reading = (point: PlotPoint | undefined): string => (point ? value(point) : '–');
  const reference = chart.reference;
  const common = xs.findLastIndex(x => lines.every(line => line.points.some(point => point.x === x)));
  const last = common < 0 ? xs.length - 1 : common;
  const resting = chart.resting === undefined ? last : xs.indexOf(chart.resting);
  return {
    title: chart.title,
    resting: resting < 0 ? null : resting,
    model: (hidden): PlotModel => {
      const shown = lines.filter(line => !hidden.has(line.id));
      return {
        series: shown.map(({ id, look, label, points }) => ({ id, look, label, points })),
        x,
        y: chart.y(shown),
        ...(reference && !hidden.has(referenceId) && { reference: { y: reference.y, spread: reference.spread } }),
        stops,
        markers: 'all',
      };
    },
    table: tableOf(chart, xs),
    legend: stop => [
      ...(reference ? [referenceItem(reference, value)] : []),
      ...lines.map((line): LegendItem => {
        const { id, look, label, title } = line;
        return {
          id,
          look,
          label,
          value: stop === null ? '' : reading(at(line, stop)),
          ...(title !== undefined && { title }),
        };
      }),
    ],
    describe: (stop, series) => {
      const values = lines
        .filter(line => series === undefined || line.id === series)
        .flatMap(line => {
          const point = at(line, stop);
          return point ? [`${line.label} ${value(point)}`] : [];
        });
      return `${place(xs[stop] ?? 0)}: ${values.join('; ') || 'nothing measured'}`;
    },
    aside: stop => (stop === null ? '' : place(xs[stop] ?? 0)),
  };
}

const referenceId = 'dense';

function referenceItem(
  { y, spread, label }: NonNullable<LinesChart['reference']>,
  value: LinesChart['value'],
): LegendItem {
  return { id: referenceId, look: 'dense', label, value: value({ x: 0, y, spread }) };
}

function tableOf({ title, column, lines, place, value }: LinesChart, xs: readonly number[]): TableModel {
  return {
    caption: title,
    columns: [column, ...lines.map(line => line.label)],
    rows: xs.map(x => [
      place(x),
      ...lines.map(line => {
        const point = pointAt(line, x, 0);
        return point ? value(point) : '–';
      }),
    ]),
  };
}
