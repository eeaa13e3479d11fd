/** One small function for each kind of layer that training plans cover: Keras' configuration → ops of the plan. */
import * as z from 'zod';
import type { Layer } from '../../models/topology';
import { sizeOf, type PlanBuilder } from './builder';
import { initializerJson, toInitializer } from './initializer';
import { PlanError, type Activation } from './plan';

type Lowering = (builder: PlanBuilder, layer: Layer) => void;

/** By Keras' class name. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  InputLayer: () => undefined,
  Dense: dense,
  Flatten: builder => {
    builder.reshape([sizeOf(builder.outputShape)]);
  },
  Reshape: reshape,
  Dropout: dropout,
  Activation: activation,
  ReLU: relu,
  LeakyReLU: leakyRelu,
  Softmax: softmax,
};

const kerasActivations: Readonly<Record<string, Activation>> = {
  linear: 'linear',
  relu: 'relu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  softmax: 'softmax',
};

/** What is configured but would be left out of training: better refused than silently ignored. */
const absent = z.null({ error: 'is not covered by training plans yet; leave it out' }).optional();
const trained = z
  .literal(true, { error: 'must be true: frozen layers are not covered by training plans yet' })
  .optional();

const denseConfig = z.looseObject({
  units: z.int().min(1),
  activation: z.unknown(),
  use_bias: z.boolean().default(true),
  kernel_initializer: initializerJson.default('glorot_uniform'),
  bias_initializer: initializerJson.default('zeros'),
  kernel_regularizer: absent,
  bias_regularizer: absent,
  activity_regularizer: absent,
  kernel_constraint: absent,
  bias_constraint: absent,
  lora_rank: absent,
  trainable: trained,
});

function dense(builder: PlanBuilder, layer: Layer): void {
  const config = configOf(layer, denseConfig);
  const shape = builder.outputShape;
  if (shape.length !== 1) {
    throw new PlanError(
      layer.name,
      `layer "${layer.name}" (Dense) gets examples of shape [${shape.join(', ')}]; put a Flatten layer before it`,
    );
  }
  builder.dense(
    layer.name,
    config.units,
    toInitializer(layer.name, config.kernel_initializer),
    config.use_bias ? toInitializer(layer.name, config.bias_initializer) : null,
  );
  activate(builder, layer, config.activation ?? 'linear');
}

function reshape(builder: PlanBuilder, layer: Layer): void {
  const { target_shape: target } = configOf(
    layer,
    z.looseObject({ target_shape: z.array(z.int().min(-1).nullable()).min(1) }),
  );
  const size = sizeOf(builder.outputShape);
  const known = target.reduce<number>((product, n) => (n === null || n < 0 ? product : product * n), 1);
  const open = target.filter(n => n === null || n < 0).length;
  const shape = target.map(n => (n === null || n < 0 ? size / known : n));
  if (open > 1 || sizeOf(shape) !== size || !shape.every(Number.isInteger)) {
    throw new PlanError(
      layer.name,
      `layer "${layer.name}" (Reshape) cannot make [${target.join(', ')}] of [${builder.outputShape.join(', ')}]`,
    );
  }
  builder.reshape(shape);
}

function dropout(builder: PlanBuilder, layer: Layer): void {
  const config = configOf(layer, z.looseObject({ rate: z.number().min(0).lt(1), noise_shape: absent }));
  builder.dropout(layer.name, config.rate);
}

function activation(builder: PlanBuilder, layer: Layer): void {
  activate(builder, layer, layer.config['activation']);
}

function activate(builder: PlanBuilder, layer: Layer, name: unknown): void {
  const known = typeof name === 'string' && Object.hasOwn(kerasActivations, name) ? kerasActivations[name] : undefined;
  if (known === undefined) {
    const written = typeof name === 'string' ? name : JSON.stringify(name);
    throw new PlanError(
      layer.name,
      `layer "${layer.name}": the activation ${written} is not covered by training plans yet`,
    );
  }
  if (known === 'softmax') flatOnly(builder, layer);
  builder.activation(layer.name, known);
}

function relu(builder: PlanBuilder, layer: Layer): void {
  const zero = z.literal(0, { error: 'is not covered by training plans yet; leave it at 0' }).nullish();
  const config = configOf(
    layer,
    z.looseObject({ max_value: absent, threshold: zero, negative_slope: z.number().min(0).nullish() }),
  );
  const slope = config.negative_slope ?? 0;
  if (slope === 0) builder.activation(layer.name, 'relu');
  else builder.activation(layer.name, 'leaky-relu', slope);
}

function leakyRelu(builder: PlanBuilder, layer: Layer): void {
  // Keras 2 and TensorFlow.js call the slope alpha, Keras 3 negative_slope
  const slope = z.number().min(0).optional();
  const config = configOf(layer, z.looseObject({ alpha: slope, negative_slope: slope }));
  builder.activation(layer.name, 'leaky-relu', config.negative_slope ?? config.alpha ?? 0.3);
}

function softmax(builder: PlanBuilder, layer: Layer): void {
  flatOnly(builder, layer);
  // counted with the batch axis, the last axis of a flat example is 1
  configOf(
    layer,
    z.looseObject({ axis: z.union([z.literal(-1), z.literal(1)], { error: 'must be the last axis' }).default(-1) }),
  );
  builder.activation(layer.name, 'softmax');
}

function flatOnly(builder: PlanBuilder, layer: Layer): void {
  if (builder.outputShape.length === 1) return;
  throw new PlanError(
    layer.name,
    `layer "${layer.name}": softmax of examples of shape [${builder.outputShape.join(', ')}] is not covered by training plans yet`,
  );
}

function configOf<T>(layer: Layer, schema: z.ZodType<T>): T {
  const result = schema.safeParse(layer.config);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new PlanError(layer.name, `layer "${layer.name}" (${layer.className}): ${path.join('.')} ${message}`);
}
