/** Where Winograd's form of a convolution reads, and where it is worth its transforms. Shapes are [height, width, channels]. */
import type { Conv2DOp, Padding } from '../../plan/plan';

type Shape = readonly number[];

/** Outputs of a tile along each axis. */
export const side = 4;
export const points = 36;

export function tilesOf(shape: Shape): { readonly across: number; readonly count: number } {
  const [height, width] = shape as [number, number];
  const across = Math.ceil(width / side);
  return { across, count: across * Math.ceil(height / side) };
}

/** Whether it computes this convolution at all. */
export function winogradFits({ kernelSize, strides, dilations, groups }: Conv2DOp): boolean {
  const both = (pair: readonly [number, number], value: number): boolean => pair[0] === value && pair[1] === value;
  return groups === 1 && both(kernelSize, 3) && both(strides, 1) && both(dilations, 1);
}

/** Zeros that whole tiles see around the input and around the output's gradient. */
export function winogradFrames(
  { padding }: Conv2DOp,
  inputShape: Shape,
  outputShape: Shape,
): { readonly inputs: Padding; readonly outputGradient: Padding } {
  const { top, left } = padding;
  const forward = frameOf(inputShape, outputShape, top, left, 2);
  const backward = frameOf(outputShape, inputShape, 2 - top, 2 - left, 2);
  // the weight gradient takes the output's gradient in tiles of its own
  const update = frameOf(outputShape, outputShape, 0, 0, 0);
  return { inputs: forward, outputGradient: largest(backward, update) };
}

/** Around an image read by all tiles of an image written: from `top` rows ahead of its first to `beyond` past the last tile. */
function frameOf(read: Shape, written: Shape, top: number, left: number, beyond: number): Padding {
  const after = (axis: 0 | 1, before: number): number =>
    Math.max(0, Math.ceil(written[axis]! / side) * side + beyond - before - read[axis]!);
  return { top: Math.max(0, top), bottom: after(0, top), left: Math.max(0, left), right: after(1, left) };
}

export function largest(a: Padding, b: Padding): Padding {
  return {
    top: Math.max(a.top, b.top),
    bottom: Math.max(a.bottom, b.bottom),
    left: Math.max(a.left, b.left),
    right: Math.max(a.right, b.right),
  };
}

/** What a tile's transforms cost for one channel, in multiplications; fitted to layers of 8 to 512 channels (bench/notes.md). */
const transformCost = 700;
/** What a product in the transform costs against one of the direct form: it reads more for each. */
const productCost = 1.2;
/** What a kept weight costs the compressed form against one of the direct form. */
const compressedCost = 1.8;

/** Time of all three passes over that of the direct form. */
function relativeCost({ padding }: Conv2DOp, inputShape: Shape, outputShape: Shape): number {
  const [inputs, outputs] = [inputShape[2]!, outputShape[2]!];
  const tiles = 2 * tilesOf(outputShape).count + tilesOf(inputShape).count;
  const products = points * productCost + (transformCost / 3) * (1 / inputs + 1 / outputs);
  // the direct form passes over taps that lie on the frame
  const taps = tapsInside(inputShape[0]!, outputShape[0]!, padding.top);
  const direct = 3 * taps * tapsInside(inputShape[1]!, outputShape[1]!, padding.left);
  return (tiles * products) / direct;
}

/** Along one axis, over all outputs. */
function tapsInside(inputs: number, outputs: number, before: number): number {
  let sum = 0;
  for (let tap = 0; tap < 3; tap++) {
    const shift = tap - before;
    sum += Math.max(0, Math.min(outputs, inputs - shift) - Math.max(0, -shift));
  }
  return sum;
}

/** Whether it beats the direct form, where all weights are kept. */
export function winogradPays(op: Conv2DOp, inputShape: Shape, outputShape: Shape): boolean {
  return winogradFits(op) && relativeCost(op, inputShape, outputShape) < 0.9;
}

/** The density below which the compressed form beats it. */
export function compressBelowWinograd(op: Conv2DOp, inputShape: Shape, outputShape: Shape): number {
  return relativeCost(op, inputShape, outputShape) / compressedCost;
}
