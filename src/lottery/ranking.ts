/** How the methods stand at each sparsity, best first, in pairs of replicates where both have them. */
import { methodNames } from '../shared/format';
import type { Quality } from '../shared/quality';
import { qualityOfRun } from '../shared/quality';
import type { PairedDifference, Ranking, ReportPoint, ReportSeries } from '../shared/report';
import { statistic } from './statistics';

/** Counts that differ by no more than this share of the one they are held against stand for one sparsity. */
const sameCount = 0.05;

interface Measured {
  readonly method: ReportSeries['method'];
  readonly point: ReportPoint;
}

/**
 * @param replicateOf the replicate of a run: replicates of two methods with one number are a pair
 * @returns for each iterative level, and each target of its own of any other series, at which at least two methods are measured;
 *   sparsities rising
 */
export function rankings(
  series: readonly ReportSeries[],
  quality: Quality,
  replicateOf: (run: string) => number,
): Ranking[] {
  const measured: Measured[] = series.flatMap(({ method, points }) =>
    points.flatMap(point => (quality.of(point).values.length > 0 ? [{ method, point }] : [])),
  );
  return anchorsOf(series)
    .flatMap(anchor => {
      const methods = nearest(measured, anchor.point);
      return methods.length < 2 ? [] : [ranking(anchor, methods, quality, replicateOf)];
    })
    .sort((a, b) => a.sparsity - b.sparsity);
}

interface Anchor {
  readonly point: ReportPoint;
  readonly level?: number;
}

/** The iterative levels, and of other series the targets that no anchor before stands for. */
function anchorsOf(series: readonly ReportSeries[]): readonly Anchor[] {
  const anchors: Anchor[] = [];
  for (const { method, points, sparsities } of series) {
    if (method !== 'iterative' && !sparsities) continue;
    for (const point of points) {
      if (point.kept === point.total || anchors.some(anchor => isNear(point, anchor.point))) continue;
      anchors.push({ point, ...(method === 'iterative' && { level: point.level }) });
    }
  }
  return anchors;
}

function isNear(point: ReportPoint, anchor: ReportPoint): boolean {
  return Math.abs(point.kept - anchor.kept) <= sameCount * anchor.kept;
}

/** Of each method the point nearest to the anchor, where one is near. */
function nearest(measured: readonly Measured[], anchor: ReportPoint): Measured[] {
  const best = new Map<string, Measured>();
  const distance = ({ point }: Measured) => Math.abs(point.kept - anchor.kept);
  for (const one of measured) {
    const before = best.get(one.method);
    if (isNear(one.point, anchor) && (!before || distance(one) < distance(before))) best.set(one.method, one);
  }
  return [...best.values()];
}

function ranking(
  { point, level }: Anchor,
  methods: readonly Measured[],
  quality: Quality,
  replicateOf: (run: string) => number,
): Ranking {
  const sorted = [...methods].sort((a, b) => quality.of(b.point).mean - quality.of(a.point).mean);
  const best = sorted[0]!;
  const words = sorted.map(
    ({ method, point: own }) => `${methodNames[method]} ${quality.formatStatistic(quality.of(own))}`,
  );
  return {
    sparsity: point.sparsity,
    ...(level !== undefined && { level }),
    entries: sorted.map(one => {
      const difference = one === best ? null : paired(one.point, best.point, quality, replicateOf);
      return {
        method: one.method,
        kept: one.point.kept,
        quality: quality.of(one.point),
        ...(difference && { difference }),
      };
    }),
    text: `Best at ${(point.sparsity * 100).toFixed(1)} %: ${words.join('; ')}`,
  };
}

/** null where no replicate has both. */
function paired(
  own: ReportPoint,
  other: ReportPoint,
  quality: Quality,
  replicateOf: (run: string) => number,
): PairedDifference | null {
  const others = new Map(other.runs.map(run => [replicateOf(run), qualityOfRun(quality, other, run)]));
  const differences = own.runs.flatMap(run => {
    const [a, b] = [qualityOfRun(quality, own, run), others.get(replicateOf(run))];
    return a === undefined || b === undefined ? [] : [a - b];
  });
  if (differences.length === 0) return null;
  const { mean, std } = statistic(differences);
  return { mean, std, pairs: differences.length };
}
