/** Functional Keras models for tests, layer by layer, with the shapes that flow. */
import type { KerasTopology } from '../../src/models/topology';

/** What flows out of a layer: [height, width, channels] or [features]. */
export interface Flow {
  readonly layer: string;
  readonly shape: readonly number[];
}

export type Padding2D = 'same' | 'valid';

export interface ConvConfig {
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding?: Padding2D;
  readonly bias?: boolean;
  readonly activation?: string;
}

interface LayerJson {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly unknown[];
}

export class TestGraph {
  readonly input: Flow;
  /** Cleared where TensorFlow.js lacks a layer or its right gradient. */
  inTensorFlow = true;
  /** Windows that overlap give one maximum twice. */
  private overlaps = false;
  private takesMaximumOfAll = false;
  private readonly layers: LayerJson[] = [];

  constructor(readonly inputShape: readonly number[]) {
    const config = { batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false };
    this.input = this.layer('InputLayer', [], config, inputShape);
  }

  conv(x: Flow, filters: number, options: ConvConfig & { readonly groups?: number }): Flow {
    const { groups = 1 } = options;
    if (groups > 1) this.inTensorFlow = false;
    const shape = [...this.windowed(x, options), filters];
    return this.layer('Conv2D', [x], { ...convConfig(options), filters, groups }, shape);
  }

  depthwise(x: Flow, multiplier: number, options: ConvConfig): Flow {
    const shape = [...this.windowed(x, options), x.shape[2]! * multiplier];
    return this.layer('DepthwiseConv2D', [x], { ...convConfig(options), depth_multiplier: multiplier }, shape);
  }

  separable(x: Flow, filters: number, options: ConvConfig): Flow {
    const shape = [...this.windowed(x, options), filters];
    return this.layer('SeparableConv2D', [x], { ...convConfig(options), filters }, shape);
  }

  pool(
    x: Flow,
    kind: 'MaxPooling2D' | 'AveragePooling2D',
    size: readonly [number, number],
    strides: readonly [number, number],
    padding: Padding2D,
  ): Flow {
    // its gradient of the average counts the padding, which its forward pass does not
    if (kind === 'AveragePooling2D' && padding === 'same') this.inTensorFlow = false;
    if (kind === 'MaxPooling2D') this.overlaps = true;
    const shape = [...this.windowed(x, { kernel: size, strides, padding }), x.shape[2]!];
    return this.layer(kind, [x], { pool_size: size, strides, padding }, shape);
  }

  globalPool(x: Flow, kind: 'GlobalAveragePooling2D' | 'GlobalMaxPooling2D'): Flow {
    if (kind === 'GlobalMaxPooling2D') this.takesMaximumOfAll = true;
    return this.layer(kind, [x], {}, [x.shape[2]!]);
  }

  zeroPadding(x: Flow, [top, bottom, left, right]: readonly [number, number, number, number]): Flow {
    const [height, width, channels] = x.shape as [number, number, number];
    const padding = [
      [top, bottom],
      [left, right],
    ];
    return this.layer('ZeroPadding2D', [x], { padding }, [height + top + bottom, width + left + right, channels]);
  }

  /** A layer that leaves the shape as it is. */
  same(className: string, x: Flow, config: Readonly<Record<string, unknown>> = {}): Flow {
    return this.layer(className, [x], config, x.shape);
  }

  add(inputs: readonly Flow[]): Flow {
    return this.layer('Add', inputs, {}, inputs[0]!.shape);
  }

  concatenate(inputs: readonly Flow[]): Flow {
    const channels = inputs.reduce((sum, { shape }) => sum + shape.at(-1)!, 0);
    return this.layer('Concatenate', inputs, { axis: -1 }, [...inputs[0]!.shape.slice(0, -1), channels]);
  }

  reshape(x: Flow, shape: readonly number[]): Flow {
    return this.layer('Reshape', [x], { target_shape: shape }, shape);
  }

  flatten(x: Flow): Flow {
    return this.layer('Flatten', [x], {}, [x.shape.reduce((product, n) => product * n, 1)]);
  }

  dense(x: Flow, units: number, activation = 'linear', bias = true): Flow {
    const shape = [...x.shape.slice(0, -1), units];
    return this.layer('Dense', [x], { units, activation, use_bias: bias }, shape);
  }

  /**
   * Whether TensorFlow.js can be asked for gradients. Of several equal maxima over an image each gets the whole gradient
   * there; a filter whose weights are all masked gives nothing but equal values.
   */
  hasTensorFlowGradients(masked: boolean): boolean {
    return this.inTensorFlow && !(this.takesMaximumOfAll && (masked || this.overlaps));
  }

  topology(output: Flow): KerasTopology {
    return {
      class_name: 'Model',
      config: {
        name: 'test',
        layers: this.layers,
        input_layers: [[this.input.layer, 0, 0]],
        output_layers: [[output.layer, 0, 0]],
      },
    };
  }

  private layer(
    className: string,
    inputs: readonly Flow[],
    config: Readonly<Record<string, unknown>>,
    shape: readonly number[],
  ): Flow {
    const name = `${className.toLowerCase()}_${String(this.layers.length)}`;
    const node = inputs.map(input => [input.layer, 0, 0, {}]);
    this.layers.push({
      class_name: className,
      name,
      config: { ...config, name },
      inbound_nodes: inputs.length === 0 ? [] : [node],
    });
    return { layer: name, shape };
  }

  private windowed(x: Flow, { kernel, strides = [1, 1], dilation = [1, 1], padding = 'valid' }: ConvConfig): number[] {
    if (Math.max(...dilation) > 1) this.inTensorFlow = false;
    return kernel.map((size, axis) => {
      const length = x.shape[axis]!;
      const reach = padding === 'same' ? 1 : (size - 1) * dilation[axis]! + 1;
      return Math.floor((length - reach) / strides[axis]!) + 1;
    });
  }
}

function convConfig({
  kernel,
  strides = [1, 1],
  dilation = [1, 1],
  padding = 'valid',
  bias = true,
  activation = 'linear',
}: ConvConfig): Record<string, unknown> {
  return { kernel_size: kernel, strides, dilation_rate: dilation, padding, use_bias: bias, activation };
}
