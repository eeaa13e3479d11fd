/**
 * The training plan: a model lowered once to a static list of layer kernels over numbered activations. Executors
 * (wasm, webgpu) walk it; it holds no weights. Shapes leave the batch dimension out; layouts are Keras' (channels last,
 * Dense kernels [in, out]) – an executor is free to store them otherwise inside.
 */

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'leaky-relu' | 'softmax';

/** Index into `Plan.activations`. */
export type ActivationId = number;
/** Index into `Plan.parameters`. */
export type ParameterId = number;

export interface PlanParameter {
  /** Unique, `<layer>/<weight>` as Keras names it, e.g. `dense_1/kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly role: 'kernel' | 'bias';
  readonly shape: readonly number[];
  readonly size: number;
  /** Kernels only; never biases. */
  readonly prunable: boolean;
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
  | { readonly kind: 'uniform'; readonly minimum: number; readonly maximum: number };

interface OpBase {
  /** Name of the layer it came from. */
  readonly layer: string;
  readonly input: ActivationId;
  readonly output: ActivationId;
}

/** y = activation(x · kernel + bias); kernel [in, out], x flattened. */
export interface DenseOp extends OpBase {
  readonly kind: 'dense';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | null;
}

/** Element by element (softmax over the last axis). `alpha`: slope below 0 of leaky-relu, else 0. */
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

export type PlanOp = DenseOp | ActivationOp | DropoutOp;

export interface Plan {
  /** Shape of one example, channels last. */
  readonly inputShape: readonly number[];
  /** Values per example of each activation; activation 0 is the input, the last is what the loss sees. */
  readonly activations: readonly { readonly shape: readonly number[]; readonly size: number }[];
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
