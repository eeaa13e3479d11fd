/** A plan while it grows: each method takes values and gives the value that an op makes of them. */
import { paddingOf, sizeOf, windowed, type PaddingMode, type Window } from './geometry';
import { composed } from './rescaling';
import {
  PlanError,
  type Activation,
  type ActivationId,
  type Initializer,
  type Padding,
  type Pair,
  type ParameterId,
  type ParameterRole,
  type Plan,
  type PlanOp,
  type PlanParameter,
  type Rescaling,
} from './plan';
import { simplify } from './simplify';

/** Weights of one model at most: 1 GiB of them. */
const mostWeights = 2 ** 28;
/** Of one example, of one activation at most: more is a mistake in a shape. */
const mostValues = 2 ** 28;
/** More than a few are no normalisation. */
const mostRescalings = 16;

/** What flows from an op to others: an activation of the plan with the shape of one example. */
export interface Value {
  readonly id: ActivationId;
  /** [height, width, channels], or flat; without the batch. */
  readonly shape: readonly number[];
}

/** How weights beside a kernel begin; null: the layer has none. */
export type OptionalInitializer = Initializer | null;

export interface ConvolutionOptions {
  readonly filters: number;
  readonly kernelSize: Pair;
  readonly strides?: Pair;
  readonly dilations?: Pair;
  readonly padding?: PaddingMode | Padding;
  readonly groups?: number;
  readonly kernel: Initializer;
  readonly bias: OptionalInitializer;
  /** Keras' name of the kernel, and its shape where it is not [height, width, in / groups, out]. */
  readonly kernelName?: string;
  readonly kernelShape?: readonly number[];
}

export interface PoolOptions {
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: PaddingMode | Padding;
}

export interface NormalizationOptions {
  readonly gamma: OptionalInitializer;
  readonly beta: OptionalInitializer;
  readonly epsilon: number;
}

export interface BatchNormalizationOptions extends NormalizationOptions {
  readonly movingMean: Initializer;
  readonly movingVariance: Initializer;
  /** Share of the old value that stays. */
  readonly momentum: number;
  /** As PyTorch moves the variance. */
  readonly unbiased: boolean;
}

/** An op of any kind before it has a number for its output. */
type Draft<Op extends PlanOp = PlanOp> = Op extends PlanOp ? Omit<Op, 'inputs' | 'output'> : never;

/** Every method throws PlanError, naming the layer, where the shapes do not fit. */
export class PlanBuilder {
  readonly input: Value;
  private readonly ops: PlanOp[] = [];
  private readonly activations: { readonly shape: readonly number[]; readonly size: number }[] = [];
  private readonly parameters: PlanParameter[] = [];
  private weights = 0;
  private rescaling: Rescaling | undefined;
  /** What a rescaled input was before, by its number. */
  private readonly rescaled = new Map<ActivationId, ActivationId>();

  /** @param inputShape of one example, as the data has it */
  constructor(private readonly inputShape: readonly number[]) {
    this.input = this.value('input', inputShape);
  }

  /** @param input flat */
  dense(layer: string, input: Value, units: number, kernel: Initializer, bias: OptionalInitializer): Value {
    const inputs = sizeOf(input.shape);
    const kernelId = this.parameter(layer, 'kernel', 'kernel', [inputs, units], kernel);
    const biasId = this.optional(layer, 'bias', 'bias', [units], bias);
    return this.emit({ kind: 'dense', layer, kernel: kernelId, bias: biasId }, [input], [units]);
  }

  conv2d(layer: string, input: Value, options: ConvolutionOptions): Value {
    const { filters, kernelSize, strides = [1, 1], dilations = [1, 1], groups = 1 } = options;
    const [height, width, channels] = image(layer, input);
    if (channels % groups !== 0 || filters % groups !== 0) {
      throw new PlanError(
        layer,
        `layer "${layer}" has ${groups} groups, which divide neither its ${channels} input channels nor its ${filters} filters evenly; choose a common divisor`,
      );
    }
    const window: Window = { size: kernelSize, strides, dilations };
    const { padding, size } = place(layer, [height, width], window, options.padding ?? 'valid');
    const shape = options.kernelShape ?? [...kernelSize, channels / groups, filters];
    const kernel = this.parameter(layer, 'kernel', options.kernelName ?? 'kernel', shape, options.kernel);
    const bias = this.optional(layer, 'bias', 'bias', [filters], options.bias);
    return this.emit(
      { kind: 'conv2d', layer, kernel, bias, kernelSize, strides, dilations, padding, groups },
      [input],
      [...size, filters],
    );
  }

