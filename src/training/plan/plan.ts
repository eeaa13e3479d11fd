/**
 * The training plan: a model lowered once to a static list of layer kernels over numbered activations. Executors
 * (wasm, webgpu) walk it; it holds no weights. Shapes leave the batch dimension out; layouts are Keras' (channels last,
 * Dense kernels [in, out]) – an executor is free to store them otherwise inside.
 */

export type Activation =
  | 'linear'
  | 'relu'
  | 'relu6'
  | 'leaky-relu'
  | 'elu'
  | 'selu'
  /** x · Φ(x), exactly (by erf). */
  | 'gelu'
  /** Its tanh approximation (Hendrycks & Gimpel 2016). */
  | 'gelu-tanh'
  /** x · sigmoid(x) */
  | 'swish'
  /** x · relu6(x + 3) / 6 */
  | 'hard-swish'
  | 'tanh'
  | 'sigmoid'
  /** relu6(x + 3) / 6, as in Keras 3 and PyTorch. */
  | 'hard-sigmoid'
  | 'softmax';

/** Index into `Plan.activations`. */
export type ActivationId = number;
/** Index into `Plan.parameters`. */
export type ParameterId = number;

export type ParameterRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving-mean' | 'moving-variance';

export interface PlanParameter {
  /** Unique, `<layer>/<weight>` as Keras names it, e.g. `dense_1/kernel`, `bn/moving_mean`, `dw/depthwise_kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  readonly size: number;
  /** Kernels only; never biases or normalisation. */
  readonly prunable: boolean;
  /** Moving statistics are not: training moves them, but no gradient does; they are saved and rewound like the rest. */
  readonly trainable: boolean;
  readonly initializer: Initializer;
}

/** How θ₀ is drawn; Keras' semantics. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | {
      readonly kind: 'variance-scaling';
      readonly scale: number;
      readonly mode: 'fan-in' | 'fan-out' | 'fan-avg';
      readonly distribution: 'normal' | 'truncated-normal' | 'uniform';
    }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number; readonly truncated: boolean }
  | { readonly kind: 'uniform'; readonly minimum: number; readonly maximum: number }
  /** Rows or columns, whichever are fewer, are orthonormal times `gain` (Saxe et al. 2014); all axes but the last are one. */
  | { readonly kind: 'orthogonal'; readonly gain: number }
  /** As many blocks of equal length along the last axis, each with its own. */
  | { readonly kind: 'blocks'; readonly blocks: readonly Initializer[] };

interface OpBase {
  /** Name of the layer it came from. */
  readonly layer: string;
  /** In order; all but add and concatenate take one. */
  readonly inputs: readonly ActivationId[];
  readonly output: ActivationId;
}

/** Of height, then width. */
export type Pair = readonly [number, number];

/** Rows and columns of zeros around an image. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** y = x · kernel + bias; kernel [in, out], x flattened. */
export interface DenseOp extends OpBase {
  readonly kind: 'dense';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | null;
}

/**
 * Cross-correlation; kernel [height, width, in / groups, out]. Output channel o sees input channels of its group only,
 * ⌊o · groups / out⌋. A depthwise convolution is one with groups = in; its kernel [height, width, in, multiplier] holds
 * the same values in the same order.
 */
export interface Conv2DOp extends OpBase {
  readonly kind: 'conv2d';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | null;
  readonly kernelSize: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
  readonly groups: number;
}

/**
 * Per channel (last axis): while training by mean and biased variance of the batch over all other axes, which also move
 * the moving statistics, moving = momentum · moving + (1 − momentum) · batch; otherwise by the moving statistics.
 */
export interface BatchNormalizationOp extends OpBase {
  readonly kind: 'batch-normalization';
  readonly gamma: ParameterId | null;
  readonly beta: ParameterId | null;
  readonly movingMean: ParameterId;
  readonly movingVariance: ParameterId;
  readonly epsilon: number;
  /** Keras' sense: the share of the old value; PyTorch's is 1 minus it. */
  readonly momentum: number;
  /** Whether the moving variance takes in the batch's variance times n/(n − 1), as in PyTorch, or as it is, as in Keras. */
  readonly unbiased: boolean;
}

/** Over the last axis of each example (channels of each pixel), biased variance. */
export interface LayerNormalizationOp extends OpBase {
  readonly kind: 'layer-normalization';
  readonly gamma: ParameterId | null;
  readonly beta: ParameterId | null;
  readonly epsilon: number;
}

/** Padding counts as −∞ for the maximum, and not at all for the average. Global pooling is a pool over the whole image. */
export interface PoolOp extends OpBase {
  readonly kind: 'max-pool' | 'average-pool';
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
}

export interface ZeroPaddingOp extends OpBase {
  readonly kind: 'zero-padding';
  readonly padding: Padding;
}

/** Two or more inputs of one shape. */
export interface AddOp extends OpBase {
  readonly kind: 'add';
}

/** Along the last axis. */
export interface ConcatenateOp extends OpBase {
  readonly kind: 'concatenate';
}

/** The same values in the same order under another shape. */
export interface ReshapeOp extends OpBase {
  readonly kind: 'reshape';
}

/** Element by element (softmax over the last axis). `alpha`: slope below 0 of leaky-relu, scale below 0 of elu, else 0. */
export interface ActivationOp extends OpBase {
  readonly kind: 'activation';
  readonly activation: Activation;
  readonly alpha: number;
}

/** Inverted dropout while training, nothing otherwise. `rate`: share of zeros, 0 ≤ rate < 1. */
export interface DropoutOp extends OpBase {
  readonly kind: 'dropout';
  readonly rate: number;
}

export type PlanOp =
  | DenseOp
  | Conv2DOp
  | BatchNormalizationOp
  | LayerNormalizationOp
  | PoolOp
  | ZeroPaddingOp
  | AddOp
  | ConcatenateOp
  | ReshapeOp
  | ActivationOp
  | DropoutOp;

/** x · scale + offset of each channel (last axis), or one pair for all values. Scales are never 0. */
export interface Rescaling {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

export interface Plan {
  /** Shape of one example, channels last. */
  readonly inputShape: readonly number[];
  /**
   * What the model does to its input before all else, by constants that nobody trains: no op of the plan, but part of the
   * standardisation of its data (`rescaleData`). Left out: nothing.
   */
  readonly rescaling?: Rescaling;
  /**
   * Values per example of each activation: images [height, width, channels], or flat. Activation 0 is the input; each op
   * writes a new one from earlier ones, in order; the last op writes what the loss sees.
   */
  readonly activations: readonly { readonly shape: readonly number[]; readonly size: number }[];
  /** In an order in which each op's inputs come before it. An activation may feed several ops. */
  readonly ops: readonly PlanOp[];
  readonly parameters: readonly PlanParameter[];
  /**
   * Cross-entropy takes logits: a final softmax of the model is folded into it and is not among the ops. Mean squared
   * error takes outputs against one-hot labels, averaged over outputs and batch as in Keras.
   */
  readonly loss: 'cross-entropy' | 'mean-squared-error';
}

/** A model that no plan covers, or that does not fit its data: names the layer and says what to do. */
export class PlanError extends Error {
  constructor(
    readonly layer: string,
    message: string,
  ) {
    super(message);
    this.name = 'PlanError';
  }
}
