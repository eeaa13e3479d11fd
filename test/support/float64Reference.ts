/** A training plan run in double precision, plainly: what kernels and their gradients are held against. */
import type { Plan, PlanOp } from '../../src/training/plan/plan';

type Values = Float64Array | Float32Array;

export interface ReferenceBatch {
  /** [count × features], standardised. */
  readonly inputs: Values;
  /** Class numbers [count]. */
  readonly labels: ArrayLike<number>;
}

/** Outputs of the last op, [count × outputs], dropout off. */
export function forward64(plan: Plan, weights: readonly Values[], inputs: Values): Float64Array {
  const count = inputs.length / plan.activations[0]!.size;
  const activations: Float64Array[] = [Float64Array.from(inputs)];
  for (const op of plan.ops) {
    activations[op.output] = run(op, plan, weights, activations[op.input]!, count);
  }
  return activations[plan.activations.length - 1]!;
}

function run(op: PlanOp, plan: Plan, weights: readonly Values[], x: Float64Array, count: number): Float64Array {
  switch (op.kind) {
    case 'dropout':
      return x;
    case 'dense': {
      const [inputs, outputs] = plan.parameters[op.kernel]!.shape as [number, number];
      const kernel = weights[op.kernel]!;
      const bias = op.bias === null ? null : weights[op.bias]!;
      const y = new Float64Array(count * outputs);
      for (let n = 0; n < count; n++) {
        for (let o = 0; o < outputs; o++) {
          let sum = bias === null ? 0 : bias[o]!;
          for (let i = 0; i < inputs; i++) sum += x[n * inputs + i]! * kernel[i * outputs + o]!;
          y[n * outputs + o] = sum;
        }
      }
      return y;
    }
    case 'activation': {
      const { size } = plan.activations[op.output]!;
      switch (op.activation) {
        case 'linear':
          return x;
        case 'relu':
          return x.map(value => Math.max(0, value));
        case 'leaky-relu':
          return x.map(value => (value > 0 ? value : op.alpha * value));
        case 'tanh':
          return x.map(Math.tanh);
        case 'sigmoid':
          return x.map(value => 1 / (1 + Math.exp(-value)));
        case 'softmax': {
          const y = new Float64Array(x.length);
          for (let n = 0; n < count; n++) y.set(softmax(x.subarray(n * size, (n + 1) * size)), n * size);
          return y;
        }
      }
    }
  }
}

function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = logits.map(value => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map(value => value / sum);
}

/** Mean loss of a batch, dropout off. */
export function loss64(plan: Plan, weights: readonly Values[], batch: ReferenceBatch): number {
  const outputs = forward64(plan, weights, batch.inputs);
  const { size } = plan.activations.at(-1)!;
  const count = outputs.length / size;
  let total = 0;
  for (let n = 0; n < count; n++) {
    const row = outputs.subarray(n * size, (n + 1) * size);
    const label = batch.labels[n]!;
    if (plan.loss === 'cross-entropy') total -= Math.log(softmax(row)[label]!);
    else total += row.reduce((sum, value, o) => sum + (value - (o === label ? 1 : 0)) ** 2, 0) / size;
  }
  return total / count;
}

/**
 * Gradients of the mean loss by central differences; [parameter][weight]. Costs two forward passes a weight: small
 * models only. Near the kink of a ReLU the differences mean nothing: draw inputs at random, away from 0.
 */
export function finiteDifferences(plan: Plan, weights: readonly Values[], batch: ReferenceBatch): Float64Array[] {
  const step = 1e-5;
  const moved = weights.map(values => Float64Array.from(values));
  return moved.map(values =>
    Float64Array.from(values, (value, i) => {
      values[i] = value + step;
      const above = loss64(plan, moved, batch);
      values[i] = value - step;
      const below = loss64(plan, moved, batch);
      values[i] = value;
      return (above - below) / (2 * step);
    }),
  );
}
