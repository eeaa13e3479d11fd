/** From runs and their evaluations to learning curves. Pure. */
import { formatAccuracy, formatCount, formatNumber, formatNumberSpread } from '../../src/shared/format';
import type { CurvePoint, Method, Progress, Report } from '../../src/shared/report';
import type { PlotModel, PlotPoint, PlotSeries, TableModel } from '../charts/model';
import { countTick, linearTicks, lossTick, niceRange, percentTick, steadyRange, type Range } from '../charts/scales';
import { styles, type StyleId } from '../charts/styles';
import { densePoint } from './overviewModel';
import { methodsOf, placeOf } from './places';

export const metrics = ['testAccuracy', 'testLoss', 'validationLoss', 'trainLoss'] as const;
export type Metric = (typeof metrics)[number];
export const metricLabels: Readonly<Record<Metric, string>> = {
  testAccuracy: 'test accuracy',
  testLoss: 'test loss',
  validationLoss: 'validation loss',
  trainLoss: 'training loss',
};

/** Those that say something of a report's runs, the one that they are judged by first. */
export function metricsOf({ task }: Pick<Report, 'task'>): readonly Metric[] {
  return metrics.filter(metric => metric !== (task === 'regression' ? 'testAccuracy' : 'testLoss'));
}

export type Curves = ReadonlyMap<string, readonly CurvePoint[]>;

export interface CurveGroup {
  readonly id: StyleId;
  readonly label: string;
  /** Keys of the replicates that have started. */
  readonly runs: readonly string[];
  /** Some of them are still at work. */
  readonly running: boolean;
}

/** The level whose curves are drawn where none is pinned: the running one, the verdict's, else the sparsest measured. */
export function defaultLevel(report: Report, progress: Progress | null): number {
  const run = progress?.run;
  if (run && run.level > 0 && run.level <= report.experiment.pruning.levels) return run.level;
  if (report.verdict.found) return report.verdict.level;
  const iterative = report.series.find(series => series.method === 'iterative')?.points ?? [];
  return iterative.at(-1)?.level ?? 0;
}

/** Dense, and at a place the ticket and what it is compared with. */
export function curveGroups(report: Report, id: number): readonly CurveGroup[] {
  const group = (look: StyleId, label: string, method: Method, level: number): CurveGroup => {
    const started = report.runs
      .filter(run => !run.study && run.method === method && run.level === level && run.status !== 'waiting')
      .sort((a, b) => a.replicate - b.replicate);
    const running = started.some(run => run.status === 'running');
    return { id: look, label, runs: started.map(run => run.key), running };
  };
  const dense = group('dense', 'dense', 'iterative', 0);
  const place = placeOf(report, id);
  if (id === 0 || !place) return [dense];
  const others = methodsOf(report).flatMap(method => {
    const level = place.levels.get(method);
    if (level === undefined) return [];
    return [group(method, method === 'iterative' ? `ticket, level ${level}` : styles[method].label, method, level)];
  });
  return [dense, ...others];
}

/** Mean and standard deviation (n−1) over the replicates that were evaluated at a step. */
export function meanCurve(curves: readonly (readonly CurvePoint[])[], metric: Metric): readonly PlotPoint[] {
  const bySteps = new Map<number, number[]>();
  for (const curve of curves) {
    for (const point of curve) {
      const value = point[metric];
      if (value === null || !Number.isFinite(value)) continue;
      const values = bySteps.get(point.step);
      if (values) values.push(value);
      else bySteps.set(point.step, [value]);
    }
  }
  return [...bySteps]
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return { x: step, y: mean, spread: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
    });
}

/** The point of lowest validation loss, mean over replicates: where early stopping would stop. */
export function earlyStop(curves: readonly (readonly CurvePoint[])[]): number | undefined {
  const losses = meanCurve(curves, 'validationLoss');
  let best: PlotPoint | undefined;
  for (const point of losses) if (!best || point.y < best.y) best = point;
  return best?.x;
}

/** The first evaluated step at which the mean of an accuracy, or of a loss, is as good as `goal`. */
export function stepReaching(
  curves: readonly (readonly CurvePoint[])[],
  metric: Metric,
  goal: number,
): number | undefined {
  const rising = metric === 'testAccuracy';
  return meanCurve(curves, metric).find(({ y }) => (rising ? y >= goal : y <= goal))?.x;
}

