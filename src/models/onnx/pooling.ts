/** MaxPool, AveragePool, and means over whole images. */
import type { Conversion, Site } from './site';
import { flat, type Value } from './value';
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
    const placed = place(site, image, kernel);
    const { window, isEmpty, isSame, padding, size } = placed;
    if (Math.max(...window.dilations) > 1) site.refuse('has dilations, which pools cannot have here');
    if (site.integer('ceil_mode', 0) !== 0 && !dividesEvenly(image, placed.padding, window.size, window.strides)) {
      site.refuse('has ceil_mode with images that its strides do not divide evenly; pad them instead');
    }
    const config = { pool_size: window.size, strides: window.strides };
    // "same" leaves the padding out of a mean; PyTorch's default counts it
    const counts = className === 'AveragePooling2D' && site.integer('count_include_pad', 0) === 1;
    const same = isSame && !isEmpty && !counts;
    if (!same && !isEmpty && !counts && !isSafe(site, className, image)) {
      site.refuse(
        'has pads that are neither "same" nor behind a ReLU; pad by 0, or put it behind an activation that is never negative',
      );
    }
    const from = same || isEmpty ? image : surround(site, image, padding);
    const layer = site.emit(className, { ...config, padding: same ? 'same' : 'valid' }, [from]);
    return { ...image, layer, shape: [...size, image.shape[2]!] };
  };

function isSafe(site: Site, className: string, { layer }: Value): boolean {
  return className === 'MaxPooling2D' && nonNegative.has(site.parts.emitter.layer(layer).config['activation']);
}

function dividesEvenly(
  { shape }: Value,
  padding: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number },
  size: readonly number[],
  strides: readonly number[],
): boolean {
  const height = shape[0]! + padding.top + padding.bottom - size[0]!;
  const width = shape[1]! + padding.left + padding.right - size[1]!;
  return height % strides[0]! === 0 && width % strides[1]! === 0;
}

const globalPool =
  (className: 'GlobalAveragePooling2D' | 'GlobalMaxPooling2D'): Conversion =>
  site => {
    const image = site.image();
    const layer = site.emit(className, { keepdims: true }, [image]);
    return { ...image, layer, shape: [1, 1, image.shape[2]!] };
  };

const reduceMean: Conversion = async site => {
  const from = site.value();
  const rank = from.axes.length;
  const axes = (await site.integersOf('axes', 1)) ?? [];
  const reduced = axes.map(axis => from.axes[(axis < 0 ? axis + rank + 1 : axis) - 1]);
  if (rank !== 3 || [...reduced].sort().join() !== '0,1') {
    site.refuse('takes the mean over something other than height and width; only that can be trained here');
  }
  const keepdims = site.integer('keepdims', 1) === 1;
  const layer = site.emit('GlobalAveragePooling2D', { keepdims }, [from]);
  const channels = from.shape[2]!;
  return keepdims ? { ...from, layer, shape: [1, 1, channels] } : flat(layer, channels);
};

export const pooling = {
  MaxPool: pool('MaxPooling2D'),
  AveragePool: pool('AveragePooling2D'),
  GlobalAveragePool: globalPool('GlobalAveragePooling2D'),
  GlobalMaxPool: globalPool('GlobalMaxPooling2D'),
  ReduceMean: reduceMean,
};
