/** A whole plan in double precision, forwards and backwards. */
import type { Plan, PlanOp } from '../../../src/training/plan/plan';
import type { Task } from '../../../src/data/dataset';
import { activation, softmax } from './activations';
import { add, concatenate, pool, zeroPadding } from './images';
import { conv2d, dense } from './linear';
import { type Context, type Node, noParameters, type Values } from './node';
import { batchNormalization, layerNormalization } from './normalization';

export interface ReferenceBatch {
  /** [count × features], standardised. */
  readonly inputs: Values;
  /** Class numbers [count], or targets [count × outputs]. */
  readonly labels: ArrayLike<number>;
  /** Left out: classification. */
  readonly task?: Task;
}

/** What is not plain about a loss while training. */
export interface ReferenceLoss {
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[] | null;
}

export interface ReferenceGradients {
  /** Mean over the batch. */
  readonly loss: number;
  /** In the order of the plan's parameters; 0 for moving statistics. */
  readonly gradients: Float64Array[];
  /** Parameters after what moves without a gradient has moved: batch statistics. */
  readonly moved: ReadonlyMap<number, Float64Array>;
}

/** Each op in turn, dropout off. */
function forward(plan: Plan, weights: readonly Values[], inputs: Values, training: boolean) {
  const context: Context = { plan, weights, count: inputs.length / plan.activations[0]!.size, training };
  const values: Float64Array[] = [Float64Array.from(inputs)];
  const nodes = plan.ops.map(op => {
    const node = run(
      op,
      op.inputs.map(input => values[input]!),
      context,
    );
    values[op.output] = node.output;
    return node;
  });
  return { nodes, output: values[plan.ops.at(-1)!.output]! };
}

function run(op: PlanOp, inputs: readonly Float64Array[], context: Context): Node {
  const x = inputs[0]!;
  switch (op.kind) {
    case 'dense':
      return dense(op, x, context);
    case 'conv2d':
      return conv2d(op, x, context);
    case 'batch-normalization':
      return batchNormalization(op, x, context);
    case 'layer-normalization':
      return layerNormalization(op, x, context);
    case 'max-pool':
    case 'average-pool':
      return pool(op, x, context);
    case 'zero-padding':
      return zeroPadding(op, x, context);
    case 'add':
      return add(inputs);
    case 'concatenate':
      return concatenate(op, inputs, context);
    case 'activation':
      return activation(op, x, context);
    case 'reshape':
    case 'dropout':
      return { output: x, backward: dy => ({ inputs: [dy], parameters: noParameters }) };
  }
}

/** Outputs of the last op, [count × outputs], as while evaluating. */
export function forward64(plan: Plan, weights: readonly Values[], inputs: Values): Float64Array {
  return forward(plan, weights, inputs, false).output;
}

/** Mean loss of a batch, as while evaluating: moving statistics, dropout off. */
export function loss64(plan: Plan, weights: readonly Values[], batch: ReferenceBatch): number {
  return lossOf(plan, forward64(plan, weights, batch.inputs), batch, {}).loss;
}

/** Mean loss of a batch and its gradients, as while training (batch statistics), but dropout off. */
export function gradients64(
  plan: Plan,
  weights: readonly Values[],
  batch: ReferenceBatch,
  how: ReferenceLoss = {},
): ReferenceGradients {
  const { nodes, output } = forward(plan, weights, batch.inputs, true);
  const { loss, gradient } = lossOf(plan, output, batch, how);
  const byValue = new Map<number, Float64Array>([[plan.ops.at(-1)!.output, gradient]]);
  const gradients = plan.parameters.map(({ size }) => new Float64Array(size));
  for (let at = plan.ops.length - 1; at >= 0; at--) {
    const op = plan.ops[at]!;
    const dy = byValue.get(op.output);
    if (dy === undefined) continue; // nothing that the loss sees comes from it
    const { inputs, parameters } = nodes[at]!.backward(dy);
    op.inputs.forEach((input, k) => {
      const others = byValue.get(input);
      byValue.set(input, others ? others.map((value, i) => value + inputs[k]![i]!) : inputs[k]!);
    });
    for (const [parameter, values] of parameters) {
      values.forEach((value, i) => (gradients[parameter]![i]! += value));
    }
  }
  return { loss, gradients, moved: new Map(nodes.flatMap(({ moved }) => (moved ? [...moved] : []))) };
}

function lossOf(plan: Plan, outputs: Float64Array, { labels, task }: ReferenceBatch, how: ReferenceLoss) {
  const { labelSmoothing: smoothing = 0, classWeights } = how;
  const { size } = plan.activations[plan.ops.at(-1)!.output]!;
  const count = outputs.length / size;
  const weights = classWeights ?? new Array<number>(size).fill(1);
  const gradient = new Float64Array(outputs.length);
  let total = 0;
  let divisor = 0;
  for (let n = 0; n < count; n++) {
    const row = outputs.subarray(n * size, (n + 1) * size);
    const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const logOfSum = largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    const probabilities = plan.loss === 'cross-entropy' ? softmax(row) : row;
    divisor += plan.loss === 'cross-entropy' ? weights[labels[n]!]! : 1;
    for (let o = 0; o < size; o++) {
      const hit = o === labels[n] ? 1 : 0;
      if (plan.loss === 'cross-entropy') {
        const wanted = ((1 - smoothing) * hit + smoothing / size) * weights[o]!;
        if (wanted !== 0) total -= wanted * (row[o]! - logOfSum);
        // of −wanted · log p, to each logit
        for (let j = 0; j < size; j++) gradient[n * size + j]! += wanted * (probabilities[j]! - (j === o ? 1 : 0));
      } else {
        const error = row[o]! - (task === 'regression' ? labels[n * size + o]! : hit);
        total += error ** 2 / size;
        gradient[n * size + o] = (2 * error) / size;
      }
    }
  }
  return { loss: total / divisor, gradient: gradient.map(value => value / divisor) };
}
