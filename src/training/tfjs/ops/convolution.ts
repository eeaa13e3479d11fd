/** Convolutions of any padding, dilation and number of groups, by what TensorFlow.js has gradients for on every backend. */
import { paddingOf, sizeOf } from '../../plan/geometry';
import type { Conv2DOp, Padding, Pair } from '../../plan/plan';
import type { Tensor, Tensor4D, Tf } from '../namespace';
import type { OpSite } from '../planForward';

export function conv2d(op: Conv2DOp, x: Tensor, site: OpSite): Tensor {
  const { tf } = site;
  const image = x as Tensor4D;
  const [, , , channels] = image.shape;
  const kernel = site.variable(op.kernel);
  const filters = kernel.size / (sizeOf(op.kernelSize) * (channels / op.groups));
  const { input, padding } = padded(tf, op, image);
  const convolve = convolution(op, padding, site);
  const y = convolve(input, kernel, channels, filters);
  return op.bias === null ? y : tf.add(y, site.variable(op.bias));
}

type Convolve = (input: Tensor4D, kernel: Tensor, channels: number, filters: number) => Tensor4D;

function convolution(op: Conv2DOp, padding: 'same' | 'valid', { tf }: OpSite): Convolve {
  const strides: [number, number] = [...op.strides];
  const plain = (input: Tensor4D, kernel: Tensor4D): Tensor4D => tf.conv2d(input, kernel, strides, padding);
  return (input, kernel, channels, filters) => {
    const [height, width] = op.kernelSize;
    const perGroup = channels / op.groups;
    // TensorFlow's own depthwise convolution takes one stride for both directions
    if (perGroup === 1 && op.groups > 1 && strides[0] === strides[1]) {
      const taps: Tensor4D = tf.reshape(kernel, [height, width, channels, filters / channels]);
      return tf.depthwiseConv2d(input, dilated(tf, taps, op.dilations), strides, padding);
    }
    const whole: Tensor4D = tf.reshape(kernel, [height, width, perGroup, filters]);
    const taps = dilated(tf, whole, op.dilations);
    if (op.groups === 1) return plain(input, taps);
    const inputs: Tensor4D[] = tf.split(input, op.groups, 3);
    const kernels: Tensor4D[] = tf.split(taps, op.groups, 3);
    return tf.concat(
      inputs.map((part, group) => plain(part, kernels[group]!)),
      3,
    );
  };
}

/** The kernel with zeros between its taps: TensorFlow.js has no gradients of dilated convolutions. */
function dilated(tf: Tf, kernel: Tensor4D, [down, across]: Pair): Tensor4D {
  if (down === 1 && across === 1) return kernel;
  const [height, width, inputs, outputs] = kernel.shape;
  const spread = tf.pad(tf.reshape(kernel, [height, 1, width, 1, inputs * outputs]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const whole: Tensor4D = tf.reshape(spread, [height * down, width * across, inputs, outputs]);
  return tf.slice(whole, [0, 0, 0, 0], [(height - 1) * down + 1, (width - 1) * across + 1, inputs, outputs]);
}

/** Not every backend takes any padding: what is neither "same" nor none is put around the image before. */
function padded(tf: Tf, op: Conv2DOp, input: Tensor4D): { input: Tensor4D; padding: 'same' | 'valid' } {
  const { padding, kernelSize: size, strides, dilations } = op;
  if (isNone(padding)) return { input, padding: 'valid' };
  const same = paddingOf(input.shape.slice(1), { size, strides, dilations }, 'same');
  if (sameAs(padding, same)) return { input, padding: 'same' };
  return { input: padImage(tf, input, padding, 0), padding: 'valid' };
}

export function isNone({ top, bottom, left, right }: Padding): boolean {
  return top + bottom + left + right === 0;
}

function sameAs(a: Padding, b: Padding): boolean {
  return a.top === b.top && a.bottom === b.bottom && a.left === b.left && a.right === b.right;
}

export function padImage(tf: Tf, image: Tensor4D, { top, bottom, left, right }: Padding, value: number): Tensor4D {
  const around: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return tf.pad(image, around, value);
}
