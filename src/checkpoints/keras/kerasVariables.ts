/**
 * Names of the variables of Keras' layers in the order in which `save_own_variables` counts them. From the `build` of each
 * layer: https://github.com/keras-team/keras/tree/master/keras/src/layers
 */

/** What a layer of a class is written as: `Conv2DTranspose` is `conv2d_transpose`. keras/src/utils/naming.py */
export function toSnakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

const plain = ['kernel', 'bias'];
const recurrent = ['kernel', 'recurrent_kernel', 'bias'];
const scaled = ['gamma', 'beta'];

/**
 * @param type class of the layer in snake case
 * @param count of its variables
 * @param config of the layer, where it is known
 * @returns null where they are not known
 */
export function variableNames(
  type: string,
  count: number,
  config: Readonly<Record<string, unknown>> = {},
): readonly string[] | null {
  const names = allNames(type, config);
  // the last may be left out, as by use_bias; which of a normalisation is, only its configuration tells
  const fits = names && (type.endsWith('normalization') ? count === names.length : count <= names.length);
  return fits ? names.slice(0, count) : null;
}

/** @param type class of a layer in snake case */
export function isKnownLayer(type: string): boolean {
  return allNames(type, {}) !== null;
}

function allNames(type: string, config: Readonly<Record<string, unknown>>): readonly string[] | null {
  if (/^separable_conv\d?d$/.test(type)) return ['depthwise_kernel', 'pointwise_kernel', 'bias'];
  if (/^(depthwise_)?conv\dd(_transpose)?$|^(einsum_)?dense$|^convolution/.test(type)) return plain;
  if (/^(lstm|gru|simple_rnn|conv_lstm\dd)(_cell)?$/.test(type)) return recurrent;
  if (/^embedding$/.test(type)) return ['embeddings'];
  if (type === 'batch_normalization') {
    return [...ofScale(config), 'moving_mean', 'moving_variance'];
  }
  if (/^(layer|group)_normalization$/.test(type)) return ofScale(config);
  if (type === 'rms_normalization') return ['scale'];
  if (type === 'normalization') return ['mean', 'variance', 'count'];
  if (type === 'unit_normalization') return null;
  if (type === 'p_re_lu') return ['alpha'];
  return null;
}

function ofScale({ scale, center }: Readonly<Record<string, unknown>>): string[] {
  return scaled.filter(name => (name === 'gamma' ? scale : center) !== false);
}
