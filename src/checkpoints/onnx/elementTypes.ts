/** TensorProto.DataType: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */

/** Numbers of the fields of TensorProto that hold values. */
export const dataFields = { float: 4, int32: 5, text: 6, int64: 7, raw: 9, double: 10, uint64: 11 } as const;

export interface ElementType {
  /** As safetensors names it; U4, I4, U2, I2 as they would be named there. */
  readonly dtype: string;
  readonly bits: number;
  /** Where values lie that are not in raw_data. */
  readonly field: number;
  /** They are numbers that are given out. */
  readonly decoded: boolean;
}

const type = (dtype: string, bits: number, field: keyof typeof dataFields, decoded = true): ElementType => {
  return { dtype, bits, field: dataFields[field], decoded };
};

const types: readonly (ElementType | null)[] = [
  null,
  type('F32', 32, 'float'),
  type('U8', 8, 'int32'),
  type('I8', 8, 'int32'),
  type('U16', 16, 'int32'),
  type('I16', 16, 'int32'),
  type('I32', 32, 'int32'),
  type('I64', 64, 'int64'),
  type('STRING', 0, 'text', false),
  type('BOOL', 8, 'int32'),
  type('F16', 16, 'int32'),
  type('F64', 64, 'double'),
  type('U32', 32, 'uint64'),
  type('U64', 64, 'uint64'),
  type('C64', 64, 'float', false),
  type('C128', 128, 'double', false),
  type('BF16', 16, 'int32'),
  type('F8_E4M3', 8, 'int32'),
  type('F8_E4M3FNUZ', 8, 'int32', false),
  type('F8_E5M2', 8, 'int32'),
  type('F8_E5M2FNUZ', 8, 'int32', false),
  type('U4', 4, 'int32'),
  type('I4', 4, 'int32'),
  type('F4', 4, 'int32'),
  type('F8_E8M0', 8, 'int32'),
  type('U2', 2, 'int32'),
  type('I2', 2, 'int32'),
];

/** Null where the number stands for no type that is known. */
export function elementType(number: number): ElementType | null {
  return types[number] ?? null;
}

const signed = (bits: number): number[] =>
  Array.from({ length: 2 ** bits }, (_, i) => (i < 2 ** (bits - 1) ? i : i - 2 ** bits));
const unsigned = (bits: number): number[] => Array.from({ length: 2 ** bits }, (_, i) => i);
/** OCP Microscaling Formats (MX), revision 1.0, 5.3.3: E2M1. */
const float4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];

/** Values by their bits, of types that share a byte. */
export const smallTypes: ReadonlyMap<string, readonly number[]> = new Map([
  ['U4', unsigned(4)],
  ['I4', signed(4)],
  ['F4', float4],
  ['U2', unsigned(2)],
  ['I2', signed(2)],
]);
