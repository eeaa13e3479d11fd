/** Element types by the names of safetensors, their sizes, and their values as JavaScript's floats. */
import { decodeBf16, decodeF16, decodeTable, float8E4M3, float8E5M2, float8E8M0 } from './dtypesSmallFloats';

/** Bytes of one element. BOOL takes a byte; F8_E4M3 and F8_E4M3FN are one type (OCP's, without infinities). */
export const bytesPerElement = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E4M3FN: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof bytesPerElement;

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(bytesPerElement, name);
}

/** Types whose values are weights; the others hold counts, indices or masks. */
export function isFloating(dtype: Dtype): boolean {
  return dtype.startsWith('F') || dtype === 'BF16';
}

/**
 * Values as they are, subnormals, signed zeros, infinities and NaN too (which NaN is lost). 64-bit integers beyond 2⁵³
 * are rounded to the nearest float64; all else is exact. BOOL: any byte but 0 is 1.
 * @param bytes little-endian, a whole number of elements, at any alignment; never changed nor kept
 * @returns Float64Array for F64, I64, I32, U64 and U32, whose values float32 cannot hold; else Float32Array
 */
export function decode(dtype: Dtype, bytes: Uint8Array): Float32Array | Float64Array {
  const count = bytes.length / bytesPerElement[dtype];
  if (!Number.isInteger(count)) throw new RangeError(`${bytes.length} bytes are no whole number of ${dtype}`);
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned(bytes));
    case 'F64':
      return new Float64Array(aligned(bytes));
    case 'F16':
      return decodeF16(new Uint16Array(aligned(bytes)));
    case 'BF16':
      return decodeBf16(new Uint16Array(aligned(bytes)));
    case 'F8_E4M3':
    case 'F8_E4M3FN':
      return decodeTable(bytes, float8E4M3());
    case 'F8_E5M2':
      return decodeTable(bytes, float8E5M2());
    case 'F8_E8M0':
      return decodeTable(bytes, float8E8M0());
    case 'I64':
      return Float64Array.from(new BigInt64Array(aligned(bytes)), Number);
    case 'U64':
      return Float64Array.from(new BigUint64Array(aligned(bytes)), Number);
    case 'I32':
      return new Float64Array(new Int32Array(aligned(bytes)));
    case 'U32':
      return new Float64Array(new Uint32Array(aligned(bytes)));
    case 'I16':
      return new Float32Array(new Int16Array(aligned(bytes)));
    case 'U16':
      return new Float32Array(new Uint16Array(aligned(bytes)));
    case 'I8':
      return new Float32Array(new Int8Array(aligned(bytes)));
    case 'U8':
      return new Float32Array(bytes);
    case 'BOOL':
      return Float32Array.from(bytes, byte => (byte === 0 ? 0 : 1));
  }
}

/** A copy of its own, because a typed array needs its offset to be a multiple of its element size. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
