/** Operations of a plan as layers of Keras, or in words what Keras has no layer for. */
import type {
  Activation,
  ActivationOp,
  Conv2DOp,
  Padding,
  Pair,
  ParameterId,
  Plan,
  PlanOp,
  PoolOp,
} from '../training/plan/plan';

/** Who is to read the model. */
export type Reader = 'keras' | 'tfjs';

export interface LayerShape {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** In Keras' order. */
  readonly weights?: readonly { readonly weight: string; readonly parameter: ParameterId }[];
}

export interface Written {
  readonly layer: LayerShape;
  /** Zeros around its input. */
  readonly before?: LayerShape;
}

/** Names that mean the same in Keras 2, Keras 3 and TensorFlow.js. */
const names: Readonly<Partial<Record<Activation, string>>> = {
  linear: 'linear',
  relu: 'relu',
  selu: 'selu',
  gelu: 'gelu',
  swish: 'swish',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  softmax: 'softmax',
};
const channelsLast = { data_format: 'channels_last' };

/** @returns null where it has to be a layer of its own */
export function activationName({ activation }: ActivationOp): string | null {
  return names[activation] ?? null;
}

export function activationLayer(op: ActivationOp, reader: Reader): Written | string {
  const { activation, alpha } = op;
  const name = activationName(op);
  if (name !== null) return { layer: { className: 'Activation', config: { activation: name } } };
  if (activation === 'leaky-relu') return { layer: { className: 'LeakyReLU', config: { alpha } } };
  if (activation === 'elu') return { layer: { className: 'ELU', config: { alpha } } };
  if (activation === 'relu6') return { layer: { className: 'ReLU', config: { max_value: 6 } } };
  if (activation === 'gelu-tanh' && reader === 'tfjs') {
    return { layer: { className: 'Activation', config: { activation: 'gelu_new' } } };
  }
  return `the activation ${activation}`;
}

/** @param activation that the layer applies at its end; null: none */
export function opLayer(
  op: Exclude<PlanOp, ActivationOp>,
  plan: Plan,
  reader: Reader,
  activation: string | null,
): Written | string {
  const inputShape = plan.activations[op.inputs[0]!]!.shape;
  const outputShape = plan.activations[op.output]!.shape;
  const ends = activation ?? 'linear';
  switch (op.kind) {
    case 'dense':
      return {
        layer: {
          className: 'Dense',
          config: { units: outputShape[0], activation: ends, use_bias: op.bias !== null },
          weights: named([
            ['kernel', op.kernel],
            ['bias', op.bias],
          ]),
        },
      };
    case 'conv2d':
      return convolution(op, plan, reader, ends);
    case 'batch-normalization':
      return {
        layer: {
          className: 'BatchNormalization',
          config: {
            axis: -1,
            momentum: op.momentum,
            epsilon: op.epsilon,
            center: op.beta !== null,
            scale: op.gamma !== null,
          },
          weights: named([
            ['gamma', op.gamma],
            ['beta', op.beta],
            ['moving_mean', op.movingMean],
            ['moving_variance', op.movingVariance],
          ]),
        },
      };
    case 'layer-normalization':
      return {
        layer: {
          className: 'LayerNormalization',
          config: { axis: -1, epsilon: op.epsilon, center: op.beta !== null, scale: op.gamma !== null },
          weights: named([
            ['gamma', op.gamma],
            ['beta', op.beta],
          ]),
        },
      };
    case 'max-pool':
    case 'average-pool':
      return pool(op, inputShape);
    case 'zero-padding':
      return { layer: zeroPadding(op.padding) };
    case 'add':
      return { layer: { className: 'Add', config: {} } };
    case 'concatenate':
      return { layer: { className: 'Concatenate', config: { axis: -1 } } };
    case 'reshape':
      return {
        layer:
          outputShape.length === 1
            ? { className: 'Flatten', config: channelsLast }
            : { className: 'Reshape', config: { target_shape: outputShape } },
      };
    case 'dropout':
      return { layer: { className: 'Dropout', config: { rate: op.rate, seed: null, noise_shape: null } } };
  }
}

