/** A training plan run in double precision, plainly: what kernels and their gradients are held against. */
import type { Plan } from '../../src/training/plan/plan';
import type { Values } from './float64/node';
import { gradients64, type ReferenceBatch, type ReferenceLoss } from './float64/run';

export {
  forward64,
  gradients64,
  loss64,
  type ReferenceBatch,
  type ReferenceGradients,
  type ReferenceLoss,
} from './float64/run';
export { ReferenceTrainer, type ReferenceRecipe } from './float64/trainer';

/**
 * Gradients of the mean loss (as while training, dropout off) by central differences; [parameter][weight]. Costs two
 * forward passes a weight: small models only. Near the kink of a ReLU the differences mean nothing: draw inputs at
 * random, away from 0.
 */
export function finiteDifferences(
  plan: Plan,
  weights: readonly Values[],
  batch: ReferenceBatch,
  how: ReferenceLoss = {},
): Float64Array[] {
  const step = 1e-5;
  const moved = weights.map(values => Float64Array.from(values));
  return moved.map((values, p) =>
    Float64Array.from(values, (value, i) => {
      if (!plan.parameters[p]!.trainable) return 0;
      values[i] = value + step;
      const above = gradients64(plan, moved, batch, how).loss;
      values[i] = value - step;
      const below = gradients64(plan, moved, batch, how).loss;
      values[i] = value;
      return (above - below) / (2 * step);
    }),
  );
}

/**
 * Slope of the mean loss where the weights move along `direction`, by central differences: two passes for any number of
 * weights. Its reference is Σ gradient · direction.
 */
export function slopeAlong(
  plan: Plan,
  weights: readonly Values[],
  batch: ReferenceBatch,
  direction: readonly Values[],
): number {
  const step = 1e-6;
  const lossAt = (distance: number): number => {
    const moved = weights.map((values, p) => Float64Array.from(values, (v, i) => v + distance * direction[p]![i]!));
    return gradients64(plan, moved, batch).loss;
  };
  return (lossAt(step) - lossAt(-step)) / (2 * step);
}
