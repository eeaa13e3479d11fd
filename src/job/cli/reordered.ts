type Floats = Float32Array | Float64Array;

/**
 * Values of a row-major tensor with its axes in another order.
 * @param parts the values one behind the other
 * @param axes axis of `shape` that becomes axis i
 */
export function reordered(parts: readonly Floats[], shape: readonly number[], axes: readonly number[]): Float64Array {
  const values = new Float64Array(shape.reduce((product, size) => product * size, 1));
  let position = 0;
  for (const part of parts) {
    values.set(part, position);
    position += part.length;
  }
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const out = new Float64Array(values.length);
  const index = new Array<number>(axes.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from]!;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const source = axes[axis]!;
      from += strides[source]!;
      if (++index[axis]! < shape[source]!) break;
      from -= shape[source]! * strides[source]!;
      index[axis] = 0;
    }
  }
  return out;
}
