/** Writes little NumPy files for tests. */
import { npyBytes, zipBytes } from '../../support/checkpoints';

type Values = Uint8Array | Int8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

const types = new Map<unknown, string>([
  [Uint8Array, '|u1'],
  [Int8Array, '|i1'],
  [Int32Array, '<i4'],
  [BigInt64Array, '<i8'],
  [Float32Array, '<f4'],
  [Float64Array, '<f8'],
]);

/** As numpy.save writes an array. */
export function npy(shape: readonly number[], values: Values, fortranOrder = false): Uint8Array {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const descr = types.get(values.constructor)!;
  const header = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  return npyBytes(header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** As numpy.savez writes arrays, or numpy.savez_compressed. */
export function npz(arrays: Readonly<Record<string, Uint8Array>>, deflate = false): Uint8Array {
  return zipBytes(Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data, deflate })));
}

/** `count` images of 4×4 pixels as bytes; image i is full of the value i. */
export function images(count: number): Uint8Array {
  return npy(
    [count, 4, 4],
    Uint8Array.from({ length: count * 16 }, (_, i) => i >> 4),
  );
}

/** Labels i mod `classes` of 64 bits, as numpy makes them. */
export function labels(count: number, classes = 3): Uint8Array {
  return npy(
    [count],
    BigInt64Array.from({ length: count }, (_, i) => BigInt(i % classes)),
  );
}

export const keras: Readonly<Record<string, Uint8Array>> = {
  x_train: images(20),
  y_train: labels(20),
  x_test: images(6),
  y_test: labels(6),
};
