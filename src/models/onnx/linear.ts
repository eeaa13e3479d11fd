/** Operators with weights: Conv, Gemm, MatMul, BatchNormalization, LayerNormalization. */
import { kernelOf, rowsInOrder, transposed } from '../files/kernels';
import type { Affine } from './pending';
import type { Reduced } from './settle';
import type { Conversion, Site } from './site';
import { channelsFirst, flat, isFlat, isImage, made, onnxShape, type Value } from './value';
import { place, surround } from './windows';

const conv: Conversion = async site => {
  const reduced = site.reduced();
  const image = site.asImage(reduced.base);
  const { shape, data } = await site.weight(1);
  if (shape.length !== 4)
    site.refuse(`has a kernel of shape [${shape.join(', ')}]; only 2-D convolutions can be trained here`);
  const [filters, inputs, height, width] = shape as [number, number, number, number];
  const groups = site.integer('group', 1);
  if (inputs * groups !== image.shape[2] || filters % groups !== 0) {
    site.refuse(
      `has kernels for ${inputs * groups} channels, but gets ${image.shape[2]!} in ${groups} groups; export the model again`,
    );
  }
  const { window, padding, isSame, isEmpty, size } = place(site, image, [height, width]);
  // zeros around an image are put there behind the constants
  const { affine } = absorbed(site, reduced, isEmpty);
  const from = isSame || isEmpty ? image : surround(site, image, padding);
  const config = {
    filters,
    kernel_size: window.size,
    strides: window.strides,
    dilation_rate: window.dilations,
    padding: isSame && !isEmpty ? 'same' : 'valid',
    groups,
    use_bias: false,
  };
  const layer = site.emit('Conv2D', config, [from], 1);
  const kernel = kernelOf(data, filters, inputs, height * width);
  const bias = biasOf(site, filters, (await site.constant(2))?.data);
  const first = (output: number): number => Math.floor((output * groups) / filters) * inputs;
  setWeights(
    site,
    layer,
    [height, width, inputs, filters],
    kernel,
    withConstants(kernel, bias, filters, affine, first),
  );
  return made(layer, [...size, filters], channelsFirst);
};

/** Constants that a layer can take into its weights; where it cannot, they have no place. */
function absorbed(site: Site, { base, affine }: Reduced, takesOffset: boolean): Reduced {
  if (affine === null || takesOffset || affine.offset.every(value => value === 0)) return { base, affine };
  return site.refuse(
    'pads what constants are added to before it, which no layer here does; add them before the layer in front, or pad by 0',
  );
}

function biasOf(site: Site, units: number, bias: Float32Array | undefined): Float32Array | null {
  if (!bias) return null;
  if (bias.length !== units && bias.length !== 1) {
    site.refuse(`has a bias of ${bias.length} values for ${units} outputs; export the model again`);
  }
  return bias.length === units ? bias : new Float32Array(units).fill(bias[0]!);
}

/**
 * Takes scale · x + offset of the inputs into kernel (in place) and bias.
 * @param kernel whose last axis are the outputs and the one before the inputs
 * @param first input that an output sees
 * @returns the bias
 */
function withConstants(
  kernel: Float32Array,
  bias: Float32Array | null,
  units: number,
  affine: Affine | null,
  first: (output: number) => number,
  inputs = kernel.length / units,
): Float32Array | null {
  if (affine === null) return bias;
  const { scale, offset } = affine;
  const sums = Float64Array.from(bias ?? new Float32Array(units));
  for (let i = 0; i < kernel.length; i++) {
    const output = i % units;
    const input = first(output) + (Math.floor(i / units) % inputs);
    sums[output]! += kernel[i]! * offset[input % offset.length]!;
    kernel[i]! *= scale[input % scale.length]!;
  }
  return bias === null && sums.every(value => value === 0) ? null : Float32Array.from(sums);
}

function setWeights(
  site: Site,
  layer: string,
  shape: readonly number[],
  kernel: Float32Array,
  bias: Float32Array | null,
): void {
  const { emitter } = site.parts;
  emitter.setWeight(layer, 'kernel', shape, kernel);
  if (!bias) return;
  emitter.layer(layer).config['use_bias'] = true;
  emitter.setWeight(layer, 'bias', [bias.length], bias);
}

