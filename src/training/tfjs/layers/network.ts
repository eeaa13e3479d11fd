/** Reads a model that no plan covers as a network of TensorFlow.js' layers: what it is made of, checked, without weights. */
import { readTopology, type Layer } from '../../../models/topology';
import type { Model } from '../../../models/model';
import type { LayersNetwork } from '../../network';
import { sizeOf } from '../../plan/geometry';
import { lowerings } from '../../plan/layers';
import { seenShape, type LoweringTarget } from '../../plan/lower';
import { orderLayers } from '../../plan/order';
import { PlanError } from '../../plan/plan';
import type { LayersModel } from '../namespace';
import { plainTf } from '../plain';
import { parameterOf, weightsOf } from './parameters';
import { topologyForTensorFlow } from './topology';

/** As training plans have at most. */
const mostWeights = 2 ** 28;

/**
 * @returns null where plans cover every kind of layer of the model
 * @throws PlanError that names the layer that cannot be trained, or that does not fit the data
 */
export async function readLayersNetwork(
  model: Pick<Model, 'topology'>,
  { inputShape: dataShape, classes, loss }: LoweringTarget,
): Promise<LayersNetwork | null> {
  const graph = readTopology(model.topology(dataShape, classes ?? 1));
  const ordered = orderLayers(graph);
  const uncovered = ordered.layers.find(({ className }) => !Object.hasOwn(lowerings, className));
  if (uncovered === undefined) return null;
  const inputShape = seenShape(ordered.input, dataShape);
  const topology = topologyForTensorFlow(ordered, graph.keras, inputShape, loss);
  const { tf, layers } = plainTf();
  await tf.setBackend('cpu');
  const built = await build(uncovered, () =>
    layers.loadLayersModel(tf.io.fromMemory({ modelTopology: topology }), { strict: false }),
  );
  try {
    const outputs = outputsOf(built, ordered.output, classes);
    const byName = new Map(ordered.layers.map(layer => [layer.name, layer]));
    const parameters = weightsOf(built).map(weight => parameterOf(weight, byName));
    checkWeights(parameters, ordered.output);
    return {
      inputShape,
      parameters,
      loss,
      outputs,
      values: built.layers.reduce((sum, { outputShape }) => sum + valuesOf(outputShape), 0),
      topology,
      layers: ordered.layers.map(({ name, inputs }) => ({ name, inputs })),
      uncovered: { layer: uncovered.name, className: uncovered.className },
    };
  } finally {
    built.dispose();
  }
}

async function build(uncovered: Layer, load: () => Promise<LayersModel>): Promise<LayersModel> {
  try {
    return await load();
  } catch (error) {
    const reason = error instanceof RangeError ? 'it is too large' : (error as Error).message.split('\n')[0]!;
    throw new PlanError(
      uncovered.name,
      `the model with layer "${uncovered.name}" (${uncovered.className}), which no training plan covers, cannot be built by TensorFlow.js either: ${reason}`,
    );
  }
}

function outputsOf(model: LayersModel, last: Layer, classes: number | null): number {
  const shape = model.outputShape.slice(1) as number[];
  const wanted = classes ?? shape[0];
  if (shape.length === 1 && shape[0] === wanted) return shape[0]!;
  throw new PlanError(
    last.name,
    `the model ends in [${shape.join(', ')}] but the data has ${String(wanted)} classes; give layer "${last.name}" one output a class`,
  );
}

function checkWeights(parameters: LayersNetwork['parameters'], last: Layer): void {
  const weights = parameters.reduce((sum, { size }) => sum + size, 0);
  if (weights > mostWeights) {
    throw new PlanError(last.name, `the model has ${weights} weights; at most ${mostWeights} can be trained`);
  }
  if (!parameters.some(({ prunable }) => prunable)) {
    throw new PlanError(last.name, 'the model has no layer with kernels, so there is nothing to prune');
  }
}

function valuesOf(shape: unknown): number {
  const sizes = (Array.isArray(shape) ? shape : []).slice(1).map(n => (typeof n === 'number' ? n : 1));
  return sizeOf(sizes);
}
