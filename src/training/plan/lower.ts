/** Lowers a model to a training plan, once it is known what data it is for. */
import * as z from 'zod';
import type { Task } from '../../data/dataset';
import type { Model } from '../../models/model';
import { readTopology, type Layer } from '../../models/topology';
import { safeParse } from '../../shared/check';
import { PlanBuilder, type Value } from './builder';
import { sizeOf } from './geometry';
import { lowerings } from './layers';
import { refusal, type Lowering } from './layers/lowering';
import { orderLayers } from './order';
import { PlanError, type Plan } from './plan';

export interface LoweringTarget {
  /** Shape of one example of the data, channels last. */
  readonly inputShape: readonly number[];
  /** null: as many as a model from a file has outputs. */
  readonly classes: number | null;
  readonly loss: Plan['loss'];
  /** Left out: classification; with regression `classes` are targets. */
  readonly task?: Task;
}

/**
 * @throws PlanError that names the layer that no plan covers, or that does not fit the data
 */
export function lowerModel(model: Pick<Model, 'topology'>, target: LoweringTarget): Plan {
  const { inputShape, classes, loss, task } = target;
  const graph = readTopology(model.topology(inputShape, classes ?? 1));
  const { layers, input, output } = orderLayers(graph);
  const builder = new PlanBuilder(inputShape);
  const made = new Map<string, Value>();
  for (const layer of layers) {
    const inputs =
      layer === input
        ? [builder.reshape(layer.name, builder.input, seenShape(layer, inputShape))]
        : layer.inputs.map(name => made.get(name)!);
    made.set(layer.name, loweringOf(layer)({ builder, layer, inputs, keras: graph.keras }));
  }
  const end = made.get(output.name)!;
  checkEnd(builder, output, end, classes, task);
  return builder.finish(loss === 'cross-entropy' ? withoutSoftmax(builder, end) : end, loss);
}

function loweringOf(layer: Layer): Lowering {
  const lowering = Object.hasOwn(lowerings, layer.className) ? lowerings[layer.className] : undefined;
  if (lowering !== undefined) return lowering;
  throw refusal(layer, `is not covered by training plans yet; they cover ${Object.keys(lowerings).join(', ')}`);
}

const declaredShape = z.array(z.int().min(1).nullable()).min(2).nullish();

/**
 * The shape in which the model sees an example: its own, where the values lie in the same order as in the data's.
 * That is so for equal shapes, for a flat one of equal size, and for shapes that differ by axes of length 1.
 */
export function seenShape(first: Layer, data: readonly number[]): readonly number[] {
  const parsed = safeParse(declaredShape, first.config['batch_input_shape'] ?? first.config['batch_shape']);
  if (!parsed.success) throw new PlanError(first.name, `layer "${first.name}" has an input shape that cannot be read`);
  const declared = parsed.data?.slice(1);
  if (declared === undefined) return data;
  const wanted = declared.every(n => n === null) && declared.length === 1 ? [sizeOf(data)] : declared;
  const fits = (left: readonly (number | null)[], right: readonly number[]): boolean =>
    left.length === right.length && left.every((n, axis) => n === null || n === right[axis]);
  if (fits(wanted, data)) return data;
  if (wanted.every(n => n !== null)) {
    const flat = wanted.length === 1 || data.length === 1;
    const significant = (shape: readonly number[]): readonly number[] => shape.filter(n => n !== 1);
    if (flat ? sizeOf(wanted) === sizeOf(data) : fits(significant(wanted), significant(data))) return wanted;
  }
  throw new PlanError(
    first.name,
    `the model takes examples of shape [${declared.map(n => n ?? '?').join(', ')}], but the data has [${data.join(', ')}]`,
  );
}

function checkEnd(builder: PlanBuilder, last: Layer, { shape }: Value, classes: number | null, task?: Task): void {
  if (!builder.hasKernels) {
    throw new PlanError(last.name, 'the model has no layer with weights, so there is nothing to train or prune');
  }
  const wanted = classes ?? shape[0]!;
  if (shape.length !== 1 || shape[0] !== wanted) {
    const outputs = shape.length === 1 ? `${shape[0]!} output${shape[0] === 1 ? '' : 's'}` : `[${shape.join(', ')}]`;
    const [there, remedy] =
      task === 'regression'
        ? [`${wanted} number${wanted === 1 ? '' : 's'} to predict`, 'one output for each']
        : [`${wanted} classes`, 'one output a class'];
    throw new PlanError(
      last.name,
      `the model ends in ${outputs} but the data has ${there}; give layer "${last.name}" ${remedy}`,
    );
  }
}

/** Cross-entropy takes logits: a softmax at the end goes into it; any other function there is a mistake. */
function withoutSoftmax(builder: PlanBuilder, end: Value): Value {
  let value = end;
  let op = builder.producer(value);
  while (op?.kind === 'reshape') {
    value = builder.taken(op);
    op = builder.producer(value);
  }
  if (op === null || (op.kind !== 'activation' && op.kind !== 'dropout')) return end;
  // softmax is only lowered where examples are flat, so no reshape changes what it means
  if (op.kind === 'activation' && op.activation === 'softmax') return builder.taken(op);
  const name = op.kind === 'dropout' ? 'dropout' : op.activation;
  throw new PlanError(
    op.layer,
    `layer "${op.layer}" ends the model in ${name}, but cross-entropy needs softmax or a linear layer there; change it, or the loss to "mean-squared-error"`,
  );
}
