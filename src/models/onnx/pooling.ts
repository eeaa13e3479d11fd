/** MaxPool, AveragePool, and means and maxima over whole images. */
import type { Conversion, Site } from './site';
import { flat, made, type Value } from './value';
import { place, surround } from './windows';

/** Activations below which nothing goes: zeros around their images are never a maximum that was not there. */
const nonNegative: ReadonlySet<unknown> = new Set(['relu', 'relu6', 'sigmoid', 'hard_sigmoid', 'softmax']);

const pool =
  (className: 'MaxPooling2D' | 'AveragePooling2D'): Conversion =>
  site => {
    const image = site.image();
    if (site.node.outputs[1])
      site.refuse('gives the places of its maxima, which no layer takes here; leave that output out');
    const kernel = site.integers('kernel_shape') ?? site.refuse('has no kernel_shape; export the model again');
    const { window, isEmpty, isSame, padding, size } = place(site, image, kernel);
    if (Math.max(...window.dilations) > 1) site.refuse('has dilations, which pools cannot have here');
    // "same" leaves the padding out of a mean; PyTorch's default counts it
    const counts = className === 'AveragePooling2D' && site.integer('count_include_pad', 0) === 1 && !isEmpty;
    if (counts && site.integer('ceil_mode', 0) !== 0) {
      site.refuse('counts its padding in means and has ceil_mode, which together cannot be trained here; drop one');
    }
    const zeros = !isEmpty && (counts || (!isSame && isSafe(site, className, image)));
    const from = zeros ? surround(site, image, padding) : image;
    const { top, bottom, left, right } = padding;
    const around = isSame
      ? 'same'
      : [
          [top, bottom],
          [left, right],
        ];
    const config = { pool_size: window.size, strides: window.strides, padding: zeros || isEmpty ? 'valid' : around };
    return made(site.emit(className, config, [from]), [...size, image.shape[2]!], image.axes);
  };

function isSafe(site: Site, className: string, { layer }: Value): boolean {
  return className === 'MaxPooling2D' && nonNegative.has(site.parts.emitter.layer(layer).config['activation']);
}

type GlobalPool = 'GlobalAveragePooling2D' | 'GlobalMaxPooling2D';

const globalPool =
  (className: GlobalPool): Conversion =>
  site => {
    const image = site.image();
    const layer = site.emit(className, { keepdims: true }, [image]);
    return made(layer, [1, 1, image.shape[2]!], image.axes);
  };

/** Over height and width, whatever their order; axes of length 1 need not be named. */
const reduce =
  (className: GlobalPool): Conversion =>
  async site => {
    const from = site.value();
    const rank = from.axes.length;
    const axes = (await site.integersOf('axes', 1)) ?? from.axes.map((_, axis) => axis + 1);
    const reduced = new Set(axes.map(axis => from.axes[(axis < 0 ? axis + rank + 1 : axis) - 1]));
    const wanted = from.shape.length === 3 && [0, 1].every(axis => reduced.has(axis) || from.shape[axis] === 1);
    if (!wanted || reduced.has(2) || reduced.has(undefined)) {
      site.refuse('reduces something other than height and width of images, which is all that can be trained here');
    }
    const keepdims = site.integer('keepdims', 1) === 1;
    const layer = site.emit(className, { keepdims }, [from]);
    const channels = from.shape[2]!;
    if (!keepdims && rank - reduced.size !== 1) site.refuse('leaves axes of length 1; name all axes but the channels');
    return keepdims ? made(layer, [1, 1, channels], from.axes) : flat(layer, channels);
  };

/** Every so manieth pixel: a pool over single ones. @returns the value where there is nothing to leave out */
export function subsampled(site: Site, value: Value, strides: readonly [number, number]): Value {
  if (strides.every(stride => stride === 1)) return value;
  const [height, width, channels] = value.shape as [number, number, number];
  const layer = site.emit('AveragePooling2D', { pool_size: [1, 1], strides, padding: 'valid' }, [value]);
  return made(layer, [Math.ceil(height / strides[0]), Math.ceil(width / strides[1]), channels], value.axes);
}

export const pooling = {
  MaxPool: pool('MaxPooling2D'),
  AveragePool: pool('AveragePooling2D'),
  GlobalAveragePool: globalPool('GlobalAveragePooling2D'),
  GlobalMaxPool: globalPool('GlobalMaxPooling2D'),
  ReduceMean: reduce('GlobalAveragePooling2D'),
  ReduceMax: reduce('GlobalMaxPooling2D'),
};
