import type { ByteSource } from './checkpoint';
import { bytesPerElement, decode } from './dtypes';
import type { NpyHeader } from './numpyHeader';

/** Whether the values lie in the file in row-major order: always where only one axis is longer than 1. */
export function runsAsIs({ fortranOrder, shape }: NpyHeader): boolean {
  return !fortranOrder || shape.filter(size => size !== 1).length <= 1;
}

/** @returns values [begin, end) in row-major order */
export async function readNpyValues(
  source: ByteSource,
  header: NpyHeader,
  begin: number,
  end: number,
  signal?: AbortSignal,
): Promise<Float32Array | Float64Array> {
  const size = bytesPerElement[header.dtype];
  const bytes = runsAsIs(header)
    ? await source.read(header.dataStart + begin * size, (end - begin) * size, signal)
    : await gather(source, header, begin, end, signal);
  return decode(header.dtype, header.bigEndian ? swapped(bytes, size) : bytes);
}

/** Most bytes of the file that are read at once for a column-major array. */
const blockBytes = 16 * 2 ** 20;

/**
 * A range of a column-major array. The first axis runs fastest in the file, so that rows [first, last] of it lie together
 * for every place on the other axes ("column"); columns are read in order of the file, many at once where rows are few.
 */
async function gather(
  source: ByteSource,
  { dtype, dataStart, shape, count }: NpyHeader,
  begin: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const size = bytesPerElement[dtype];
  const result = new Uint8Array((end - begin) * size);
  if (end === begin) return result;
  const rows = shape[0]!;
  const columns = count / rows;
  const first = Math.floor(begin / columns);
  const last = Math.floor((end - 1) / columns);
  const together = Math.max(1, Math.floor(blockBytes / (rows * size)));
  for (let column = 0; column < columns; column += together) {
    const many = Math.min(together, columns - column);
    const from = column * rows + first;
    const length = (many - 1) * rows + last - first + 1;
    const bytes = await source.read(dataStart + from * size, length * size, signal);
    for (let i = 0; i < many; i++) {
      const place = rowMajor(column + i, shape);
      for (let row = first; row <= last; row++) {
        const target = row * columns + place - begin;
        if (target < 0 || target >= end - begin) continue;
        const start = (i * rows + row - first) * size;
        for (let byte = 0; byte < size; byte++) result[target * size + byte] = bytes[start + byte]!;
      }
    }
  }
  return result;
}

/** Place on the axes behind the first, counted in column-major order, as counted in row-major order. */
function rowMajor(column: number, shape: readonly number[]): number {
  let rest = column;
  let place = 0;
  let stride = 1;
  for (let axis = 1; axis < shape.length; axis++) stride *= shape[axis]!;
  for (let axis = 1; axis < shape.length; axis++) {
    stride /= shape[axis]!;
    place += (rest % shape[axis]!) * stride;
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

/** @param size of a value: 2, 4 or 8 bytes. @returns a copy */
export function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.from(bytes);
  if (size === 2) return copy.swap16();
  return size === 4 ? copy.swap32() : copy.swap64();
}