  batchNormalization(layer: string, input: Value, options: BatchNormalizationOptions): Value {
    const { epsilon, momentum, unbiased } = options;
    const shape = [input.shape.at(-1)!];
    const gamma = this.optional(layer, 'gamma', 'gamma', shape, options.gamma);
    const beta = this.optional(layer, 'beta', 'beta', shape, options.beta);
    const movingMean = this.parameter(layer, 'moving-mean', 'moving_mean', shape, options.movingMean);
    const movingVariance = this.parameter(layer, 'moving-variance', 'moving_variance', shape, options.movingVariance);
    return this.emit(
      { kind: 'batch-normalization', layer, gamma, beta, movingMean, movingVariance, epsilon, momentum, unbiased },
      [input],
      input.shape,
    );
  }

  layerNormalization(layer: string, input: Value, options: NormalizationOptions): Value {
    const shape = [input.shape.at(-1)!];
    const gamma = this.optional(layer, 'gamma', 'gamma', shape, options.gamma);
    const beta = this.optional(layer, 'beta', 'beta', shape, options.beta);
    return this.emit(
      { kind: 'layer-normalization', layer, gamma, beta, epsilon: options.epsilon },
      [input],
      input.shape,
    );
  }

  pool(layer: string, input: Value, kind: 'max-pool' | 'average-pool', options: PoolOptions): Value {
    const [height, width, channels] = image(layer, input);
    const { size, strides } = options;
    const window: Window = { size, strides, dilations: [1, 1] };
    const placed = place(layer, [height, width], window, options.padding);
    return this.emit({ kind, layer, size, strides, padding: placed.padding }, [input], [...placed.size, channels]);
  }

  /** @returns [1, 1, channels] */
  globalPool(layer: string, input: Value, kind: 'max-pool' | 'average-pool'): Value {
    const [height, width] = image(layer, input);
    return this.pool(layer, input, kind, { size: [height, width], strides: [1, 1], padding: 'valid' });
  }

  zeroPadding(layer: string, input: Value, padding: Padding): Value {
    const [height, width, channels] = image(layer, input);
    const { top, bottom, left, right } = padding;
    if (top + bottom + left + right === 0) return input;
    const shape = [height + top + bottom, width + left + right, channels];
    return this.emit({ kind: 'zero-padding', layer, padding }, [input], shape);
  }

  add(layer: string, inputs: readonly Value[]): Value {
    several(layer, inputs);
    const shape = inputs[0]!.shape;
    if (inputs.some(input => input.shape.join() !== shape.join())) {
      throw new PlanError(
        layer,
        `layer "${layer}" adds examples of different shapes, ${shapes(inputs)}; give all of them one shape`,
      );
    }
    return this.emit({ kind: 'add', layer }, inputs, shape);
  }

  /** Along the last axis. */
  concatenate(layer: string, inputs: readonly Value[]): Value {
    several(layer, inputs);
    const others = inputs[0]!.shape.slice(0, -1);
    if (inputs.some(input => input.shape.slice(0, -1).join() !== others.join())) {
      throw new PlanError(
        layer,
        `layer "${layer}" joins examples of shapes ${shapes(inputs)}; all axes but the last must be equal`,
      );
    }
    const last = inputs.reduce((sum, input) => sum + input.shape.at(-1)!, 0);
    return this.emit({ kind: 'concatenate', layer }, inputs, [...others, last]);
  }

  /** @param shape of as many values */
  reshape(layer: string, input: Value, shape: readonly number[]): Value {
    if (shape.join() === input.shape.join()) return input;
    return this.emit({ kind: 'reshape', layer }, [input], shape);
  }

  /**
   * Of the model's input only, and of all that takes it.
   * @param scale one, or one for each channel, without 0; as many as `offset`
   */
  rescale(layer: string, input: Value, rescaling: Rescaling): Value {
    const before = this.path(input.id);
    const alone = [...this.rescaled.keys()].every(id => before.includes(id));
    if (before.at(-1) !== this.input.id || !alone || this.rescaled.size >= mostRescalings) {
      throw new PlanError(
        layer,
        `layer "${layer}" scales or shifts by constants what is not the model's input alone; fold the constants into the weights of the layer before it`,
      );
    }
    if (rescaling.scale.length > 1 && input.shape.at(-1) !== this.inputShape.at(-1)) {
      throw new PlanError(
        layer,
        `layer "${layer}" has constants for ${rescaling.scale.length} channels, but the data has examples of shape [${this.inputShape.join(', ')}]; give the data the shape that the model takes`,
      );
    }
    this.rescaling = composed(this.rescaling, rescaling);
    const output = this.value(layer, input.shape);
    this.rescaled.set(output.id, input.id);
    return output;
  }

  /** @param alpha slope below 0 of leaky-relu, scale below 0 of elu */
  activation(layer: string, input: Value, activation: Activation, alpha = 0): Value {
    if (activation === 'linear') return input;
    return this.emit({ kind: 'activation', layer, activation, alpha }, [input], input.shape);
  }

  dropout(layer: string, input: Value, rate: number): Value {
    if (rate === 0) return input;
    return this.emit({ kind: 'dropout', layer, rate }, [input], input.shape);
  }

