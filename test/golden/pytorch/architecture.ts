/** The architecture of a case, as its JSON lists PyTorch's layers → a training plan. */
import { z } from 'zod';
import { PlanBuilder, type Value } from '../../../src/training/plan/builder';
import type { Activation, Padding, Pair, Plan } from '../../../src/training/plan/plan';
import { imageOrder } from './layouts';

export interface TorchPlan {
  readonly plan: Plan;
  /** By layer: where each input of a layer that comes after a flattened image lies in PyTorch's order. */
  readonly inputOrders: ReadonlyMap<string, Int32Array>;
}

/** An op, or an option of one, that is not understood. */
export class NotCovered extends Error {}

type Json = Record<string, unknown>;

const architectureSchema = z.looseObject({
  input_shape: z.array(z.int().min(1)).min(1),
  layers: z.array(z.looseObject({ op: z.string() })),
  loss: z.string().optional(),
});

const pair = z.union([z.int().min(0), z.tuple([z.int().min(0), z.int().min(0)])]).transform(toPair);
const name = z.string();
const linearSchema = z.looseObject({ name, out: z.int(), bias: z.boolean().default(true) });
const convolutionSchema = z.looseObject({
  name,
  out: z.int(),
  kernel: pair,
  stride: pair.default([1, 1]),
  padding: z.union([z.enum(['same', 'valid']), pair]).default([0, 0]),
  dilation: pair.default([1, 1]),
  groups: z.int().default(1),
  bias: z.boolean().default(true),
  padding_mode: z.literal('zeros').optional(),
});
const batchNormalizationSchema = z.looseObject({
  name,
  eps: z.number().default(1e-5),
  momentum: z.number().default(0.1),
  affine: z.boolean().default(true),
  track_running_stats: z.literal(true).optional(),
});
const layerNormalizationSchema = z.looseObject({
  name,
  eps: z.number().default(1e-5),
  elementwise_affine: z.boolean().default(true),
});
const poolSchema = z.looseObject({
  kernel: pair,
  stride: pair.optional(),
  padding: pair.default([0, 0]),
  dilation: z.union([z.literal(1), z.tuple([z.literal(1), z.literal(1)])]).optional(),
  ceil_mode: z.literal(false).optional(),
  count_include_pad: z.boolean().default(true),
});
const layersSchema = z.array(z.looseObject({ op: z.string() }));
const residualSchema = z.looseObject({
  main: layersSchema,
  shortcut: z.union([z.literal('identity'), layersSchema, z.null()]).default('identity'),
  after_add: z.union([z.string(), z.null()]).default(null),
});
const concatenationSchema = z.looseObject({ branches: z.array(layersSchema).min(2) });

const activations: Readonly<Record<string, Activation>> = {
  identity: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  leaky_relu: 'leaky-relu',
  leakyrelu: 'leaky-relu',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  silu: 'swish',
  swish: 'swish',
  hardswish: 'hard-swish',
  hardsigmoid: 'hard-sigmoid',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
};

/** Weights come from the case. */
const given = { kind: 'constant', value: 0 } as const;

/** @throws NotCovered where the case asks for what no plan can do */
export function planOf(json: unknown): TorchPlan {
  const { input_shape, layers, loss } = read(architectureSchema, json as Json, 'architecture');
  if (loss !== undefined && !/^softmax cross-entropy/.test(loss)) throw new NotCovered(`loss "${loss}"`);
  const [channels, height, width] = input_shape;
  const translation = new Translation(
    height === undefined || width === undefined ? input_shape : [height, width, channels!],
  );
  const output = translation.chain(layers, translation.builder.input);
  return { plan: translation.builder.finish(output, 'cross-entropy'), inputOrders: translation.inputOrders };
}

class Translation {
  readonly builder: PlanBuilder;
  readonly inputOrders = new Map<string, Int32Array>();
  /** By value: PyTorch's order of what was an image before it was flattened. */
  private readonly flattened = new Map<number, Int32Array>();
  private unnamed = 0;

  constructor(inputShape: readonly number[]) {
    this.builder = new PlanBuilder(inputShape);
  }

  chain(layers: readonly Json[], input: Value): Value {
    return layers.reduce((value, layer) => this.layer(layer, value), input);
  }

