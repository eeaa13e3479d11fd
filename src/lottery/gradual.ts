/**
 * Gradual magnitude pruning: M. Zhu and S. Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
 * compression", 2017 (arXiv:1710.01878). One training; the smallest weights go on the way, fast at first and ever more slowly.
 */
import { ExperimentError } from '../shared/experiment';
import { roundHalfEven } from './counts';
import { rankByMagnitude, type Kernel } from './magnitude';
import { Mask } from './mask';
import { removeLowest } from './select';

/** In steps: nothing is pruned up to `begin`, then weights go every `every` steps, for the last time at `end`. */
export interface GradualSchedule {
  readonly begin: number;
  readonly end: number;
  readonly every: number;
}

/**
 * @param given what the experiment says; else from the start to three quarters of training, in hundredths of it
 * @throws ExperimentError (`compare`) where no step is left to prune at, or none to train on
 */
export function gradualSchedule(
  given: {
    readonly begin?: number | undefined;
    readonly end?: number | undefined;
    readonly every?: number | undefined;
  },
  steps: number,
): GradualSchedule {
  const { begin = 0, end = Math.round(0.75 * steps), every = Math.round(0.01 * steps) } = given;
  if (begin >= end || end >= steps) {
    throw new ExperimentError(
      'compare',
      `gradual prunes from step ${begin} to ${end} of ${steps}: begin must come before end, and end before the end of training`,
    );
  }
  return { begin, end, every: Math.max(1, every) };
}

/** Steps at which weights go, rising; the last is `end`. */
export function cutSteps({ begin, end, every }: GradualSchedule): number[] {
  const cuts: number[] = [];
  for (let step = begin + every; step < end; step += every) cuts.push(step);
  return [...cuts, end];
}

/**
 * How many weights are gone after the cut at a step: s(t) = s · (1 − (1 − (t − begin) / (end − begin))³).
 * @param removed at the end
 */
export function removedAt(step: number, { begin, end }: GradualSchedule, removed: number): number {
  const left = 1 - Math.min(1, Math.max(0, (step - begin) / (end - begin)));
  return roundHalfEven(removed * (1 - left ** 3));
}

/**
 * The smallest weights of all kernels together go, until `kept` are left over all; ties by position.
 * @throws NanWeightError; CutError where the excluded kernels alone hold more
 */
export function cutGlobally(kernels: readonly Kernel[], kept: number, exclude: readonly string[]): Mask[] {
  const ranked = kernels.map(kernel => (exclude.includes(kernel.name) ? null : rankByMagnitude(kernel)));
  const count = kernels.reduce((sum, { mask }) => sum + mask.kept, 0) - kept;
  removeLowest(
    ranked.filter(layer => layer !== null),
    { kind: 'count', count },
  );
  return kernels.map(({ mask }, i) => (ranked[i] ? Mask.fromBytes(ranked[i].live) : mask));
}

/** Share of the weights that is kept, on average over the steps of training: what its time goes by. */
export function meanDensity({ begin, end }: GradualSchedule, steps: number, density: number): number {
  // ∫ 1 − (1 − x)³ = ¾
  const gone = (1 - density) * (steps - end + 0.75 * (end - begin));
  return 1 - gone / steps;
}
