/** How much of an experiment is done and how long the rest will take: from what was measured, nothing else. */

/** A run, or the part of one, that was trained and evaluated. */
export interface Measured {
  /** Kept share of the prunable weights, above 0 to 1. */
  readonly density: number;
  readonly steps: number;
  readonly seconds: number;
}

/** A run, or the rest of one, that is still to do. */
export interface Remaining extends Omit<Measured, 'seconds'> {
  /** Of the run at work: side by side with it, itself included, when it began; its share of the seconds was measured. */
  readonly runs?: number;
}

export interface Estimate {
  /** Share of the work that is done, 0 to 1. */
  readonly fraction: number;
  /** Null before anything was measured. */
  readonly secondsLeft: number | null;
}

/** Evaluations alone cost about as much as this many steps; a run of 0 steps is not free. */
const stepsOfAnEvaluation = 20;
/** Densities that differ by this factor tell half as much about each other. */
const reach = Math.log(2);

/**
 * Cost of a step relative to a dense one, before it is measured: dense kernels above density 0.4, below it compressed rows
 * whose cost goes with the weights that are left, down to what a step costs anyway (docs: SPEED).
 */
function presumedCost(density: number): number {
  return density >= 0.4 ? 1 : 0.08 + (0.92 * density) / 0.4;
}

/** What a run presumably takes, in dense steps. */
export function presumedSteps(run: Remaining): number {
  return effectiveSteps(run) * presumedCost(run.density);
}

/**
 * Seconds a step at some density will take: the presumed cost, corrected by how far off it was where it was measured, near
 * densities and long measurements counting most.
 */
function secondsPerStep(density: number, measured: readonly Measured[]): number {
  let weights = 0;
  let corrections = 0;
  for (const one of measured) {
    const distance = (Math.log(one.density) - Math.log(density)) / reach;
    // far measurements never count nothing: they may be all there is
    const weight = one.seconds * (Math.exp(-distance * distance) + 1e-6);
    weights += weight;
    corrections += (weight * one.seconds) / presumedSteps(one);
  }
  return presumedCost(density) * (corrections / weights);
}

function effectiveSteps({ steps }: Remaining): number {
  return steps + stepsOfAnEvaluation;
}

/**
 * @param measured what was trained, with the seconds it took; of the run at work, the part that is done
 * @param remaining what is left; of the run at work, the rest
 */
export function estimate(measured: readonly Measured[], remaining: readonly Remaining[]): Estimate {
  const usable = measured.filter(one => one.seconds > 0 && one.density > 0);
  if (remaining.length === 0) return { fraction: 1, secondsLeft: 0 };
  if (usable.length === 0) return { fraction: 0, secondsLeft: null };
  const done = usable.reduce((sum, one) => sum + one.seconds, 0);
  const rests = remaining.map(one => effectiveSteps(one) * secondsPerStep(one.density, usable));
  const left = rests.reduce((sum, seconds) => sum + seconds, 0);
  // one that began beside others does not go faster once they are done
  const longest = Math.max(...rests.map((seconds, i) => seconds * (remaining[i]!.runs ?? 1)));
  return { fraction: done / (done + left), secondsLeft: Math.max(left, longest) };
}
