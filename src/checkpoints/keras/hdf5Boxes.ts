/** Part of an array as HDF5 reads it: where it begins and how far it goes, along each axis. */
export interface Box {
  readonly offset: readonly number[];
  readonly count: readonly number[];
  /** Values in it. */
  readonly values: number;
}

/** Positions [begin, end) in row-major order as boxes in that order: at most two for each axis. */
export function* boxesOf(shape: readonly number[], begin: number, end: number): Generator<Box> {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  if (shape.length === 0 && begin < end) yield { offset: [], count: [], values: 1 };
  if (shape.length === 0) return;
  for (let at = begin; at < end;) {
    // the outermost axis along which whole steps fit from here on
    const axis = strides.findIndex(step => at % step === 0 && at + step <= end);
    const offset = shape.map((size, i) => Math.floor(at / strides[i]!) % size);
    const many = Math.min(shape[axis]! - offset[axis]!, Math.floor((end - at) / strides[axis]!));
    const count = shape.map((size, i) => (i < axis ? 1 : i === axis ? many : size));
    yield { offset, count, values: many * strides[axis]! };
    at += many * strides[axis]!;
  }
}
