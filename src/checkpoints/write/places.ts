/** Where the weights of a tensor lie in the files of a checkpoint, one by one. */
import type { Checkpoint, StoredPlaces } from '../checkpoint';
import type { Floats } from './cut';

/** Types whose zero bytes are the number 0. Not F8_E8M0: an exponent of 0 is 2⁻¹²⁷. */
const zeroIsZeroBytes: ReadonlySet<string> = new Set(['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E4M3FN', 'F8_E5M2']);

/** @returns none where the weights cannot be set to 0 by writing zero bytes; several where they lie in several files */
export function placesOf(checkpoint: Checkpoint, index: number): readonly StoredPlaces[] {
  const { dtype, shape, count, error } = checkpoint.tensors[index]!;
  if (error !== null || !zeroIsZeroBytes.has(dtype) || count === 0) return [];
  const raw = checkpoint.raw(index);
  if (raw) {
    const valueBytes = raw.length / count;
    return [{ source: raw.source, offset: raw.offset, valueBytes, strides: rowMajor(shape, valueBytes) }];
  }
  const places = checkpoint.places?.(index);
  if (places) return [places];
  const parts = checkpoint.parts?.(index) ?? [];
  const valueBytes = parts.reduce((sum, { length }) => sum + length, 0) / count;
  let begin = 0;
  return parts.map(({ source, offset, length }) => {
    const values = { begin, end: begin + length / valueBytes };
    const first = offset - begin * valueBytes;
    begin = values.end;
    return { source, offset: first, valueBytes, strides: rowMajor(shape, valueBytes), values };
  });
}

function rowMajor(shape: readonly number[], valueBytes: number): number[] {
  const strides = new Array<number>(shape.length);
  let step = valueBytes;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/**
 * Offsets of the weights of a chunk that go and are not 0 already, ascending.
 * @param into at least as long as the values
 */
export function goingPlaces(
  { offset, valueBytes, strides }: StoredPlaces,
  shape: readonly number[],
  begin: number,
  values: Floats,
  gone: Uint8Array,
  into: Float64Array,
): Float64Array {
  let count = 0;
  if (rowMajor(shape, valueBytes).every((stride, axis) => stride === strides[axis] || shape[axis] === 1)) {
    const start = offset + begin * valueBytes;
    for (let i = 0; i < values.length; i++) {
      if (gone[i] === 1 && values[i] !== 0) into[count++] = start + i * valueBytes;
    }
    return into.subarray(0, count);
  }
  const index = indexAt(begin, shape);
  let at = index.reduce((sum, place, axis) => sum + place * strides[axis]!, offset);
  for (let i = 0; i < values.length; i++) {
    if (gone[i] === 1 && values[i] !== 0) into[count++] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return into.subarray(0, count).sort();
}

function indexAt(position: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}
