/** What reads the values of one tensor by range. */
import type { ByteSource, RawRange, StoredPlaces } from '../checkpoint';

export type Floats = Float32Array | Float64Array;

export interface TensorValues {
  /** As in `Checkpoint.raw`. */
  readonly raw: RawRange | null;
  /** As in `Checkpoint.places`. */
  readonly places: StoredPlaces | null;
  /** Bytes that the values take in the file. */
  readonly bytes: number;
  /** Values [begin, end) in row-major order. @throws CheckpointError */
  read(begin: number, end: number, signal?: AbortSignal): Promise<Floats>;
}

/** Where a storage lies. */
export interface Location {
  readonly source: ByteSource;
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly bigEndian: boolean;
}

/** A tensor that cannot be read: the reason becomes its `error`. */
export class TensorError extends Error {}

/** @throws TensorError where it is beyond what any file holds */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) throw new TensorError(`a shape of more than 2^53 values: [${shape.join(', ')}]`);
  }
  return count;
}

/** Strides of a row-major tensor without gaps, in values. */
export function rowMajor(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= Math.max(1, shape[axis]!);
  }
  return stride;
}
