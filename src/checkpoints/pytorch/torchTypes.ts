/** PyTorch's and NumPy's names of number types, as this project names them. Source: torch/storage.py, torch/_utils.py. */

import { Global, type PickleValue } from './pickleValue';

export interface TorchType {
  /** As safetensors names it; QINT8, QUINT8, QINT32 for quantised values. */
  readonly name: string;
  /** Of one value. */
  readonly bytes: number;
  /** False for what is listed, but has no decoder. */
  readonly readable: boolean;
}

const type = (name: string, bytes: number, readable = true): TorchType => ({ name, bytes, readable });

const byte = type('U8', 1);

const storageTypes = new Map<string, TorchType>([
  ['DoubleStorage', type('F64', 8)],
  ['FloatStorage', type('F32', 4)],
  ['HalfStorage', type('F16', 2)],
  ['BFloat16Storage', type('BF16', 2)],
  ['LongStorage', type('I64', 8)],
  ['IntStorage', type('I32', 4)],
  ['ShortStorage', type('I16', 2)],
  ['CharStorage', type('I8', 1)],
  ['ByteStorage', byte],
  ['BoolStorage', type('BOOL', 1)],
  ['UntypedStorage', byte],
  ['ComplexFloatStorage', type('C64', 8, false)],
  ['ComplexDoubleStorage', type('C128', 16, false)],
  ['QInt8Storage', type('QINT8', 1)],
  ['QUInt8Storage', type('QUINT8', 1)],
  ['QInt32Storage', type('QINT32', 4)],
  ['QUInt4x2Storage', type('QUINT4X2', 1, false)],
  ['QUInt2x4Storage', type('QUINT2X4', 1, false)],
]);

const dtypes = new Map<string, TorchType>([
  ['float64', type('F64', 8)],
  ['double', type('F64', 8)],
  ['float32', type('F32', 4)],
  ['float', type('F32', 4)],
  ['float16', type('F16', 2)],
  ['half', type('F16', 2)],
  ['bfloat16', type('BF16', 2)],
  ['float8_e4m3fn', type('F8_E4M3', 1)],
  ['float8_e5m2', type('F8_E5M2', 1)],
  ['float8_e4m3fnuz', type('F8_E4M3FNUZ', 1, false)],
  ['float8_e5m2fnuz', type('F8_E5M2FNUZ', 1, false)],
  ['float8_e8m0fnu', type('F8_E8M0', 1, false)],
  ['float4_e2m1fn_x2', type('F4X2', 1, false)],
  ['int64', type('I64', 8)],
  ['long', type('I64', 8)],
  ['int32', type('I32', 4)],
  ['int', type('I32', 4)],
  ['int16', type('I16', 2)],
  ['short', type('I16', 2)],
  ['int8', type('I8', 1)],
  ['uint8', byte],
  ['uint16', type('U16', 2)],
  ['uint32', type('U32', 4)],
  ['uint64', type('U64', 8)],
  ['bool', type('BOOL', 1)],
  ['complex32', type('C32', 4, false)],
  ['complex64', type('C64', 8, false)],
  ['cfloat', type('C64', 8, false)],
  ['complex128', type('C128', 16, false)],
  ['cdouble', type('C128', 16, false)],
  ['qint8', type('QINT8', 1)],
  ['quint8', type('QUINT8', 1)],
  ['qint32', type('QINT32', 4)],
]);

/** By kind and bytes of one value. */
const numpyTypes = new Map<string, TorchType>([
  ['f8', type('F64', 8)],
  ['f4', type('F32', 4)],
  ['f2', type('F16', 2)],
  ['i8', type('I64', 8)],
  ['i4', type('I32', 4)],
  ['i2', type('I16', 2)],
  ['i1', type('I8', 1)],
  ['u8', type('U64', 8)],
  ['u4', type('U32', 4)],
  ['u2', type('U16', 2)],
  ['u1', byte],
  ['b1', type('BOOL', 1)],
  ['c8', type('C64', 8, false)],
  ['c16', type('C128', 16, false)],
]);

/** @returns what a name stands for: `torch.float32`, `torch.FloatStorage`, `torch.cuda.HalfStorage`; null: no number type */
export function namedType(value: PickleValue | undefined): TorchType | null {
  if (!(value instanceof Global) || !/^torch(\.|$)/.test(value.module)) return null;
  return storageTypes.get(value.name) ?? dtypes.get(value.name) ?? null;
}

/** @param code e.g. "f4", with or without the byte order before it */
export const numpyType = (code: string): TorchType | undefined => numpyTypes.get(code.replace(/^[<>=|]/, ''));

/** The plain integers that quantised values lie as. */
export const quantisedAs = new Map<string, string>([
  ['QINT8', 'I8'],
  ['QUINT8', 'U8'],
  ['QINT32', 'I32'],
]);
