/** Activation functions: by name in a layer's configuration, and layers of their own. */
import * as z from 'zod';
import { safeParse } from '../../../shared/check';
import type { Value } from '../builder';
import { PlanError, type Activation } from '../plan';
import { absent, configOf, lastAxisOnly, only, refusal, type Lowering, type LoweringSite } from './lowering';

/** Slope below 0 of the function `leaky_relu`, which is not that of the layer LeakyReLU. */
const leakySlope = 0.2;

/** [activation, alpha] by Keras' names. TensorFlow.js writes them in camel case. */
const named: Readonly<Record<string, readonly [Activation, number]>> = {
  linear: ['linear', 0],
  relu: ['relu', 0],
  relu6: ['relu6', 0],
  leaky_relu: ['leaky-relu', leakySlope],
  elu: ['elu', 1],
  selu: ['selu', 0],
  gelu: ['gelu', 0],
  // TensorFlow.js' name of the tanh approximation
  gelu_new: ['gelu-tanh', 0],
  swish: ['swish', 0],
  silu: ['swish', 0],
  hard_swish: ['hard-swish', 0],
  hard_silu: ['hard-swish', 0],
  tanh: ['tanh', 0],
  sigmoid: ['sigmoid', 0],
  hard_sigmoid: ['hard-sigmoid', 0],
  softmax: ['softmax', 0],
};

const functionJson = z.looseObject({ class_name: z.literal('function'), config: z.string() });
const layerJson = z.looseObject({ class_name: z.string(), config: z.looseObject({}) });

/** Applies what a layer names after its own work: a function, or a layer that is one. */
export function activate(site: LoweringSite, input: Value, written: unknown): Value {
  const asLayer = safeParse(layerJson, written).data;
  if (asLayer !== undefined && Object.hasOwn(layers, asLayer.class_name)) {
    const layer = { ...site.layer, className: asLayer.class_name, config: asLayer.config };
    return layers[asLayer.class_name]!({ ...site, layer, inputs: [input] });
  }
  return applyNamed(site, input, safeParse(functionJson, written).data?.config ?? written);
}

function applyNamed(site: LoweringSite, input: Value, name: unknown): Value {
  const { builder, layer, keras } = site;
  const written = typeof name === 'string' ? name : JSON.stringify(name ?? null);
  const snake = written.replaceAll(/[a-z0-9](?=[A-Z])/g, letter => `${letter}_`).toLowerCase();
  const found = typeof name === 'string' && Object.hasOwn(named, snake) ? named[snake] : undefined;
  if (found === undefined) {
    throw new PlanError(
      layer.name,
      `layer "${layer.name}": the activation ${written} is not covered by training plans yet; they cover ${Object.keys(named).join(', ')}`,
    );
  }
  const [activation, alpha] = found;
  if (activation === 'softmax') flatOnly(site, input);
  if (activation === 'hard-sigmoid' && keras !== 3) {
    // 0.2·x + 0.5 between 0 and 1 in Keras 2 and TensorFlow.js, relu6(x + 3) / 6 in Keras 3
    const reason =
      keras === 2
        ? 'is that of Keras 2 and TensorFlow.js, which training plans do not cover'
        : 'means one thing in Keras 2 and TensorFlow.js and another in Keras 3, and the file does not say which wrote it ("keras_version")';
    throw refusal(layer, `has the activation hard_sigmoid, which ${reason}; use sigmoid, or save the model by Keras 3`);
  }
  return builder.activation(layer.name, input, activation, alpha);
}

const activation: Lowering = site => activate(site, only(site), site.layer.config['activation']);

const relu: Lowering = site => {
  const { builder, layer } = site;
  const zero = z.literal(0, { error: 'is not covered by training plans yet; leave it at 0' }).nullish();
  const slope = z.number().min(0).nullish();
  const six = z.literal(6, { error: 'is covered by training plans at 6 only' }).nullish();
  const config = configOf(
    layer,
    z.looseObject({ max_value: six, threshold: zero, negative_slope: slope, alpha: slope }),
  );
  const below = config.negative_slope ?? config.alpha ?? 0;
  if (config.max_value === 6) {
    if (below !== 0)
      throw refusal(layer, 'has max_value and negative_slope, which training plans do not cover together');
    return builder.activation(layer.name, only(site), 'relu6');
  }
  return below === 0
    ? builder.activation(layer.name, only(site), 'relu')
    : builder.activation(layer.name, only(site), 'leaky-relu', below);
};

const leakyRelu: Lowering = site => {
  // Keras 2 and TensorFlow.js call the slope alpha, Keras 3 negative_slope
  const slope = z.number().min(0).optional();
  const config = configOf(site.layer, z.looseObject({ alpha: slope, negative_slope: slope }));
  const alpha = config.negative_slope ?? config.alpha ?? 0.3;
  return site.builder.activation(site.layer.name, only(site), 'leaky-relu', alpha);
};

const elu: Lowering = site => {
  const { alpha } = configOf(site.layer, z.looseObject({ alpha: z.number().min(0).default(1) }));
  return site.builder.activation(site.layer.name, only(site), 'elu', alpha);
};

const softmax: Lowering = site => {
  const input = only(site);
  flatOnly(site, input);
  const { axis } = configOf(site.layer, z.looseObject({ axis: z.unknown().optional(), mask: absent }));
  lastAxisOnly(site.layer, axis, input.shape);
  return site.builder.activation(site.layer.name, input, 'softmax');
};

function flatOnly({ layer }: LoweringSite, { shape }: Value): void {
  if (shape.length === 1) return;
  throw new PlanError(
    layer.name,
    `layer "${layer.name}": softmax of examples of shape [${shape.join(', ')}] is not covered by training plans yet; put a Flatten layer before it`,
  );
}

const layers: Readonly<Record<string, Lowering>> = { ReLU: relu, LeakyReLU: leakyRelu, ELU: elu, Softmax: softmax };

export const activations = { Activation: activation, ...layers };
