import {
  conv2d,
  dense,
  Graph,
  imageShape,
  kaimingNormal,
  plain,
  relu,
  torchBatchNormalization,
  torchUniform,
  type Builtin,
  type LayerJson,
} from './json';

/**
 * What a block adds where it halves the image: a 1×1 convolution with batch normalisation, or every second pixel with
 * channels of zeros before and behind its own, which has no weights (He et al.'s option A as akamaster/pytorch_resnet_cifar10
 * has it).
 */
export type Shortcut = 'projection' | 'padded';

/**
 * Residual networks for small images (He et al. 2016, section 4.2), layer by layer as open_lth's `cifar_resnet` has
 * them, names too: a 3×3 stem, segments of two-convolution blocks, a global average and one dense layer. No convolution
 * has a bias.
 * @param widths filters of each segment
 * @param blocks of each segment
 */
export function residual(
  description: string,
  widths: readonly number[],
  blocks: number,
  shortcut: Shortcut = 'projection',
): Builtin {
  return {
    description,
    topology: (inputShape, classes) => {
      // two pixels and more are left before the last segment halves them
      const image = imageShape(description, inputShape, 2 ** (widths.length - 1));
      const net = new Net(image, widths[0]!, shortcut);
      for (const [segment, width] of widths.entries()) {
        for (let block = 0; block < blocks; block++) {
          net.block(`blocks.${segment * blocks + block}`, width, segment > 0 && block === 0);
        }
      }
      return net.finish(description, classes);
    },
  };
}

class Net {
  private readonly graph: Graph;
  private value: string;
  /** Height and width of what the last block makes. */
  private size: readonly [number, number];

  constructor(
    image: readonly [number, number, number],
    private width: number,
    private readonly shortcut: Shortcut,
  ) {
    this.graph = new Graph(image);
    const [height, columns, channels] = image;
    this.size = [height, columns];
    const stem = this.convolution('conv', channels, width, 1, this.graph.input);
    this.value = this.graph.add(relu('relu'), this.graph.add(torchBatchNormalization('bn'), stem));
  }

  block(name: string, width: number, halves: boolean): void {
    const { graph, value: start } = this;
    const stride = halves ? 2 : 1;
    const conv1 = this.convolution(`${name}.conv1`, this.width, width, stride, start);
    const bn1 = graph.add(torchBatchNormalization(`${name}.bn1`), conv1);
    const middle = graph.add(relu(`${name}.relu1`), bn1);
    const conv2 = this.convolution(`${name}.conv2`, width, width, 1, middle);
    const bn2 = graph.add(torchBatchNormalization(`${name}.bn2`), conv2);
    const sum = graph.add(plain('Add', `${name}.add`), bn2, halves ? this.halved(name, width, start) : start);
    this.value = graph.add(relu(`${name}.relu2`), sum);
    this.width = width;
  }

  finish(description: string, classes: number): ReturnType<Graph['topology']> {
    const { graph, width } = this;
    const pooled = graph.add(plain('GlobalAveragePooling2D', 'pool'), this.value);
    graph.add(dense('fc', classes, 'softmax', { kernel: kaimingNormal(width), bias: torchUniform(width) }), pooled);
    return graph.topology(description);
  }

  /** 3×3. With a stride, TensorFlow's "same" would pad other sides than PyTorch: so one row and column on each. */
  private convolution(name: string, inputs: number, filters: number, stride: number, from: string): string {
    const options = { size: 3, stride, kernel: kaimingNormal(9 * inputs), bias: null };
    if (stride === 1) return this.graph.add(conv2d(name, filters, { ...options, padding: 'same' }), from);
    const around = { class_name: 'ZeroPadding2D', config: { name: `${name}.pad`, padding: [1, 1] } };
    return this.graph.add(conv2d(name, filters, { ...options, padding: 'valid' }), this.graph.add(around, from));
  }

  private halved(block: string, filters: number, from: string): string {
    this.size = [Math.ceil(this.size[0] / 2), Math.ceil(this.size[1] / 2)];
    return this.shortcut === 'projection' ? this.projection(block, filters, from) : this.padded(block, filters, from);
  }

  private projection(block: string, filters: number, from: string): string {
    const options = { size: 1, stride: 2, padding: 'valid', kernel: kaimingNormal(this.width), bias: null } as const;
    const projected = this.graph.add(conv2d(`${block}.shortcut.0`, filters, options), from);
    return this.graph.add(torchBatchNormalization(`${block}.shortcut.1`), projected);
  }
  /** A pool over single pixels takes every second one; channels are padded as the columns of an image of pixels × channels. */
  private padded(block: string, filters: number, from: string): string {
    const { graph, width } = this;
    const [height, columns] = this.size;
    const name = (part: string): string => `${block}.shortcut.${part}`;
    const reshape = (part: string, shape: readonly number[]): LayerJson => ({
      class_name: 'Reshape',
      config: { name: name(part), target_shape: shape },
    });
    const window = { pool_size: [1, 1], strides: [2, 2], padding: 'valid', data_format: 'channels_last' };
    const pool = { class_name: 'AveragePooling2D', config: { name: name('pool'), ...window } };
    const zeros = Math.floor((filters - width) / 2);
    const around = [
      [0, 0],
      [zeros, filters - width - zeros],
    ];
    const pad = { class_name: 'ZeroPadding2D', config: { name: name('pad'), padding: around } };
    const pixels = graph.add(reshape('rows', [height * columns, width, 1]), graph.add(pool, from));
    return graph.add(reshape('image', [height, columns, filters]), graph.add(pad, pixels));
  }
}
