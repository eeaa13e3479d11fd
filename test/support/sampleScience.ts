/** A report of every method, some of them at sparsities of their own, with all studies and their worth: the fullest panel. */
import { rankings } from '../../src/lottery/ranking';
import { comparisons, type Comparison } from '../../src/shared/comparisons';
import { qualityOf } from '../../src/shared/quality';
import type { Report, ReportPoint, ReportRun, ReportSeries, Statistic } from '../../src/shared/report';
import { sampleKey, sampleReport, statistic, type SampleOptions } from './sampleReports';
import { sampleStudies } from './sampleStudies';

/** What each loses against one-shot at 99 %; less where more is kept. */
const losses: Readonly<Partial<Record<Comparison, number>>> = {
  'fine-tuning': -0.004,
  'learning-rate-rewinding': -0.009,
  snip: 0.011,
  grasp: 0.019,
  synflow: 0.008,
  prospr: 0.013,
  'magnitude-init': 0.03,
  random: 0.042,
};

export const ownSparsities = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99];
const untrained: readonly Comparison[] = ['snip', 'grasp', 'synflow', 'prospr', 'magnitude-init', 'random'];

export function sampleScience(options: SampleOptions = {}): Report {
  const report = sampleReport({ compare: comparisons, levels: 20, ...options });
  const compare = report.experiment.compare.map(entry => {
    const method = typeof entry === 'string' ? entry : entry.method;
    return isUntrained(method)
      ? ({ method, sparsities: ownSparsities } as (typeof report.experiment.compare)[number])
      : entry;
  });
  const series = report.series.map(one => (isUntrained(one.method) ? ownSeries(one) : shifted(one)));
  const runs = report.runs.flatMap((run): ReportRun[] =>
    !isUntrained(run.method) ? [run] : run.level <= ownSparsities.length ? [run] : [],
  );
  const whole: Report = { ...report, experiment: { ...report.experiment, compare }, series, runs };
  const replicates = new Map(runs.map(run => [run.key, run.replicate]));
  const best = rankings(series, qualityOf(report), key => replicates.get(key) ?? 0);
  return { ...whole, ...sampleStudies(whole), verdict: { ...report.verdict, best } };
}

function isUntrained(method: ReportSeries['method']): boolean {
  return untrained.some(one => one === method);
}

function less(point: ReportPoint, by: number): ReportPoint {
  const of = ({ values }: Statistic): Statistic => statistic(values.map(value => value - by));
  return { ...point, testAccuracy: of(point.testAccuracy), validationAccuracy: of(point.validationAccuracy) };
}

function lossAt(method: ReportSeries['method'], sparsity: number): number {
  const most = method === 'iterative' ? 0 : (losses[method] ?? 0);
  return most * Math.min(1.2, -Math.log10(1 - sparsity) / 2) ** 1.5;
}

function shifted(series: ReportSeries): ReportSeries {
  const points = series.points.map(point => less(point, lossAt(series.method, point.sparsity)));
  return { ...series, points };
}

/** Of the level that keeps about as much, moved to the target. */
function ownSeries({ method, points }: ReportSeries): ReportSeries {
  const measured = ownSparsities.flatMap((sparsity, index): ReportPoint[] => {
    const nearest = points.find(point => point.sparsity >= sparsity) ?? points.at(-1);
    if (!nearest) return [];
    const kept = Math.round(nearest.total * (1 - sparsity));
    const level = index + 1;
    const runs = nearest.runs.map((_, replicate) => sampleKey(method, level, replicate));
    return [less({ ...nearest, level, kept, sparsity: 1 - kept / nearest.total, runs }, lossAt(method, sparsity))];
  });
  return { method, points: measured, sparsities: ownSparsities };
}
