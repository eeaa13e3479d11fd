/** Over replicates and along a curve. */
import type { CurvePoint, Statistic } from '../shared/report';

/** Mean, and standard deviation with n−1 (0 for one value). No values: not measured, mean and deviation 0. */
export function statistic(values: readonly number[]): Statistic {
  const count = values.length;
  if (count === 0) return { mean: 0, std: 0, values };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: count === 1 ? 0 : Math.sqrt(squares / (count - 1)), values };
}

type Evaluated = Pick<CurvePoint, 'step' | 'validationLoss'>;

/** The first evaluated step with the lowest validation loss, as in the paper; null where none was measured. */
export function earlyStopStep(curve: readonly Evaluated[]): number | null {
  return curve[lowestPoint(curve)]?.step ?? null;
}

/** How many evaluations have passed since the validation loss was last lower than ever before: what patience counts. */
export function evaluationsWithoutGain(curve: readonly Evaluated[]): number {
  const lowest = lowestPoint(curve);
  return lowest < 0 ? 0 : curve.length - 1 - lowest;
}

/** Index of the first point with the lowest validation loss; −1 where none was measured. */
function lowestPoint(curve: readonly Evaluated[]): number {
  let lowest = Infinity;
  let index = -1;
  curve.forEach(({ validationLoss }, i) => {
    if (validationLoss === null || !(validationLoss < lowest)) return;
    lowest = validationLoss;
    index = i;
  });
  return index;
}