const curvesOf = (group: CurveGroup, curves: Curves): (readonly CurvePoint[])[] =>
  group.runs.map(run => curves.get(run) ?? []).filter(curve => curve.length > 0);

/** `before`: the y range drawn last of the same quantity, kept while it serves. */
export function curvesModel(
  report: Report,
  groups: readonly CurveGroup[],
  curves: Curves,
  metric: Metric,
  hidden: ReadonlySet<string>,
  before?: Range,
): PlotModel {
  const series = groups
    .filter(group => !hidden.has(group.id))
    .map((group): PlotSeries => {
      const own = curvesOf(group, curves);
      const points = meanCurve(own, metric);
      const stop = group.running ? undefined : earlyStop(own);
      const mark = points.find(point => point.x === stop);
      return { id: group.id, look: group.id, label: group.label, points, ...(mark ? { mark } : {}) };
    });
  const steps = Math.max(1, report.experiment.training.steps);
  const range = yRange(series, steps, metric, before);
  const accuracy = metric === 'testAccuracy';
  const stops = [...new Set(series.flatMap(one => one.points.map(point => point.x)))].sort((a, b) => a - b);
  return {
    series,
    x: {
      range: { min: 0, max: steps },
      title: 'step',
      ticks: pixels => linearTicks({ min: 0, max: steps }, pixels / 70, countTick),
    },
    y: {
      range,
      title: metricLabels[metric],
      ticks: pixels => linearTicks(range, Math.min(8, pixels / 26), accuracy ? percentTick : lossTick),
    },
    stops: stops.map(step => ({ id: step, x: step })),
    markers: 'sparse',
  };
}

/**
 * The range of what follows the first tenth of training: the steep start would press all that matters into one line.
 * The start still enters the picture, cut off at its edge.
 */
function yRange(series: readonly PlotSeries[], steps: number, metric: Metric, before: Range | undefined): Range {
  const settled = series.flatMap(one => one.points.filter(point => point.x >= steps * 0.1));
  const points = settled.length > 0 ? settled : series.flatMap(one => one.points);
  const values = points.flatMap(point => [point.y - point.spread, point.y + point.spread]);
  const bounds = { min: 0, max: metric === 'testAccuracy' ? 1 : Number.POSITIVE_INFINITY };
  return steadyRange(before, niceRange(values, 0.01, bounds), values);
}

export function formatMetric(value: number, metric: Metric): string {
  return metric === 'testAccuracy' ? formatAccuracy(value) : formatNumber(value);
}

/** Mean with its deviation where there is one, to the same digit: "97.41 ± 0.08 %", "0.0812 ± 0.0030". */
export function formatMetricPoint(point: PlotPoint, metric: Metric): string {
  if (point.spread === 0) return formatMetric(point.y, metric);
  if (metric === 'testAccuracy') return `${(point.y * 100).toFixed(2)} ± ${(point.spread * 100).toFixed(2)} %`;
  return formatNumberSpread(point.y, point.spread);
}

/** How fast a line learns: when early stopping would stop, and when it is as good as the dense network at its end. */
export function speedNotes(report: Report, group: CurveGroup, curves: Curves): readonly string[] {
  const own = curvesOf(group, curves);
  const stop = earlyStop(own);
  const dense = densePoint(report);
  const metric = report.task === 'regression' ? 'testLoss' : 'testAccuracy';
  const reached = dense && group.id !== 'dense' ? stepReaching(own, metric, dense[metric].mean) : undefined;
  const notes = stop === undefined ? [] : [`early stop at ${formatCount(stop)}${group.running ? ' so far' : ''}`];
  return reached === undefined ? notes : [...notes, `matches dense at ${formatCount(reached)}`];
}

export function curvesTable(model: PlotModel, metric: Metric): TableModel {
  return {
    caption: `${metricLabels[metric]} by step`,
    columns: ['step', ...model.series.map(series => series.label)],
    rows: model.stops.map(stop => [
      formatCount(stop.id),
      ...model.series.map(series => {
        const point = series.points.find(one => one.x === stop.x);
        return point ? formatMetricPoint(point, metric) : '–';
      }),
    ]),
  };
}
