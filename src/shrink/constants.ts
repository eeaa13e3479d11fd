/**
 * Channels that are the same for every example and at every pixel: those that no kept weight feeds, whose bias alone is
 * left, and what layers make of such channels.
 */
import { eachWeight, type Coupling } from '../lottery/structured/coupling';
import type { ActivationOp, BatchNormalizationOp, Conv2DOp, DenseOp, Plan, PlanOp } from '../training/plan/plan';
import type { Weights } from '../training/trainer';

/** Of each activation the value of each channel (or of each value, as in `Coupling.activations`); NaN: it varies. */
export type Constants = readonly Float64Array[];

export function constantChannels(plan: Plan, coupling: Coupling, weights: Weights): Constants {
  const constants: Float64Array[] = coupling.activations.map(units => new Float64Array(units.length).fill(NaN));
  for (const op of plan.ops) constants[op.output]!.set(follow(op, plan, coupling, weights, constants));
  return constants;
}

function follow(op: PlanOp, plan: Plan, coupling: Coupling, weights: Weights, constants: Constants): Float64Array {
  const [input] = op.inputs.map(id => constants[id]!) as [Float64Array];
  const output = constants[op.output]!;
  switch (op.kind) {
    case 'dense':
    case 'conv2d':
      return linear(op, coupling, weights, input);
    case 'batch-normalization':
      return normalized(op, weights, input);
    case 'activation':
      return fitted(input, output.length, plan.activations[op.output]!).map(value => activated(op, value));
    case 'add':
      return op.inputs
        .map(id => fitted(constants[id]!, output.length, plan.activations[op.output]!))
        .reduce((sums, values) => sums.map((sum, i) => sum + values[i]!));
    case 'concatenate': {
      const parts = op.inputs.map(id => constants[id]!);
      // of channels that a reshape has mixed nothing is known
      if (parts.reduce((sum, part) => sum + part.length, 0) !== output.length) return output;
      return Float64Array.from(parts.flatMap(part => [...part]));
    }
    case 'reshape':
    case 'dropout':
      return fitted(input, output.length, plan.activations[op.output]!);
    case 'zero-padding':
      // the frame is 0: so is the whole where the inside is
      return input.length === output.length ? input.map(value => (value === 0 ? 0 : NaN)) : output;
    case 'layer-normalization':
      return output;
    case 'max-pool':
    case 'average-pool':
      return input.length === output.length ? input : output;
  }
}

function linear(op: DenseOp | Conv2DOp, coupling: Coupling, weights: Weights, input: Float64Array): Float64Array {
  const kernel = coupling.kernels.find(({ parameter }) => parameter === op.kernel)!;
  const values = weights[op.kernel]!;
  const bias = op.bias === null ? null : weights[op.bias]!;
  const result = Float64Array.from(kernel.outputs, (_, o) => bias?.[o] ?? 0);
  const framed = op.kind === 'conv2d' && hasPadding(op);
  eachWeight(kernel, (i, from, to) => {
    const weight = values[i]!;
    if (weight === 0) return;
    const value = input.length === kernel.inputs.length ? input[from]! : NaN;
    // under a frame of zeros the edge sees less of a constant than the middle
    result[to]! += framed && value !== 0 ? NaN : weight * value;
  });
  return result;
}

export function hasPadding({ padding: { top, bottom, left, right } }: Conv2DOp): boolean {
  return top + bottom + left + right > 0;
}

function normalized(op: BatchNormalizationOp, weights: Weights, input: Float64Array): Float64Array {
  return input.map((value, i) => {
    const scale = op.gamma === null ? 1 : weights[op.gamma]![i]!;
    const offset = op.beta === null ? 0 : weights[op.beta]![i]!;
    const deviation = Math.sqrt(weights[op.movingVariance]![i]! + op.epsilon);
    return ((value - weights[op.movingMean]![i]!) / deviation) * scale + offset;
  });
}

/** NaN for functions that are not told here at that value. */
function activated({ activation, alpha }: ActivationOp, x: number): number {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return Math.max(0, x);
    case 'relu6':
      return Math.min(6, Math.max(0, x));
    case 'leaky-relu':
      return x < 0 ? alpha * x : x;
    case 'elu':
      return x < 0 ? alpha * Math.expm1(x) : x;
    case 'tanh':
      return Math.tanh(x);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'swish':
      return x / (1 + Math.exp(-x));
    case 'selu':
    case 'gelu':
    case 'gelu-tanh':
    case 'hard-swish':
      return x === 0 ? 0 : NaN;
    case 'hard-sigmoid':
    case 'softmax':
      return NaN;
  }
}

/**
 * The same values, told as often as `length` says: once for each channel, or for each value of an activation where a reshape
 * has mixed channels. A channel is constant where all values are that it is made of.
 */
function fitted(input: Float64Array, length: number, { size }: { readonly size: number }): Float64Array {
  if (input.length === length) return input;
  if (length > input.length) return Float64Array.from({ length }, (_, i) => input[i % input.length]!);
  return Float64Array.from({ length }, (_, channel) => {
    const first = input[channel % input.length]!;
    for (let i = channel; i < size; i += length) if (input[i % input.length] !== first) return NaN;
    return first;
  });
}