  private layer(json: Json, input: Value): Value {
    const op = String(json['op']).toLowerCase();
    const layer = typeof json['name'] === 'string' ? json['name'] : `${op}_${String(++this.unnamed)}`;
    const order = this.flattened.get(input.id);
    switch (op) {
      case 'flatten':
        return this.flatten(layer, input);
      case 'linear': {
        const { name, out, bias } = read(linearSchema, json, op);
        const flat = this.flatten(layer, input);
        this.remember(name, this.flattened.get(flat.id));
        return this.builder.dense(name, flat, out, given, bias ? given : null);
      }
      case 'batchnorm1d':
      case 'batchnorm2d':
      case 'batchnorm': {
        const { name, eps, momentum, affine } = read(batchNormalizationSchema, json, op);
        const weights = affine ? given : null;
        this.remember(name, order);
        return this.same(
          input,
          this.builder.batchNormalization(name, input, {
            gamma: weights,
            beta: weights,
            movingMean: given,
            movingVariance: given,
            epsilon: eps,
            momentum: 1 - momentum,
            unbiased: true,
          }),
        );
      }
      case 'layernorm': {
        // PyTorch's takes all axes of an example, the plan's the channels: the same for flat examples only
        if (input.shape.length !== 1) throw new NotCovered('layernorm of images');
        const { name, eps, elementwise_affine } = read(layerNormalizationSchema, json, op);
        const weights = elementwise_affine ? given : null;
        this.remember(name, order);
        return this.same(
          input,
          this.builder.layerNormalization(name, input, { gamma: weights, beta: weights, epsilon: eps }),
        );
      }
      case 'conv2d':
      case 'depthwise_conv2d':
        return this.convolution(read(convolutionSchema, json, op), input);
      case 'maxpool2d':
      case 'avgpool2d':
        return this.pool(layer, op, read(poolSchema, json, op), input);
      case 'global_avgpool':
      case 'global_maxpool': {
        const kind = op === 'global_avgpool' ? 'average-pool' : 'max-pool';
        return this.builder.globalPool(layer, input, kind);
      }
      case 'residual': {
        const { main, shortcut, after_add } = read(residualSchema, json, op);
        const sum = this.builder.add(layer, [
          this.chain(main, input),
          Array.isArray(shortcut) ? this.chain(shortcut, input) : input,
        ]);
        return after_add === null || after_add === 'none' ? sum : this.layer({ op: after_add }, sum);
      }
      case 'concat': {
        const { branches } = read(concatenationSchema, json, op);
        return this.builder.concatenate(
          layer,
          branches.map(branch => this.chain(branch, input)),
        );
      }
      case 'dropout':
        if (json['p'] !== 0) throw new NotCovered(op); // what it drops is the peer's secret
        return input;
      default:
        return this.same(input, this.activation(layer, op, json, input));
    }
  }

  private activation(layer: string, op: string, json: Json, input: Value): Value {
    const activation = Object.hasOwn(activations, op) ? activations[op] : undefined;
    if (activation === undefined) throw new NotCovered(op);
    if (activation === 'gelu' && json['approximate'] === 'tanh') {
      return this.builder.activation(layer, input, 'gelu-tanh');
    }
    const { negative_slope: slope, alpha } = read(
      z.looseObject({ negative_slope: z.number().default(0.01), alpha: z.number().default(1) }),
      json,
      op,
    );
    const parameter = activation === 'leaky-relu' ? slope : activation === 'elu' ? alpha : 0;
    return this.builder.activation(layer, input, activation, parameter);
  }

  private convolution(json: z.infer<typeof convolutionSchema>, input: Value): Value {
    const { padding } = json;
    return this.builder.conv2d(json.name, input, {
      filters: json.out,
      kernelSize: json.kernel,
      strides: json.stride,
      dilations: json.dilation,
      groups: json.groups,
      padding: typeof padding === 'string' ? padding : around(padding),
      kernel: given,
      bias: json.bias ? given : null,
    });
  }

  private pool(layer: string, op: string, json: z.infer<typeof poolSchema>, input: Value): Value {
    const { kernel: size, stride: strides = size } = json;
    const padding = around(json.padding);
    if (op === 'maxpool2d') return this.builder.pool(layer, input, 'max-pool', { size, strides, padding });
    // PyTorch's average counts the zeros around the image, unless it is told not to
    return json.count_include_pad
      ? this.builder.pool(layer, this.builder.zeroPadding(layer, input, padding), 'average-pool', {
          size,
          strides,
          padding: 'valid',
        })
      : this.builder.pool(layer, input, 'average-pool', { size, strides, padding });
  }

  private flatten(layer: string, input: Value): Value {
    if (input.shape.length === 1) return input;
    const flat = this.builder.reshape(layer, input, [input.shape.reduce((product, n) => product * n, 1)]);
    this.flattened.set(flat.id, imageOrder(input.shape));
    return flat;
  }

  /** The value of an op that leaves each value in its place. */
  private same(input: Value, output: Value): Value {
    const order = this.flattened.get(input.id);
    if (order) this.flattened.set(output.id, order);
    return output;
  }

  private remember(layer: string, order: Int32Array | undefined): void {
    if (order) this.inputOrders.set(layer, order);
  }
}

function toPair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}

function around([vertical, horizontal]: Pair): Padding {
  return { top: vertical, bottom: vertical, left: horizontal, right: horizontal };
}

/** @throws NotCovered that names the option that is not as plans have it */
function read<T>(schema: z.ZodType<T>, json: Json, op: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new NotCovered(`${op}: ${path.join('.')}: ${message}`);
}
