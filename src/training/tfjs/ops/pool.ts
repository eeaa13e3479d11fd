/** Pools. Padding counts as −∞ for the maximum and not at all for the average. */
import type { PoolOp } from '../../plan/plan';
import type { Tensor, Tensor4D } from '../namespace';
import type { OpSite } from '../planForward';
import { isNone, padImage } from './convolution';

/** Least number of float32: what is padded with it is never the maximum, and, unlike −∞, times 0 it is 0. */
const lowest = -3.4028234663852886e38;

export function maxPool(op: PoolOp, x: Tensor, { tf }: OpSite): Tensor {
  const image = isNone(op.padding) ? (x as Tensor4D) : padImage(tf, x as Tensor4D, op.padding, lowest);
  return tf.maxPool(image, [...op.size], [...op.strides], 'valid');
}

export function averagePool(op: PoolOp, x: Tensor, { tf }: OpSite): Tensor {
  const image = x as Tensor4D;
  const size: [number, number] = [...op.size];
  const strides: [number, number] = [...op.strides];
  if (isNone(op.padding)) return tf.avgPool(image, size, strides, 'valid');
  // the plain backend's gradient counts padding that its forward pass does not
  const [, height, width] = image.shape;
  const inside = padImage(tf, tf.ones([1, height, width, 1]), op.padding, 0);
  const share = tf.avgPool(inside, size, strides, 'valid');
  return tf.div(tf.avgPool(padImage(tf, image, op.padding, 0), size, strides, 'valid'), share);
}