function convolution(op: Conv2DOp, plan: Plan, reader: Reader, activation: string): Written | string {
  const { kernelSize, strides, dilations, groups } = op;
  const [inputShape, outputShape] = [plan.activations[op.inputs[0]!]!.shape, plan.activations[op.output]!.shape];
  const kernel = plan.parameters[op.kernel]!;
  const ends = { activation, use_bias: op.bias !== null };
  if (kernel.shape.length === 2) {
    // a Dense layer on the last axis of an image
    const weights = named([
      ['kernel', op.kernel],
      ['bias', op.bias],
    ]);
    return { layer: { className: 'Dense', config: { units: kernel.shape[1], ...ends }, weights } };
  }
  const { mode, before } = paddingOf(op, inputShape);
  const window = { kernel_size: kernelSize, strides, dilation_rate: dilations, padding: mode, ...channelsLast };
  if (groups > 1 && groups === inputShape[2] && kernel.shape[2] === groups) {
    const config = { ...window, depth_multiplier: kernel.shape[3], ...ends };
    const weights = named([
      ['depthwise_kernel', op.kernel],
      ['bias', op.bias],
    ]);
    return { layer: { className: 'DepthwiseConv2D', config, weights }, ...before };
  }
  if (groups > 1 && reader === 'tfjs') return `a convolution in ${String(groups)} groups`;
  const config = { ...window, filters: outputShape[2], ...(groups > 1 && { groups }), ...ends };
  return {
    layer: {
      className: 'Conv2D',
      config,
      weights: named([
        ['kernel', op.kernel],
        ['bias', op.bias],
      ]),
    },
    ...before,
  };
}

function pool({ kind, size, strides, padding }: PoolOp, inputShape: readonly number[]): Written | string {
  const mode = modeOf(padding, inputShape, size, strides, [1, 1]);
  if (mode === null) return 'a pool with padding that is neither "valid" nor "same"';
  const className = kind === 'max-pool' ? 'MaxPooling2D' : 'AveragePooling2D';
  return { layer: { className, config: { pool_size: size, strides, padding: mode, ...channelsLast } } };
}

function paddingOf(
  { padding, kernelSize, strides, dilations }: Conv2DOp,
  inputShape: readonly number[],
): { readonly mode: 'valid' | 'same'; readonly before?: { readonly before: LayerShape } } {
  const mode = modeOf(padding, inputShape, kernelSize, strides, dilations);
  return mode === null ? { mode: 'valid', before: { before: zeroPadding(padding) } } : { mode };
}

/** Keras' word for it; null: there is none. */
function modeOf(
  { top, bottom, left, right }: Padding,
  [height, width]: readonly number[],
  size: Pair,
  strides: Pair,
  dilations: Pair,
): 'valid' | 'same' | null {
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return 'valid';
  const rows = sameAround(height!, size[0], strides[0], dilations[0]);
  const columns = sameAround(width!, size[1], strides[1], dilations[1]);
  const isSame = rows.join() === [top, bottom].join() && columns.join() === [left, right].join();
  return isSame ? 'same' : null;
}

/** TensorFlow's "same": as many places as strides fit, the odd row of zeros behind. */
function sameAround(length: number, size: number, stride: number, dilation: number): Pair {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + (size - 1) * dilation + 1 - length);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function zeroPadding({ top, bottom, left, right }: Padding): LayerShape {
  const padding = [
    [top, bottom],
    [left, right],
  ];
  return { className: 'ZeroPadding2D', config: { padding, ...channelsLast } };
}

function named(weights: readonly (readonly [string, ParameterId | null])[]): LayerShape['weights'] & {} {
  return weights.flatMap(([weight, parameter]) => (parameter === null ? [] : [{ weight, parameter }]));
}
