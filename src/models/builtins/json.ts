/** Writes Keras topologies: one helper for each kind of layer that the built-in models are made of. */
import { ExperimentError } from '../../shared/experiment';
import type { KerasTopology } from '../topology';

export interface Builtin {
  /** For people, e.g. `conv-4`. */
  readonly description: string;
  /** @throws ExperimentError (field "model") where the images are too small for it */
  readonly topology: (inputShape: readonly number[], classes: number) => KerasTopology;
}

export interface LayerJson {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
}

interface InitializerJson {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export const zeros: InitializerJson = { class_name: 'Zeros', config: {} };
export const glorotNormal: InitializerJson = { class_name: 'GlorotNormal', config: { seed: null } };

/** PyTorch's kaiming_normal_: a plain normal distribution, which Keras' HeNormal is not. */
export function kaimingNormal(fanIn: number): InitializerJson {
  return { class_name: 'RandomNormal', config: { mean: 0, stddev: Math.sqrt(2 / fanIn), seed: null } };
}

/** How PyTorch draws weights and biases of linear and convolutional layers where nothing is said: ±1/√fan-in. */
export function torchUniform(fanIn: number): InitializerJson {
  return uniform(-1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
}

export function uniform(minval: number, maxval: number): InitializerJson {
  return { class_name: 'RandomUniform', config: { minval, maxval, seed: null } };
}

export interface Weights {
  readonly kernel: InitializerJson;
  /** null: none */
  readonly bias: InitializerJson | null;
}

function weights({ kernel, bias }: Weights): Readonly<Record<string, unknown>> {
  return { kernel_initializer: kernel, use_bias: bias !== null, ...(bias === null ? {} : { bias_initializer: bias }) };
}

export function dense(name: string, units: number, activation: string, initial: Weights): LayerJson {
  return { class_name: 'Dense', config: { name, units, activation, ...weights(initial) } };
}

export interface Convolution extends Weights {
  readonly size: number;
  readonly stride?: number;
  readonly padding: 'same' | 'valid';
  readonly activation?: string;
}

export function conv2d(name: string, filters: number, options: Convolution): LayerJson {
  const { size, stride = 1, padding, activation = 'linear' } = options;
  return {
    class_name: 'Conv2D',
    config: {
      name,
      filters,
      kernel_size: [size, size],
      strides: [stride, stride],
      padding,
      data_format: 'channels_last',
      activation,
      ...weights(options),
    },
  };
}

/** As open_lth's: PyTorch's momentum and ε, γ drawn between 0 and 1. */
export function torchBatchNormalization(name: string): LayerJson {
  return {
    class_name: 'BatchNormalization',
    config: {
      name,
      axis: -1,
      momentum: 0.9,
      epsilon: 1e-5,
      gamma_initializer: uniform(0, 1),
      beta_initializer: zeros,
      unbiased_moving_variance: true,
    },
  };
}

export function maxPooling(name: string): LayerJson {
  const window = { pool_size: [2, 2], strides: [2, 2], padding: 'valid', data_format: 'channels_last' };
  return { class_name: 'MaxPooling2D', config: { name, ...window } };
}

export function relu(name: string): LayerJson {
  return { class_name: 'Activation', config: { name, activation: 'relu' } };
}

export function plain(className: string, name: string): LayerJson {
  return { class_name: className, config: { name } };
}

/** @param name of the model, for Keras */
export function sequential(name: string, inputShape: readonly number[], layers: readonly LayerJson[]): KerasTopology {
  const [first, ...others] = layers;
  const shaped = { ...first!, config: { ...first!.config, batch_input_shape: [null, ...inputShape] } };
  return { class_name: 'Sequential', config: { name: identifier(name), layers: [shaped, ...others] } };
}

/** A Functional model while it grows: `add` gives the name by which the next layers refer to it. */
export class Graph {
  private readonly layers: object[] = [];
  readonly input = 'input';
  private last = this.input;

  constructor(inputShape: readonly number[]) {
    const config = { name: this.input, batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false };
    this.add({ class_name: 'InputLayer', config });
  }

  add(json: LayerJson, ...inputs: readonly string[]): string {
    const { name } = json.config;
    const nodes = inputs.length === 0 ? [] : [inputs.map(input => [input, 0, 0, {}])];
    this.layers.push({ ...json, name, inbound_nodes: nodes });
    this.last = name;
    return name;
  }

  /** The layer that was added last is the output. */
  topology(name: string): KerasTopology {
    return {
      class_name: 'Model',
      config: {
        name: identifier(name),
        layers: this.layers,
        input_layers: [[this.input, 0, 0]],
        output_layers: [[this.last, 0, 0]],
      },
    };
  }
}

function identifier(name: string): string {
  return name.replaceAll(/[^a-z0-9]+/g, '_');
}

/**
 * @param smallest pixels that height and width must have
 * @throws ExperimentError where the data holds no images, or too small ones
 */
export function imageShape(
  model: string,
  inputShape: readonly number[],
  smallest: number,
): readonly [number, number, number] {
  const [height, width, channels] = inputShape;
  if (inputShape.length !== 3) {
    throw new ExperimentError(
      'model',
      `"builtin:${model}" takes images, but the data has examples of shape [${inputShape.join(', ')}]; use "builtin:mlp:300-100"`,
    );
  }
  if (Math.min(height!, width!) < smallest) {
    throw new ExperimentError(
      'model',
      `"builtin:${model}" needs images of at least ${smallest}×${smallest} pixels, but the data has ${height!}×${width!}; use a model with fewer layers that shrink them, or larger images`,
    );
  }
  return [height!, width!, channels!];
}
