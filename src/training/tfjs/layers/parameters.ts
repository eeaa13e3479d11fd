/** The parameters of a LayersModel: which weights it has, in forward order, and how Keras draws them. */
import * as z from 'zod';
import type { Layer } from '../../../models/topology';
import type { NetworkParameter } from '../../network';
import { initializerJson, toInitializer, type InitializerJson } from '../../plan/initializer';
import type { Initializer } from '../../plan/plan';
import type { LayersModel, Variable } from '../namespace';
import { wrappedLayer } from './config';

export interface LayerWeight {
  /** `<layer>/<weight>`, or `<layer>/forward_<wrapped>/<weight>`. */
  readonly name: string;
  readonly layer: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly variable: Variable;
}

/** Every weight of the model, layer by layer. */
export function weightsOf(model: LayersModel): LayerWeight[] {
  return model.layers.flatMap(({ name: layer, weights }) =>
    weights.map(weight => ({
      name: weight.originalName,
      layer,
      shape: weight.shape as number[],
      trainable: weight.trainable,
      // a LayerVariable keeps its variable to itself; gradients need the very one
      variable: (weight as unknown as { readonly val: Variable }).val,
    })),
  );
}

/** @throws PlanError for an initialiser that is not known */
export function parameterOf(weight: LayerWeight, layers: ReadonlyMap<string, Layer>): NetworkParameter {
  const { name, layer, shape, trainable } = weight;
  const kind = name.slice(name.lastIndexOf('/') + 1);
  return {
    name,
    layer,
    shape,
    size: shape.reduce((product, n) => product * n, 1),
    prunable: kind.endsWith('kernel'),
    trainable,
    initializer: initializerOf(kind, layers.get(layer)!),
  };
}

const defaults: Readonly<Record<string, string>> = {
  kernel: 'glorot_uniform',
  depthwise_kernel: 'glorot_uniform',
  pointwise_kernel: 'glorot_uniform',
  recurrent_kernel: 'orthogonal',
  embeddings: 'random_uniform',
  gamma: 'ones',
  moving_variance: 'ones',
};

function initializerOf(kind: string, layer: Layer): Initializer {
  const wrapped = layer.config['layer'];
  const { className, config } =
    wrapped === undefined
      ? layer
      : wrappedLayer({ name: layer.name, className: layer.className, keras: null }, wrapped);
  const written = config[`${kind.replace(/_kernel$/, '')}_initializer`];
  const json: InitializerJson = initializerJson.catch(defaults[kind] ?? 'zeros').parse(written);
  const initializer = toInitializer(layer.name, json);
  const forgets = className === 'LSTM' || className === 'ConvLSTM2D';
  if (kind !== 'bias' || !forgets || !z.boolean().catch(false).parse(config['unit_forget_bias'])) return initializer;
  // in the order of the gates: input, forget, cell, output (Jozefowicz et al. 2015)
  const one: Initializer = { kind: 'constant', value: 1 };
  return { kind: 'blocks', blocks: [initializer, one, initializer, initializer] };
}
