/** Which networks are stable from which step on, by the lines that were measured. */
import type { Experiment } from '../../shared/experiment';
import type { Statistic } from '../../shared/report';
import type { RunNode } from '../../shared/run';
import type { Stability } from '../../shared/studies';
import { statistic } from '../statistics';
import { barrierOf, isStable, positionsOnLine } from './barrier';

/** A line between the ends of two runs that is to be measured. */
export interface PlannedPath {
  readonly at: number;
  readonly level: number;
  readonly replicate: number;
  /** Keys of the runs at 0 and at 1. */
  readonly runs: readonly [string, string];
}

/** Errors along a line by the key of the run at its end: that run is trained for this line alone. */
export type MeasuredPaths = ReadonlyMap<string, readonly number[]>;

/** In the order of the plan. */
export function plannedPaths(nodes: readonly RunNode[]): PlannedPath[] {
  const firsts = new Map<string, string>();
  const paths: PlannedPath[] = [];
  for (const { key, study, level, replicate } of nodes) {
    if (study?.kind !== 'stability') continue;
    const { at, branch } = study;
    const place = [at, level, replicate].join();
    if (branch === 0) firsts.set(place, key);
    else paths.push({ at, level, replicate, runs: [firsts.get(place)!, key] });
  }
  return paths;
}

/**
 * The rewind step of the series whose ticket's mask is tried from step `at` on: of the one rewound there, as in the paper,
 * where the experiment has it; else of its own.
 */
export function maskRewind(
  { rewind, rewindSweep = [] }: Pick<Experiment, 'rewind' | 'rewindSweep'>,
  at: number,
): number {
  return rewindSweep.includes(at) ? at : rewind;
}

/** One entry for each level and step of which at least one replicate is measured: levels rising, in each steps rising. */
export function stabilityOf(
  experiment: Pick<Experiment, 'rewind' | 'rewindSweep'>,
  nodes: readonly RunNode[],
  measured: MeasuredPaths,
): Stability[] {
  const groups = new Map<string, PlannedPath[]>();
  for (const path of plannedPaths(nodes)) {
    if (!measured.has(path.runs[1])) continue;
    const place = [path.level, path.at].join();
    groups.set(place, [...(groups.get(place) ?? []), path]);
  }
  return [...groups.values()]
    .map(paths => entryOf(experiment, paths, measured))
    .sort((a, b) => a.level - b.level || a.at - b.at);
}

function entryOf(
  experiment: Pick<Experiment, 'rewind' | 'rewindSweep'>,
  paths: readonly PlannedPath[],
  measured: MeasuredPaths,
): Stability {
  const { at, level } = paths[0]!;
  const errors = paths.map(({ runs }) => measured.get(runs[1])!);
  const barrier: Statistic = statistic(errors.map(barrierOf));
  return {
    at,
    level,
    ...(level > 0 && { rewind: maskRewind(experiment, at) }),
    barrier,
    stable: isStable(barrier.mean),
    path: positionsOnLine(errors[0]!.length).map((alpha, i) => ({
      alpha,
      testError: statistic(errors.map(line => line[i]!)),
    })),
    runs: paths.flatMap(({ runs }) => runs),
  };
}