  /** The op that made a value; null: it is the input. */
  producer(value: Value): PlanOp | null {
    return this.ops.find(op => op.output === value.id) ?? null;
  }

  /** The value an op took; a plan that ends before an op is one that ends in what it takes. */
  taken(op: PlanOp): Value {
    const id = op.inputs[0]!;
    return { id, shape: this.activations[id]!.shape };
  }

  get hasKernels(): boolean {
    return this.parameters.some(({ prunable }) => prunable);
  }

  /** @param output what the loss sees */
  finish(output: Value, loss: Plan['loss']): Plan {
    const { inputShape, activations, parameters, rescaling } = this;
    const plan = { inputShape, activations, ops: this.rescaledOps(), parameters, loss };
    return simplify({ ...plan, ...(rescaling && { rescaling }) }, output.id);
  }

  /** Ops take the input itself where they took it rescaled: then none may take it as it was. */
  private rescaledOps(): readonly PlanOp[] {
    const before = new Set([...this.rescaled.values()].flatMap(id => this.path(id)));
    return this.ops.map(op => {
      const plain = op.inputs.some(id => before.has(id)) && !before.has(op.output);
      if (plain) {
        throw new PlanError(
          op.layer,
          `layer "${op.layer}" takes the model's input, which another layer takes scaled or shifted by constants; let both take the same`,
        );
      }
      return { ...op, inputs: op.inputs.map(id => this.unscaled(id)) };
    });
  }

  private unscaled(id: ActivationId): ActivationId {
    let plain = id;
    for (let before = this.rescaled.get(id); before !== undefined; before = this.rescaled.get(plain)) plain = before;
    return plain;
  }

  /** A value and those that it is a rescaling or another shape of. */
  private path(id: ActivationId): ActivationId[] {
    const path: ActivationId[] = [];
    for (let at: ActivationId | undefined = id; at !== undefined;) {
      path.push(at);
      const producer = this.ops.find(op => op.output === path.at(-1));
      at = this.rescaled.get(at) ?? (producer?.kind === 'reshape' ? producer.inputs[0] : undefined);
    }
    return path;
  }

  private emit(draft: Draft, inputs: readonly Value[], shape: readonly number[]): Value {
    const output = this.value(draft.layer, shape);
    this.ops.push({ ...draft, inputs: inputs.map(({ id }) => id), output: output.id });
    return output;
  }

  private value(layer: string, shape: readonly number[]): Value {
    const size = sizeOf(shape);
    if (size > mostValues) {
      throw new PlanError(
        layer,
        `layer "${layer}" makes ${size} values of each example; at most ${mostValues} can be trained`,
      );
    }
    this.activations.push({ shape, size });
    return { id: this.activations.length - 1, shape };
  }

  private optional(
    layer: string,
    role: ParameterRole,
    name: string,
    shape: readonly number[],
    initializer: OptionalInitializer,
  ): ParameterId | null {
    return initializer === null ? null : this.parameter(layer, role, name, shape, initializer);
  }

  private parameter(
    layer: string,
    role: ParameterRole,
    name: string,
    shape: readonly number[],
    initializer: Initializer,
  ): ParameterId {
    const size = sizeOf(shape);
    this.weights += size;
    if (this.weights > mostWeights) {
      throw new PlanError(
        layer,
        `layer "${layer}" brings the model to ${this.weights} weights; at most ${mostWeights} can be trained`,
      );
    }
    this.parameters.push({
      name: `${layer}/${name}`,
      layer,
      role,
      shape,
      size,
      prunable: role === 'kernel',
      trainable: role !== 'moving-mean' && role !== 'moving-variance',
      initializer,
    });
    return this.parameters.length - 1;
  }
}

function image(layer: string, { shape }: Value): [number, number, number] {
  if (shape.length === 3) return [shape[0]!, shape[1]!, shape[2]!];
  throw new PlanError(
    layer,
    `layer "${layer}" takes images of shape [height, width, channels], but gets examples of shape [${shape.join(', ')}]`,
  );
}

function place(
  layer: string,
  input: Pair,
  window: Window,
  padding: PaddingMode | Padding,
): { padding: Padding; size: Pair } {
  const around = typeof padding === 'string' ? paddingOf(input, window, padding) : padding;
  const size = windowed(input, window, around);
  if (size[0] < 1 || size[1] < 1) {
    throw new PlanError(
      layer,
      `layer "${layer}": a window of ${window.size.join('×')} does not fit on images of ${input.join('×')} pixels; use larger images, padding "same" or fewer layers that shrink them`,
    );
  }
  return { padding: around, size };
}

function several(layer: string, inputs: readonly Value[]): void {
  if (inputs.length < 2) throw new PlanError(layer, `layer "${layer}" needs two inputs or more`);
}

function shapes(inputs: readonly Value[]): string {
  return inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ');
}
