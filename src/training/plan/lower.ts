/** Lowers a model to a training plan, once it is known what data it is for. */
import * as z from 'zod';
import type { Model } from '../../models/model';
import { readTopology, type Layer, type LayerGraph } from '../../models/topology';
import { PlanBuilder, sizeOf } from './builder';
import { lowerings } from './layers';
import { PlanError, type Plan } from './plan';

export interface LoweringTarget {
  /** Shape of one example of the data, channels last. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly loss: Plan['loss'];
}

/**
 * @throws PlanError that names the layer that no plan covers, or that does not fit the data
 */
export function lowerModel(model: Pick<Model, 'topology'>, target: LoweringTarget): Plan {
  const { inputShape, classes, loss } = target;
  const layers = chain(readTopology(model.topology(inputShape, classes)));
  const builder = new PlanBuilder(inputShape, seenShape(layers[0]!, inputShape));
  for (const layer of layers) {
    const lower = Object.hasOwn(lowerings, layer.className) ? lowerings[layer.className] : undefined;
    if (lower === undefined) {
      throw new PlanError(
        layer.name,
        `layer "${layer.name}" (${layer.className}) is not covered by training plans yet; they cover ${Object.keys(lowerings).join(', ')}`,
      );
    }
    lower(builder, layer);
  }
  checkEnd(builder, layers.at(-1)!, classes);
  if (loss === 'cross-entropy') foldSoftmax(builder);
  return builder.finish(loss);
}

/** The layers in order, where each feeds just the next. */
function chain({ layers, outputs }: LayerGraph): readonly Layer[] {
  for (const [index, layer] of layers.entries()) {
    const previous = layers[index - 1]?.name;
    const follows = previous === undefined ? layer.inputs.length === 0 : layer.inputs.join('\n') === previous;
    if (!follows) {
      throw new PlanError(
        layer.name,
        `layer "${layer.name}" does not just follow the layer before it; only chains of layers are covered by training plans yet`,
      );
    }
  }
  const last = layers.at(-1)!.name;
  if (outputs.join('\n') !== last) {
    throw new PlanError(
      last,
      `the model's outputs are "${outputs.join('", "')}", but training plans cover only models with one output at their end yet`,
    );
  }
  return layers;
}

const declaredShape = z.array(z.int().min(1).nullable()).min(2).nullish();

/**
 * The shape in which the model sees an example: its own, where the values lie in the same order as in the data's.
 * That is so for equal shapes, for a flat one of equal size, and for shapes that differ by axes of length 1.
 */
function seenShape(first: Layer, data: readonly number[]): readonly number[] {
  const parsed = declaredShape.safeParse(first.config['batch_input_shape'] ?? first.config['batch_shape']);
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

function checkEnd(builder: PlanBuilder, last: Layer, classes: number): void {
  if (!builder.ops.some(op => op.kind === 'dense')) {
    throw new PlanError(last.name, 'the model has no layer with weights, so there is nothing to train or prune');
  }
  const shape = builder.outputShape;
  if (shape.length !== 1 || shape[0] !== classes) {
    const outputs = shape.length === 1 ? `${shape[0]!} output${shape[0] === 1 ? '' : 's'}` : `[${shape.join(', ')}]`;
    throw new PlanError(
      last.name,
      `the model ends in ${outputs} but the data has ${classes} classes; give layer "${last.name}" one output a class`,
    );
  }
}

/** Cross-entropy takes logits: a softmax at the end goes into it; any other function there is a mistake. */
function foldSoftmax(builder: PlanBuilder): void {
  const last = builder.ops.at(-1)!;
  if (last.kind === 'dense') return;
  if (last.kind === 'activation' && last.activation === 'softmax') {
    builder.dropLast();
    return;
  }
  const name = last.kind === 'dropout' ? 'dropout' : last.activation;
  throw new PlanError(
    last.layer,
    `layer "${last.layer}" ends the model in ${name}, but cross-entropy needs softmax or a linear layer there; change it, or the loss to "mean-squared-error"`,
  );
}
