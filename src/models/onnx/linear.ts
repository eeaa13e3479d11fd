/** Operators with weights: Conv, Gemm, MatMul, BatchNormalization, and the Add of a bias. */
import { kernelOf, rowsInOrder, transposed } from '../files/kernels';
import type { Conversion, Site } from './site';
import { channelsFirst, flat, isFlat, isImage, onnxShape, type Value } from './value';
import { place, surround } from './windows';

const conv: Conversion = async site => {
  const image = site.image();
  const { shape, data } = await site.weight(1);
  if (shape.length !== 4)
    site.refuse(`has a kernel of shape [${shape.join(', ')}]; only 2-D convolutions can be trained here`);
  const [filters, inputs, height, width] = shape as [number, number, number, number];
  const groups = site.integer('group', 1);
  if (inputs * groups !== image.shape[2]) {
    site.refuse(`has kernels for ${inputs * groups} channels, but gets ${image.shape[2]!}; export the model again`);
  }
  const { window, padding, isSame, isEmpty, size } = place(site, image, [height, width]);
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
  site.parts.emitter.setWeight(
    layer,
    'kernel',
    [height, width, inputs, filters],
    kernelOf(data, filters, inputs, height * width),
  );
  const bias = await site.constant(2);
  if (bias) setBias(site, layer, filters, bias.data);
  return { layer, shape: [...size, filters], axes: channelsFirst, order: null };
};

function setBias(site: Site, layer: string, units: number, bias: Float32Array): void {
  if (bias.length !== units && bias.length !== 1) {
    site.refuse(`has a bias of ${bias.length} values for ${units} outputs; export the model again`);
  }
  site.parts.emitter.layer(layer).config['use_bias'] = true;
  const values = bias.length === units ? bias : new Float32Array(units).fill(bias[0]!);
  site.parts.emitter.setWeight(layer, 'bias', [units], values);
}

const gemm: Conversion = async site => {
  if (site.float('alpha', 1) !== 1 || site.float('beta', 1) !== 1 || site.integer('transA', 0) !== 0) {
    site.refuse('has alpha, beta or transA, which dense layers do not have; fold them into its weights');
  }
  const output = await matrix(site, site.integer('transB', 0) === 1);
  const bias = await site.constant(2);
  if (bias) setBias(site, output.layer, output.shape[0]!, bias.data);
  return output;
};

const matMul: Conversion = site => matrix(site, false);

/** @param isTurned weights are [outputs, inputs] */
async function matrix(site: Site, isTurned: boolean): Promise<Value> {
  const from = site.value();
  if (!isFlat(from)) {
    site.refuse(
      `multiplies examples of shape [${onnxShape(from).join(', ')}]; only flat ones can be trained here: flatten them`,
    );
  }
  const { shape, data } = await site.weight(1);
  if (shape.length !== 2) site.refuse(`has weights of shape [${shape.join(', ')}], which is no matrix`);
  const [inputs, units] = (isTurned ? [shape[1], shape[0]] : shape) as [number, number];
  if (inputs !== from.shape[0]) {
    site.refuse(`has weights for ${inputs} inputs, but gets ${from.shape[0]!}; export the model again`);
  }
  const kernel = isTurned ? transposed(data, units, inputs) : data;
  const layer = site.emit('Dense', { units, use_bias: false }, [from], 1);
  site.parts.emitter.setWeight(layer, 'kernel', [inputs, units], rowsInOrder(kernel, units, from.order));
  return flat(layer, units);
}

const batchNormalization: Conversion = async site => {
  if (site.integer('training_mode', 0) !== 0) site.refuse('is in training mode; export the model in evaluation mode');
  const from = site.value();
  if (!isFlat(from) && !isImage(from)) site.image();
  const channels = from.shape.at(-1)!;
  const config = {
    axis: -1,
    epsilon: site.float('epsilon', 1e-5),
    momentum: site.float('momentum', 0.9),
    unbiased_moving_variance: site.parts.producer === 'pytorch',
  };
  const layer = site.emit('BatchNormalization', config, [from], 1);
  for (const [index, name] of ['gamma', 'beta', 'moving_mean', 'moving_variance'].entries()) {
    const { data } = await site.weight(index + 1);
    if (data.length !== channels) site.refuse(`has ${data.length} values of ${name} for ${channels} channels`);
    site.parts.emitter.setWeight(layer, name, [channels], rowsInOrder(data, 1, from.order));
  }
  return { ...from, layer };
};

const add: Conversion = async site => {
  const constant = [0, 1].find(input => site.isConstant(input));
  if (constant !== undefined) return addBias(site, constant);
  const [a, b] = [site.value(0), site.value(1)];
  const same = a.shape.join() === b.shape.join() && a.axes.join() === b.axes.join() && sameOrder(a, b);
  if (!same) {
    const shapes = [a, b].map(value => `[${onnxShape(value).join(', ')}]`).join(' and ');
    site.refuse(`adds examples of shapes ${shapes} or of different layouts; only equal ones can be trained here`);
  }
  return { ...a, layer: site.emit('Add', {}, [a, b]) };
};

export function sameOrder(a: Value, b: Value): boolean {
  return (
    a.order === b.order || (a.order !== null && b.order !== null && a.order.every((place, i) => place === b.order![i]))
  );
}

/** The bias of the dense layer or convolution before it, where that has none and nobody else takes its output. */
async function addBias(site: Site, constant: number): Promise<Value> {
  const { emitter, uses } = site.parts;
  const from = site.value(1 - constant);
  const { className, config } = emitter.layer(from.layer);
  const free = (className === 'Dense' || className === 'Conv2D') && config['use_bias'] === false;
  if (!free || uses.get(site.node.inputs[1 - constant]!) !== 1) {
    site.refuse('adds a constant to something other than a layer without a bias; fold it into the layer before it');
  }
  const { shape, data } = await site.weight(constant);
  const units = from.shape.at(-1)!;
  // channels are the first axis behind the batch in ONNX, broadcast over height and width
  const perChannel = shape.length === 0 || isFlat(from) || shape.at(-3) === data.length || data.length === 1;
  if (!perChannel) site.refuse(`adds a constant of shape [${shape.join(', ')}], which is no bias`);
  setBias(site, from.layer, units, data);
  return from;
}

export const linear = { Conv: conv, Gemm: gemm, MatMul: matMul, BatchNormalization: batchNormalization, Add: add };
