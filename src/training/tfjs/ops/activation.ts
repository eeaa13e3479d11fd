/** Activation functions, as src/training/plan/plan.ts defines them. */
import type { ActivationOp } from '../../plan/plan';
import type { Tensor, Tf } from '../namespace';

export function activation(tf: Tf, { activation: kind, alpha }: ActivationOp, x: Tensor): Tensor {
  switch (kind) {
    case 'linear':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'leaky-relu':
      return tf.leakyRelu(x, alpha);
    case 'elu':
      if (alpha === 1) return tf.elu(x);
      // its own elu has the scale 1
      return tf.add(tf.relu(x), tf.mul(tf.elu(tf.minimum(x, 0)), alpha));
    case 'selu':
      return tf.selu(x);
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'gelu-tanh': {
      const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1));
      return tf.mul(x, tf.sigmoid(tf.mul(inner, 2 * Math.sqrt(2 / Math.PI))));
    }
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'hard-swish':
      return tf.mul(x, hardSigmoid(tf, x));
    case 'tanh':
      return tf.tanh(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'hard-sigmoid':
      return hardSigmoid(tf, x);
    case 'softmax':
      return tf.softmax(x);
  }
}

function hardSigmoid(tf: Tf, x: Tensor): Tensor {
  return tf.div(tf.relu6(tf.add(x, 3)), 6);
}
