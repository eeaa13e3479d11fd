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
} from './json';

/**
 * Residual networks for small images (He et al. 2016, section 4.2), layer by layer as open_lth's `cifar_resnet` has
 * them, names too: a 3×3 stem, segments of two-convolution blocks, a global average and one dense layer. Where a segment
 * halves the image, its first block's shortcut is a 1×1 convolution. No convolution has a bias.
 * @param widths filters of each segment
 * @param blocks of each segment
 */
export function residual(description: string, widths: readonly number[], blocks: number): Builtin {
  return {
    description,
    topology: (inputShape, classes) => {
      // two pixels and more are left before the last segment halves them
      const [, , channels] = imageShape(description, inputShape, 2 ** (widths.length - 1));
      const net = new Net(inputShape, channels, widths[0]!);
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

  constructor(
    inputShape: readonly number[],
    channels: number,
    private width: number,
  ) {
    this.graph = new Graph(inputShape);
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
    const sum = graph.add(plain('Add', `${name}.add`), bn2, halves ? this.projection(name, width, start) : start);
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

  private projection(block: string, filters: number, from: string): string {
    const options = { size: 1, stride: 2, padding: 'valid', kernel: kaimingNormal(this.width), bias: null } as const;
    const projected = this.graph.add(conv2d(`${block}.shortcut.0`, filters, options), from);
    return this.graph.add(torchBatchNormalization(`${block}.shortcut.1`), projected);
  }
}
