/** Records for NumPy's arrays, dtypes and scalars. Source: numpy/_core/src/multiarray/methods.c, numpy/_core/numeric.py. */
import type { Constructor } from './pickleValue';
import { NumpyArray, NumpyDtype } from './records';

/** Of "datetime64[ns]" and its kin. */
const codeLength = 32;

/** Numbers that a metric is saved as; others are of no use here. */
const scalar: Constructor = ([descriptor, data]) => {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  const type = descriptor instanceof NumpyDtype ? descriptor.type : undefined;
  if (!(descriptor instanceof NumpyDtype) || !type || !(bytes instanceof Uint8Array) || bytes.length !== type.bytes) {
    return null;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = !descriptor.bigEndian;
  switch (type.name) {
    case 'F64':
      return view.getFloat64(0, little);
    case 'F32':
      return view.getFloat32(0, little);
    case 'I64':
      return Number(view.getBigInt64(0, little));
    case 'I32':
      return view.getInt32(0, little);
    case 'U8':
      return view.getUint8(0);
    case 'BOOL':
      return view.getUint8(0) !== 0;
    default:
      return null;
  }
};

export const numpyConstructors: readonly (readonly [string, Constructor])[] = [
  ['numpy.core.multiarray._reconstruct', () => new NumpyArray()],
  ['numpy.ndarray', () => new NumpyArray()],
  ['numpy.dtype', ([code]) => new NumpyDtype(typeof code === 'string' && code.length <= codeLength ? code : 'unknown')],
  ['numpy.core.multiarray.scalar', scalar],
  [
    // protocol 5 keeps the values of an array in a buffer
    'numpy.core.numeric._frombuffer',
    ([bytes, descriptor, shape, order]) => {
      const array = new NumpyArray();
      array.fill(shape, descriptor, order === 'F', bytes);
      return array;
    },
  ],
];
