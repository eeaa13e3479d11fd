/** Pad by zeros, and Slice where it leaves out whole rows and columns. */
import { subsampled } from './pooling';
import type { Conversion, Site } from './site';
import { channelsFirst, isImage, made, onnxShape, type Value } from './value';
import { surround } from './windows';

const mostPads = 10_000;

const pad: Conversion = async site => {
  const image = site.image();
  const given = (await site.integersOf('pads', 1)) ?? [];
  const axes = (await site.constant(3)) ? [...(await site.weight(3)).data] : [0, 1, 2, 3];
  const filled = (await site.constant(2))?.data[0] ?? site.float('value', 0);
  const pads = new Array<number>(8).fill(0);
  for (const [i, axis] of axes.entries()) {
    const at = axis < 0 ? axis + 4 : axis;
    pads[at] = given[i] ?? NaN;
    pads[at + 4] = given[i + axes.length] ?? NaN;
  }
  const [batch, front, top, left, behind, back, bottom, right] = pads as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const sound = pads.length === 8 && pads.every(n => Number.isInteger(n) && n >= 0 && n <= mostPads);
  const isPlain = site.text('mode', 'constant') === 'constant' && filled === 0;
  if (!isPlain || !sound || batch + behind > 0 || given.length !== 2 * axes.length) {
    site.refuse('does not pad height, width and channels by zeros, which is all that can be trained here');
  }
  const wider = top + bottom + left + right === 0 ? image : surround(site, image, { top, bottom, left, right });
  return front + back === 0 ? wider : withChannels(site, wider, front, back);
};

/** Channels are padded as the columns of an image of pixels × channels, since no layer pads them. */
function withChannels(site: Site, image: Value, front: number, back: number): Value {
  const [height, width, channels] = image.shape as [number, number, number];
  const pixels = made(
    site.emit('Reshape', { target_shape: [height * width, channels, 1] }, [image]),
    [height * width, channels, 1],
    channelsFirst,
  );
  const padded = surround(site, pixels, { top: 0, bottom: 0, left: front, right: back });
  const shape = [height, width, channels + front + back];
  return made(site.emit('Reshape', { target_shape: shape }, [padded]), shape, image.axes);
}

const slice: Conversion = async site => {
  const from = site.value();
  const shape = onnxShape(from);
  const starts = (await site.integersOf('starts', 1)) ?? [];
  const ends = (await site.integersOf('ends', 2)) ?? [];
  const axes = (await site.integersOf('axes', 3)) ?? starts.map((_, axis) => axis);
  const steps = (await site.constant(4)) ? [...(await site.weight(4)).data] : starts.map(() => 1);
  const strides: [number, number] = [1, 1];
  for (const [i, axis] of axes.entries()) {
    const at = (axis < 0 ? axis + shape.length + 1 : axis) - 1;
    const size = shape[at] ?? 0;
    const step = steps[i] ?? 0;
    const isWhole = (starts[i] === 0 || starts[i]! <= -size) && ends[i]! >= size;
    const spatial = isImage(from) ? at - 1 : -1;
    if (at >= 0 && isWhole && step === 1) continue;
    if (!isWhole || !(step >= 1 && step <= mostPads) || (spatial !== 0 && spatial !== 1)) {
      site.refuse('cuts out a part, which no layer here does; only every so manieth row and column can be taken');
    }
    strides[spatial] = step;
  }
  return subsampled(site, from, strides);
};

export const cutting = { Pad: pad, Slice: slice };