const gemm: Conversion = async site => {
  if (site.integer('transA', 0) !== 0) site.refuse('has transA, which dense layers do not have; export it without');
  const bias = (await site.constant(2))?.data.map(value => value * site.float('beta', 1));
  return matrix(site, site.integer('transB', 0) === 1, bias, site.float('alpha', 1));
};

const matMul: Conversion = site => matrix(site, false);

/** @param isTurned weights are [outputs, inputs] */
async function matrix(site: Site, isTurned: boolean, bias?: Float32Array, alpha = 1): Promise<Value> {
  const { base: from, affine } = site.reduced();
  // the last axis of ONNX is that of Keras, for each pixel
  const isPixels = from.axes.join() === '0,1,2';
  if (!isFlat(from) && !isPixels) {
    site.refuse(
      `multiplies examples of shape [${onnxShape(from).join(', ')}]; only flat ones, and images with the channels last, can be trained here: flatten them`,
    );
  }
  const { shape, data } = await site.weight(1);
  if (shape.length !== 2) site.refuse(`has weights of shape [${shape.join(', ')}], which is no matrix`);
  const [inputs, units] = (isTurned ? [shape[1], shape[0]] : shape) as [number, number];
  if (inputs !== from.shape.at(-1)) {
    site.refuse(`has weights for ${inputs} inputs, but gets ${from.shape.at(-1)!}; export the model again`);
  }
  const turned = isTurned ? transposed(data, units, inputs) : data;
  const ordered = rowsInOrder(turned, units, from.order);
  // the constant is the file's, and other layers may take it
  const kernel = ordered.map(value => value * alpha);
  const own = withConstants(kernel, biasOf(site, units, bias), units, affine, () => 0);
  const layer = site.emit('Dense', { units, use_bias: false }, [from], 1);
  setWeights(site, layer, [inputs, units], kernel, own);
  return isPixels ? made(layer, [...from.shape.slice(0, 2), units], from.axes) : flat(layer, units);
}

const batchNormalization: Conversion = async site => {
  if (site.integer('training_mode', 0) !== 0) site.refuse('is in training mode; export the model in evaluation mode');
  const from = site.value();
  if (!isFlat(from) && !isImage(from)) site.asImage(from);
  const config = {
    axis: -1,
    epsilon: site.float('epsilon', 1e-5),
    momentum: site.float('momentum', 0.9),
    unbiased_moving_variance: site.parts.producer === 'pytorch',
  };
  const layer = site.emit('BatchNormalization', config, [from], 1);
  for (const [index, name] of ['gamma', 'beta', 'moving_mean', 'moving_variance'].entries()) {
    await setStatistic(site, layer, name, index + 1, from);
  }
  return made(layer, from.shape, from.axes, from.order);
};

async function setStatistic(site: Site, layer: string, name: string, input: number, from: Value): Promise<void> {
  const channels = from.shape.at(-1)!;
  const { data } = await site.weight(input);
  if (data.length !== channels) site.refuse(`has ${data.length} values of ${name} for ${channels} channels`);
  site.parts.emitter.setWeight(layer, name, [channels], rowsInOrder(data, 1, from.order));
}

const layerNormalization: Conversion = async site => {
  const from = site.value();
  const rank = from.axes.length + 1;
  const axis = site.integer('axis', -1);
  if ((axis < 0 ? axis + rank : axis) !== rank - 1 || from.axes.at(-1) !== from.shape.length - 1) {
    site.refuse('normalises over something other than the features of flat examples or the channels of each pixel');
  }
  const hasBias = (site.node.inputs[2] ?? '') !== '';
  const config = { axis: -1, epsilon: site.float('epsilon', 1e-5), center: hasBias };
  const layer = site.emit('LayerNormalization', config, [from], 1);
  await setStatistic(site, layer, 'gamma', 1, from);
  if (hasBias) await setStatistic(site, layer, 'beta', 2, from);
  return made(layer, from.shape, from.axes, from.order);
};

export const linear = {
  Conv: conv,
  Gemm: gemm,
  MatMul: matMul,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
};
