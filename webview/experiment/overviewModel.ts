/** From a report to the chart of accuracy, or R², against weights remaining. Pure. */
import { capitalised, formatShare } from '../../src/shared/format';
import { qualityOf, type Quality } from '../../src/shared/quality';
import type { Method, Report, ReportPoint } from '../../src/shared/report';
import type { PlotModel, PlotSeries, Stop, TableModel } from '../charts/model';
import {
  densityPosition,
  densityTicks,
  linearTicks,
  lossTick,
  niceRange,
  percentTick,
  steadyRange,
  type Range,
  type Tick,
} from '../charts/scales';
import { styles } from '../charts/styles';
import { density, methodsOf, placeOf, placesOf, pointAt, pointOf, type Place } from './places';

export function densePoint(report: Report): ReportPoint | undefined {
  return pointOf(report, 'iterative', 0);
}

/** The sparsest density on the axis: planned or measured, so that the axis stands still while points arrive. */
export function minimumDensity(report: Report): number {
  const { rate, levels, target } = report.experiment.pruning;
  const planned = target === undefined ? (1 - rate) ** levels : 1 - target;
  const measured = report.series.flatMap(series => series.points.map(density)).filter(share => share > 0);
  const aimed = report.series.flatMap(series => (series.sparsities ?? []).map(sparsity => 1 - sparsity));
  return Math.max(1e-6, Math.min(0.95, planned, ...measured, ...aimed));
}

/** `before`: the y range drawn last, kept while it serves. */
export function overviewModel(report: Report, hidden: ReadonlySet<string>, before?: Range): PlotModel {
  const quality = qualityOf(report);
  const dense = densePoint(report);
  const series = methodsOf(report)
    .filter(method => !hidden.has(method))
    .map(method => seriesOf(report, method, quality));
  const ys = series.flatMap(one => one.points.flatMap(point => [point.y - point.spread, point.y + point.spread]));
  const reference =
    dense && !hidden.has('dense') ? { y: quality.of(dense).mean, spread: quality.of(dense).std } : undefined;
  const minimum = minimumDensity(report);
  const stops = placeStops(report);
  const values = reference ? [...ys, reference.y - reference.spread, reference.y + reference.spread] : ys;
  const range = steadyRange(before, niceRange(values, 0.015, { min: quality.lowest, max: 1 }), values);
  return {
    series,
    x: {
      range: { min: -0.03 * densityPosition(minimum), max: densityPosition(minimum) * 1.03 },
      title: 'weights remaining',
      ticks: pixels => densityTicks(minimum * 0.97, Math.floor(pixels / 46)),
      value: at => 10 ** -at,
    },
    y: {
      range,
      title: quality.name,
      ticks: pixels => linearTicks(range, Math.min(8, pixels / 26), qualityTick(report)),
    },
    top: { title: 'level', ticks: () => levelTicks(stops) },
    ...(reference ? { reference } : {}),
    stops,
    markers: 'all',
  };
}

/** Labels on an axis of accuracies or R². */
export function qualityTick({ task }: Pick<Report, 'task'>): (value: number, step: number) => string {
  return task === 'regression' ? lossTick : percentTick;
}

function seriesOf(report: Report, method: Method, quality: Quality): PlotSeries {
  const points = report.series.find(series => series.method === method)?.points ?? [];
  return {
    id: method,
    look: method,
    label: styles[method].label,
    points: points
      .map(point => ({
        x: densityPosition(density(point)),
        y: quality.of(point).mean,
        spread: quality.of(point).std,
      }))
      .filter(point => Number.isFinite(point.x) && Number.isFinite(point.y))
      .sort((a, b) => a.x - b.x),
  };
}

/** One stop a place, where its first measured method stands. */
function placeStops(report: Report): readonly Stop[] {
  return placesOf(report).flatMap(place => {
    const point = firstPoint(report, place);
    const x = point ? densityPosition(density(point)) : Number.NaN;
    return Number.isFinite(x) ? [{ id: place.id, x }] : [];
  });
}

/** Levels along the top; targets that are no level have no number there. */
function levelTicks(stops: readonly Stop[]): readonly Tick[] {
  return stops.filter(({ id }) => id >= 0).map(stop => ({ at: stop.x, label: String(stop.id) }));
}

function firstPoint(report: Report, place: Place): ReportPoint | undefined {
  return methodsOf(report)
    .map(method => pointAt(report, method, place))
    .find(one => one !== undefined);
}

/** "level 7 · 21 % remaining", or "10 % remaining" where no level is: the cursor in words. */
export function levelLabel(report: Report, id: number): string {
  const place = placeOf(report, id);
  const point = place && firstPoint(report, place);
  const remaining = point ? `${formatShare(density(point))} remaining` : '';
  if (id >= 0) return [`level ${id}`, remaining].filter(Boolean).join(' · ');
  return remaining || (place ? `target ${formatShare(1 - place.density)}` : '');
}

/** What is known at a place, for screen readers; `only` narrows it to one line of the chart. */
export function describeLevel(report: Report, id: number, only?: string): string {
  const quality = qualityOf(report);
  const dense = densePoint(report);
  const place = placeOf(report, id);
  const values = methodsOf(report)
    .filter(method => only === undefined || method === only)
    .flatMap(method => {
      const point = place && pointAt(report, method, place);
      if (!point) return [];
      const difference =
        dense && id !== 0
          ? `, ${quality.formatDifference(quality.of(point).mean - quality.of(dense).mean)} ${quality.differenceUnit.spoken} from dense`
          : '';
      return [`${styles[method].label} ${quality.formatStatistic(quality.of(point))}${difference}`];
    });
  return `${levelLabel(report, id)}: ${values.join('; ') || 'nothing measured'}`;
}

export function overviewTable(report: Report): TableModel {
  const all = methodsOf(report);
  const quality = qualityOf(report);
  return {
    caption: `${capitalised(quality.name)} at each level, by method`,
    columns: ['level', 'remaining', ...all.map(method => styles[method].label)],
    rows: placesOf(report).flatMap(place => {
      const first = firstPoint(report, place);
      if (!first) return [];
      const points = all.map(method => pointAt(report, method, place));
      return [
        [
          place.level === null ? 'target' : String(place.level),
          formatShare(density(first)),
          ...points.map(point => (point ? quality.formatStatistic(quality.of(point)) : '–')),
        ],
      ];
    }),
  };
}
