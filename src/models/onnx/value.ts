/**
 * What flows between nodes: the output of a Keras layer, seen as ONNX sees it. ONNX puts channels first and Keras last, so
 * the same values are there in another order; what the order is, every value says itself.
 */

export interface Value {
  /** Keras layer that makes it. */
  readonly layer: string;
  /** As Keras has it, without the batch: [height, width, channels], or flat. */
  readonly shape: readonly number[];
  /** Axis i of ONNX behind the batch is axis axes[i] of Keras. */
  readonly axes: readonly number[];
  /** Of a flat one: value i of ONNX is value order[i] of Keras; null: the same. */
  readonly order: Int32Array | null;
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

export function flat(layer: string, size: number, order: Int32Array | null = null): Value {
  return { layer, shape: [size], axes: [0], order };
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
