/**
 * Where on the axis of weights remaining something is measured: at the levels of the iterative series, and at the targets
 * that comparisons have of their own. One level of such a comparison is no iterative level: what belongs together is
 * matched by what is kept. Pure.
 */
import type { Method, Report, ReportPoint } from '../../src/shared/report';

export interface Place {
  /** Of an iterative level its number; of the others −1, −2, … from the densest on. Cursor, charts and tables share it. */
  readonly id: number;
  /** Of the iterative series; null at a target that only comparisons have. */
  readonly level: number | null;
  /** kept / total: measured, or what is aimed at. */
  readonly density: number;
  /** Of each method that may have a result here, its own level. */
  readonly levels: ReadonlyMap<Method, number>;
}

/** Kept counts that differ by no more than this share are the same place. */
const tolerance = 0.005;

const known = new WeakMap<Report, readonly Place[]>();

/** Every place that may come, dense first. */
export function placesOf(report: Report): readonly Place[] {
  const before = known.get(report);
  if (before) return before;
  const places = makePlaces(report);
  known.set(report, places);
  return places;
}

export function placeOf(report: Report, id: number): Place | undefined {
  return placesOf(report).find(place => place.id === id);
}

/** The iterative level of a place; of others the level that is nearest in what it keeps. */
export function levelAt(report: Report, id: number): number {
  const place = placeOf(report, id);
  if (!place || place.level !== null) return place?.level ?? 0;
  const distance = (other: Place): number => Math.abs(Math.log(other.density / place.density));
  const levels = placesOf(report).filter(({ level }) => level !== null);
  return levels.reduce((best, other) => (distance(other) < distance(best) ? other : best)).level ?? 0;
}

/** Methods of the report in the order of the legend. */
export function methodsOf({ experiment }: Pick<Report, 'experiment'>): readonly Method[] {
  return ['iterative', ...experiment.compare.map(entry => (typeof entry === 'string' ? entry : entry.method))];
}

export function pointOf(report: Report, method: Method, level: number): ReportPoint | undefined {
  return report.series.find(series => series.method === method)?.points.find(point => point.level === level);
}

/** What a method has at a place. */
export function pointAt(report: Report, method: Method, place: Place): ReportPoint | undefined {
  const level = place.levels.get(method);
  return level === undefined ? undefined : pointOf(report, method, level);
}

export function density(point: ReportPoint): number {
  return point.total > 0 ? point.kept / point.total : 0;
}

/** Every level that may come, dense first. */
export function levelsOf(report: Report): readonly number[] {
  const measured = report.series
    .filter(series => !series.sparsities)
    .flatMap(series => series.points.map(point => point.level));
  const last = Math.max(report.experiment.pruning.levels, ...measured);
  return Array.from({ length: last + 1 }, (_, level) => level);
}

interface Target {
  readonly density: number;
  readonly levels: Map<Method, number>;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= tolerance * Math.max(a, b);

function makePlaces(report: Report): readonly Place[] {
  const ownTargets = new Set(report.series.filter(series => series.sparsities).map(series => series.method));
  const followers = methodsOf(report).filter(method => !ownTargets.has(method));
  const levels = levelsOf(report).map((level): Target & { level: number } => {
    const point = pointOf(report, 'iterative', level);
    return {
      level,
      density: point ? density(point) : (1 - report.experiment.pruning.rate) ** level,
      levels: new Map(followers.map(method => [method, level])),
    };
  });
  const others: Target[] = [];
  for (const { method, sparsities = [], points } of report.series) {
    sparsities.forEach((sparsity, index) => {
      const level = index + 1;
      const point = points.find(one => one.level === level);
      const kept = point ? density(point) : 1 - sparsity;
      const measuredLevels = levels.filter(one => pointOf(report, 'iterative', one.level));
      const there = [...measuredLevels, ...others].find(one => near(one.density, kept) && !one.levels.has(method));
      if (there) there.levels.set(method, level);
      else others.push({ density: kept, levels: new Map([[method, level]]) });
    });
  }
  others.sort((a, b) => b.density - a.density);
  const own = others.map((target, index): Place => ({ id: -1 - index, level: null, ...target }));
  const places = levels.map((target): Place => ({ id: target.level, ...target }));
  // a stable sort: levels whose densities are but planned keep their order
  return [...places, ...own].sort((a, b) => b.density - a.density);
}
