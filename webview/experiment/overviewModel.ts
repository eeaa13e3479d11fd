/** From a report to the chart of accuracy, or R², against weights remaining. Pure. */
import { capitalised, formatShare } from '../../src/shared/format';
import { qualityOf, type Quality } from '../../src/shared/quality';
import type { Method, Report, ReportPoint } from '../../src/shared/report';
import type { PlotModel, PlotSeries, TableModel } from '../charts/model';
import {
  densityPosition,
  densityTicks,
  linearTicks,
  lossTick,
  niceRange,
  percentTick,
  steadyRange,
  type Range,
} from '../charts/scales';
import { styles, type StyleId } from '../charts/styles';

export function pointOf(report: Report, method: Method, level: number): ReportPoint | undefined {
  return report.series.find(series => series.method === method)?.points.find(point => point.level === level);
}

export function densePoint(report: Report): ReportPoint | undefined {
  return pointOf(report, 'iterative', 0);
}

export function density(point: ReportPoint): number {
  return point.total > 0 ? point.kept / point.total : 0;
}

/** The sparsest density on the axis: planned or measured, so that the axis stands still while points arrive. */
export function minimumDensity(report: Report): number {
  const { rate, levels, target } = report.experiment.pruning;
  const planned = target === undefined ? (1 - rate) ** levels : 1 - target;
  const measured = report.series.flatMap(series => series.points.map(density)).filter(share => share > 0);
  return Math.max(1e-6, Math.min(0.95, planned, ...measured));
}

/** Methods of the report in the order of the legend. */
export function methodsOf(report: Report): readonly Method[] {
  return ['iterative', ...report.experiment.compare];
}

/** Every level that may come, dense first. */
export function levelsOf(report: Report): readonly number[] {
  const measured = report.series.flatMap(series => series.points.map(point => point.level));
  const last = Math.max(report.experiment.pruning.levels, ...measured);
  return Array.from({ length: last + 1 }, (_, level) => level);
}

/** `before`: the y range drawn last, kept while it serves. */
export function overviewModel(report: Report, hidden: ReadonlySet<StyleId>, before?: Range): PlotModel {
  const quality = qualityOf(report);
  const dense = densePoint(report);
  const series = methodsOf(report)
    .filter(method => !hidden.has(method))
    .map(method => seriesOf(report, method, quality));
  const ys = series.flatMap(one => one.points.flatMap(point => [point.y - point.spread, point.y + point.spread]));
  const reference =
    dense && !hidden.has('dense') ? { y: quality.of(dense).mean, spread: quality.of(dense).std } : undefined;
  const minimum = minimumDensity(report);
  const stops = levelStops(report);
  const values = reference ? [...ys, reference.y - reference.spread, reference.y + reference.spread] : ys;
  const range = steadyRange(before, niceRange(values, 0.015, { min: quality.lowest, max: 1 }), values);
  return {
    series,
    x: {
      range: { min: -0.03 * densityPosition(minimum), max: densityPosition(minimum) * 1.03 },
      title: 'weights remaining',
      ticks: pixels => densityTicks(minimum * 0.97, Math.floor(pixels / 46)),
    },
    y: {
      range,
      title: quality.name,
      ticks: pixels => linearTicks(range, Math.min(8, pixels / 26), qualityTick(report)),
    },
    top: { title: 'level', ticks: () => stops.map(stop => ({ at: stop.x, label: String(stop.id) })) },
    ...(reference ? { reference } : {}),
    stops,
    markers: 'all',
  };
}

/** Labels on an axis of accuracies or R². */
export function qualityTick({ task }: Report): (value: number, step: number) => string {
  return task === 'regression' ? lossTick : percentTick;
}

function seriesOf(report: Report, method: Method, quality: Quality): PlotSeries {
  const points = report.series.find(series => series.method === method)?.points ?? [];
  return {
    id: method,
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

/** One stop a level, where its first measured method stands. */
function levelStops(report: Report) {
  return levelsOf(report).flatMap(level => {
    const point = methodsOf(report)
      .map(method => pointOf(report, method, level))
      .find(one => one !== undefined);
    const x = point ? densityPosition(density(point)) : Number.NaN;
    return Number.isFinite(x) ? [{ id: level, x }] : [];
  });
}

/** "level 7 · 21 % of the weights remain": the cursor in words. */
export function levelLabel(report: Report, level: number): string {
  const point = methodsOf(report)
    .map(method => pointOf(report, method, level))
    .find(one => one !== undefined);
  return point ? `level ${level} · ${formatShare(density(point))} remaining` : `level ${level}`;
}

/** What is known at a level, for screen readers; `only` narrows it to one line of the chart. */
export function describeLevel(report: Report, level: number, only?: StyleId): string {
  const quality = qualityOf(report);
  const dense = densePoint(report);
  const values = methodsOf(report)
    .filter(method => only === undefined || method === only)
    .flatMap(method => {
      const point = pointOf(report, method, level);
      if (!point) return [];
      const difference =
        dense && level > 0
          ? `, ${quality.formatDifference(quality.of(point).mean - quality.of(dense).mean)} ${quality.differenceUnit.spoken} from dense`
          : '';
      return [`${styles[method].label} ${quality.formatStatistic(quality.of(point))}${difference}`];
    });
  return `${levelLabel(report, level)}: ${values.join('; ') || 'nothing measured'}`;
}

export function overviewTable(report: Report): TableModel {
  const all = methodsOf(report);
  const quality = qualityOf(report);
  return {
    caption: `${capitalised(quality.name)} at each level, by method`,
    columns: ['level', 'remaining', ...all.map(method => styles[method].label)],
    rows: levelsOf(report)
      .filter(level => all.some(method => pointOf(report, method, level)))
      .map(level => {
        const points = all.map(method => pointOf(report, method, level));
        const first = points.find(point => point !== undefined);
        return [
          String(level),
          first ? formatShare(density(first)) : '–',
          ...points.map(point => (point ? quality.formatStatistic(quality.of(point)) : '–')),
        ];
      }),
  };
}
