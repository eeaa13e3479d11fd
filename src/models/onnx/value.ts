/**
 * What flows between nodes: the output of a Keras layer, seen as ONNX sees it. ONNX puts channels first and Keras last, so
 * the same values are there in another order; what the order is, every value says itself.
 */
import type { Pending } from './pending';

export interface Value {
  /** Keras layer that makes it, or, of one that is pending, what it is made of. */
  readonly layer: string;
  /** As Keras has it, without the batch: [height, width, channels], or flat. */
  readonly shape: readonly number[];
  /** Axis i of ONNX behind the batch is axis axes[i] of Keras; axes of length 1 may be missing. */
  readonly axes: readonly number[];
  /** Of a flat one: value i of ONNX is value order[i] of Keras; null: the same. */
  readonly order: Int32Array | null;
  /** What is still to be done to each of the layer's values; null: nothing. */
  readonly pending: Pending | null;
  /** No other node takes what the layer makes. */
  readonly alone: boolean;
}

/** Axes of an image whose channels come first in ONNX. */
export const channelsFirst: readonly number[] = [2, 0, 1];

/** Shape in ONNX, without the batch. */
export function onnxShape({ shape, axes }: Value): number[] {
  return axes.map(axis => shape[axis]!);
}

export function isFlat({ shape }: Value): boolean {
  return shape.length === 1;
}

export function isImage({ axes }: Value): boolean {
  return axes.join() === channelsFirst.join();
}

/** A value that a layer of its own makes. */
export function made(
  layer: string,
  shape: readonly number[],
  axes: readonly number[],
  order: Int32Array | null = null,
): Value {
  return { layer, shape, axes, order, pending: null, alone: true };
}

export function flat(layer: string, size: number, order: Int32Array | null = null): Value {
  return made(layer, [size], [0], order);
}

/** Whether they have the same values in the same order under ONNX' shapes. */
export function sameLayout(a: Value, b: Value): boolean {
  return a.shape.join() === b.shape.join() && a.axes.join() === b.axes.join() && sameOrder(a, b);
}

export function sameOrder(a: Value, b: Value): boolean {
  return (
    a.order === b.order || (a.order !== null && b.order !== null && a.order.every((place, i) => place === b.order![i]))
  );
}

/** @returns where value i of ONNX, flattened, is in Keras' flattened values; null: at i */
export function flatOrder(value: Value): Int32Array | null {
  const { shape, axes, order } = value;
  if (isFlat(value)) return order;
  const significant = axes.filter(axis => shape[axis]! > 1);
  if (significant.every((axis, i) => i === 0 || axis > significant[i - 1]!)) return null;
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  let places = [0];
  for (const axis of axes) {
    places = places.flatMap(place => Array.from({ length: shape[axis]! }, (_, i) => place + i * steps[axis]!));
  }
  return Int32Array.from(places);
}
