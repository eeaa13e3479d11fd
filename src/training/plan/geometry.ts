/** Where windows of convolutions and pools lie on an image, as TensorFlow pads and counts. */
import type { Padding, Pair } from './plan';

/** "same" gives ⌈size / stride⌉ outputs; an odd row or column of padding goes to the bottom or right. */
export type PaddingMode = 'valid' | 'same';

export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
}

/** @param image [height, width, …] */
export function paddingOf(image: readonly number[], { size, strides, dilations }: Window, mode: PaddingMode): Padding {
  if (mode === 'valid') return { top: 0, bottom: 0, left: 0, right: 0 };
  const [top, bottom] = samePadding(image[0]!, size[0], strides[0], dilations[0]);
  const [left, right] = samePadding(image[1]!, size[1], strides[1], dilations[1]);
  return { top, bottom, left, right };
}

function samePadding(length: number, size: number, stride: number, dilation: number): [number, number] {
  const outputs = Math.ceil(length / stride);
  const missing = Math.max(0, (outputs - 1) * stride + reach(size, dilation) - length);
  return [Math.floor(missing / 2), Math.ceil(missing / 2)];
}

/**
 * Height and width of what a window makes of an image.
 * @returns numbers below 1 where the window does not fit once
 */
export function windowed(image: readonly number[], { size, strides, dilations }: Window, padding: Padding): Pair {
  const height = image[0]! + padding.top + padding.bottom - reach(size[0], dilations[0]);
  const width = image[1]! + padding.left + padding.right - reach(size[1], dilations[1]);
  return [Math.floor(height / strides[0]) + 1, Math.floor(width / strides[1]) + 1];
}

/** From the first pixel under a window to the last. */
function reach(size: number, dilation: number): number {
  return (size - 1) * dilation + 1;
}

export function addPadding(a: Padding, b: Padding): Padding {
  return { top: a.top + b.top, bottom: a.bottom + b.bottom, left: a.left + b.left, right: a.right + b.right };
}

/** Values in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
