/** Values as Parquet writes them plainly. */
import type { Column } from './schema';

/** Numbers as float64 (integers beyond 2^53 rounded), or bytes. */
export type Values = Float64Array | ByteValues;

/** Byte arrays in a page: eight bytes each beside it, however many a page claims. */
export class ByteValues {
  constructor(
    private readonly page: Uint8Array,
    private readonly begins: Uint32Array,
    private readonly ends: Uint32Array,
  ) {}

  get length(): number {
    return this.begins.length;
  }

  /** A view into the page. */
  at(index: number): Uint8Array {
    return this.page.subarray(this.begins[index], this.ends[index]);
  }

  pick(places: Uint32Array): ByteValues {
    const { page, begins, ends } = this;
    return new ByteValues(
      page,
      places.map(place => begins[place]!),
      places.map(place => ends[place]!),
    );
  }
}

const widths = { int32: 4, int64: 8, float: 4, double: 8 } as const;

/** @throws Error where the bytes hold fewer than `count` */
export function readPlain(bytes: Uint8Array, { type, unsigned }: Column, count: number): Values {
  if (type === 'bytes') return readByteArrays(bytes, count);
  if (type === 'boolean') {
    if (count > 8 * bytes.length) throw tooFew();
    return Float64Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
  }
  if (type === 'int96' || type === 'fixed') throw new Error(`a page holds values of type ${type}`);
  if (count > bytes.length / widths[type]) throw tooFew();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(count);
  switch (type) {
    case 'int32':
      for (let i = 0; i < count; i++) values[i] = unsigned ? view.getUint32(4 * i, true) : view.getInt32(4 * i, true);
      break;
    case 'int64':
      for (let i = 0; i < count; i++) {
        const high = unsigned ? view.getUint32(8 * i + 4, true) : view.getInt32(8 * i + 4, true);
        values[i] = high * 2 ** 32 + view.getUint32(8 * i, true);
      }
      break;
    case 'float':
      for (let i = 0; i < count; i++) values[i] = view.getFloat32(4 * i, true);
      break;
    case 'double':
      for (let i = 0; i < count; i++) values[i] = view.getFloat64(8 * i, true);
      break;
  }
  return values;
}

function readByteArrays(bytes: Uint8Array, count: number): ByteValues {
  if (count > bytes.length / 4) throw tooFew();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [begins, ends] = [new Uint32Array(count), new Uint32Array(count)];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw tooFew();
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at) throw tooFew();
    begins[i] = at;
    at += length;
    ends[i] = at;
  }
  return new ByteValues(bytes, begins, ends);
}

function tooFew(): Error {
  return new Error('a page holds fewer values than its header says');
}
