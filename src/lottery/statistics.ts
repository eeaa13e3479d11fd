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

/** The first evaluated step with the lowest validation loss, as in the paper; null where none was measured. */
export function earlyStopStep(curve: readonly Pick<CurvePoint, 'step' | 'validationLoss'>[]): number | null {
  let lowest = Infinity;
  let step: number | null = null;
  for (const point of curve) {
    if (point.validationLoss === null || !(point.validationLoss < lowest)) continue;
    lowest = point.validationLoss;
    step = point.step;
  }
  return step;
}
