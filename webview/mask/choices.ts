/** What masks a report has: by method, level and replicate. Pure. */
import type { Method, Report, ReportPoint } from '../../src/shared/report';
import { formatShare } from '../../src/shared/format';

/** One mask: a run, and where it stands in the report. */
export interface MaskChoice {
  readonly method: Method;
  readonly level: number;
  readonly replicate: number;
}

export interface MaskStop {
  readonly level: number;
  /** Of the whole network. */
  readonly kept: number;
  readonly total: number;
  /** "level 7" or, of a comparison with targets of its own, "95 % sparse". */
  readonly label: string;
  /** By replicate. */
  readonly runs: readonly { readonly replicate: number; readonly run: string }[];
}

/** Levels of a method that have a finished run, in order. */
export function stopsOf(report: Report, method: Method): readonly MaskStop[] {
  const series = report.series.find(one => one.method === method);
  const runs = new Map(report.runs.map(run => [run.key, run]));
  const stopOf = ({ level, kept, total, sparsity, runs: keys }: ReportPoint): MaskStop => ({
    level,
    kept,
    total,
    label: series?.sparsities ? `${formatShare(sparsity)} sparse` : `level ${level}`,
    runs: keys.flatMap(run => {
      const found = runs.get(run);
      return found?.status === 'done' ? [{ replicate: found.replicate, run }] : [];
    }),
  });
  return (series?.points ?? []).map(stopOf).filter(stop => stop.runs.length > 0);
}

export function methodsWithMasks(report: Report): readonly Method[] {
  return report.series.map(({ method }) => method).filter(method => stopsOf(report, method).length > 0);
}

export interface Resolved {
  readonly choice: MaskChoice;
  readonly stops: readonly MaskStop[];
  /** Index in `stops`. */
  readonly at: number;
  readonly run: string;
}

/** The mask that a choice means, or the one nearest to it that there is; null: the report has none. */
export function resolve(report: Report, wanted: MaskChoice): Resolved | null {
  const methods = methodsWithMasks(report);
  const method = methods.find(one => one === wanted.method) ?? methods[0];
  if (method === undefined) return null;
  const stops = stopsOf(report, method);
  const stop = stops.reduce((best, one) =>
    Math.abs(one.level - wanted.level) < Math.abs(best.level - wanted.level) ? one : best,
  );
  const run = stop.runs.find(({ replicate }) => replicate === wanted.replicate) ?? stop.runs[0]!;
  return {
    choice: { method, level: stop.level, replicate: run.replicate },
    stops,
    at: stops.indexOf(stop),
    run: run.run,
  };
}

/** The same replicate by another method, at the level that keeps as much as nearly as it can. */
export function byOtherMethod(report: Report, { choice, stops, at }: Resolved, method: Method): MaskChoice {
  const kept = stops[at]!.kept;
  const apart = (stop: MaskStop): number => Math.abs(Math.log((stop.kept + 1) / (kept + 1)));
  const [nearest] = [...stopsOf(report, method)].sort((a, b) => apart(a) - apart(b));
  return { method, level: nearest?.level ?? choice.level, replicate: choice.replicate };
}
