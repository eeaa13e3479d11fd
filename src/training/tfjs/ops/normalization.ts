/** Batch and layer normalisation (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016), with their gradient in closed form. */
import type { BatchNormalizationOp, LayerNormalizationOp, ParameterId } from '../../plan/plan';
import type { GradSaveFunc } from '@tensorflow/tfjs-core';
import type { Tensor, Tf } from '../namespace';
import type { OpSite } from '../planForward';

export function batchNormalization(op: BatchNormalizationOp, x: Tensor, site: OpSite): Tensor {
  const { tf } = site;
  const movingMean = site.variable(op.movingMean);
  const movingVariance = site.variable(op.movingVariance);
  if (site.training === null) {
    const inverse = tf.div<Tensor>(1, tf.sqrt(tf.add(movingVariance, op.epsilon)));
    return scaled(op, tf.mul(tf.sub(x, movingMean), inverse), site);
  }
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { mean, variance } = statistics(tf, x, axes);
  const values = x.size / mean.size;
  const { momentum } = op;
  const taken = op.unbiased ? (1 - momentum) * (values / Math.max(1, values - 1)) : 1 - momentum;
  const flat = movingMean.shape;
  movingMean.assign(tf.add(tf.mul(movingMean, momentum), tf.mul(tf.reshape(mean, flat), 1 - momentum)));
  movingVariance.assign(tf.add(tf.mul(movingVariance, momentum), tf.mul(tf.reshape(variance, flat), taken)));
  return scaled(op, normalised(tf, x, axes, mean, variance, op.epsilon), site);
}

export function layerNormalization(op: LayerNormalizationOp, x: Tensor, site: OpSite): Tensor {
  const axes = [x.rank - 1];
  const { mean, variance } = statistics(site.tf, x, axes);
  return scaled(op, normalised(site.tf, x, axes, mean, variance, op.epsilon), site);
}

/** Biased, axes kept. */
function statistics(tf: Tf, x: Tensor, axes: number[]): { mean: Tensor; variance: Tensor } {
  const mean = meanOver(tf, x, axes);
  return { mean, variance: meanOver(tf, tf.squaredDifference(x, mean), axes) };
}

/** (x − mean) / √(variance + ε), where mean and variance are those of x over the axes: the gradient goes through them. */
function normalised(tf: Tf, x: Tensor, axes: number[], mean: Tensor, variance: Tensor, epsilon: number): Tensor {
  const inverse = tf.div<Tensor>(1, tf.sqrt(tf.add(variance, epsilon)));
  return tf.customGrad((input, save) => {
    const value = tf.mul(tf.sub(input as Tensor, mean), inverse);
    (save as GradSaveFunc)([value, inverse]);
    const gradFunc = (dy: Tensor, [y, factor]: Tensor[]): Tensor => {
      const centred = tf.sub(dy, meanOver(tf, dy, axes));
      return tf.mul(factor!, tf.sub(centred, tf.mul(y!, meanOver(tf, tf.mul(dy, y!), axes))));
    };
    return { value, gradFunc };
  })(x);
}

function scaled(
  { gamma, beta }: { readonly gamma: ParameterId | null; readonly beta: ParameterId | null },
  x: Tensor,
  site: OpSite,
): Tensor {
  const { tf } = site;
  const y = gamma === null ? x : tf.mul(x, site.variable(gamma));
  return beta === null ? y : tf.add(y, site.variable(beta));
}

/** Axis by axis, kept: short sums lose fewer digits than one over all of it. */
function meanOver(tf: Tf, x: Tensor, axes: number[]): Tensor {
  return axes.toReversed().reduce((values: Tensor, axis) => tf.mean(values, axis, true), x);
}
