/** A whole plan in double precision, forwards and backwards. */
import type { Plan, PlanOp } from '../../../src/training/plan/plan';
import { activation, softmax } from './activations';
import { add, concatenate, pool, zeroPadding } from './images';
import { conv2d, dense } from './linear';
import { type Context, type Node, noParameters, type Values } from './node';
import { batchNormalization, layerNormalization } from './normalization';

export interface ReferenceBatch {
  /** [count × features], standardised. */
  readonly inputs: Values;
  /** Class numbers [count]. */
  readonly labels: ArrayLike<number>;
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
  return lossOf(plan, forward64(plan, weights, batch.inputs), batch.labels, 0).loss;
}

/** Mean loss of a batch and its gradients, as while training (batch statistics), but dropout off. */
export function gradients64(
  plan: Plan,
  weights: readonly Values[],
  batch: ReferenceBatch,
  labelSmoothing = 0,
): ReferenceGradients {
  const { nodes, output } = forward(plan, weights, batch.inputs, true);
  const { loss, gradient } = lossOf(plan, output, batch.labels, labelSmoothing);
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

function lossOf(plan: Plan, outputs: Float64Array, labels: ArrayLike<number>, smoothing: number) {
  const { size } = plan.activations[plan.ops.at(-1)!.output]!;
  const count = outputs.length / size;
  const gradient = new Float64Array(outputs.length);
  let total = 0;
  for (let n = 0; n < count; n++) {
    const row = outputs.subarray(n * size, (n + 1) * size);
    const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const logOfSum = largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    const probabilities = plan.loss === 'cross-entropy' ? softmax(row) : row;
    for (let o = 0; o < size; o++) {
      const hit = o === labels[n] ? 1 : 0;
      if (plan.loss === 'cross-entropy') {
        const wanted = (1 - smoothing) * hit + smoothing / size;
        if (wanted !== 0) total -= wanted * (row[o]! - logOfSum);
        gradient[n * size + o] = (probabilities[o]! - wanted) / count;
      } else {
        total += (row[o]! - hit) ** 2 / size;
        gradient[n * size + o] = (2 * (row[o]! - hit)) / size / count;
      }
    }
  }
  return { loss: total / count, gradient };
}
