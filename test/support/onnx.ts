/** ONNX files written message by message, sound or hostile. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A field with its tag. Numbers are varints; text, bytes and messages stand behind their length. */
export function field(number: number, value: number | bigint | string | Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  if (typeof value === 'number' || typeof value === 'bigint') {
    return writer.tag(number, WireType.Varint).int64(value).finish();
  }
  writer.tag(number, WireType.LengthDelimited);
  return (typeof value === 'string' ? writer.string(value) : writer.bytes(value)).finish();
}

export const message = (...fields: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(fields));

/** A field that claims more bytes than follow. */
export const claiming = (number: number, length: number | bigint, content: Uint8Array): Uint8Array =>
  message(new BinaryWriter().tag(number, WireType.LengthDelimited).uint64(length).finish(), content);

export const types = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  uint4: 21,
  int4: 22,
  float4: 23,
} as const;

export const float32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

export interface TensorFixture {
  readonly name?: string;
  readonly dims: readonly (number | bigint)[];
  /** Of `types`; float unless said otherwise. */
  readonly type?: number;
  readonly raw?: Uint8Array;
  readonly external?: Readonly<Record<string, string>>;
  /** Values in their typed fields, and what else there is. */
  readonly more?: readonly Uint8Array[];
}

export function tensor({ name, dims, type = types.float, raw, external, more = [] }: TensorFixture): Uint8Array {
  const entries = Object.entries(external ?? {}).map(([key, value]) =>
    field(13, message(field(1, key), field(2, value))),
  );
  return message(
    ...dims.map(size => field(1, size)),
    field(2, type),
    ...(name === undefined ? [] : [field(8, name)]),
    ...(raw ? [field(9, raw)] : []),
    ...entries,
    ...(external ? [field(14, 1)] : []),
    ...more,
  );
}

const packed = (number: number, write: (writer: BinaryWriter) => BinaryWriter): Uint8Array =>
  field(number, write(new BinaryWriter()).finish());
const each = <T>(values: readonly T[], write: (writer: BinaryWriter, value: T) => BinaryWriter) => {
  return (writer: BinaryWriter): BinaryWriter => values.reduce(write, writer);
};

export const floatData = (...values: readonly number[]): Uint8Array =>
  packed(
    4,
    each(values, (writer, value) => writer.float(value)),
  );
export const doubleData = (...values: readonly number[]): Uint8Array =>
  packed(
    10,
    each(values, (writer, value) => writer.double(value)),
  );
export const int32Data = (...values: readonly number[]): Uint8Array =>
  packed(
    5,
    each(values, (writer, value) => writer.int32(value)),
  );
export const int64Data = (...values: readonly bigint[]): Uint8Array =>
  packed(
    7,
    each(values, (writer, value) => writer.int64(value)),
  );
export const uint64Data = (...values: readonly bigint[]): Uint8Array =>
  packed(
    11,
    each(values, (writer, value) => writer.uint64(value)),
  );
/** A tag before every value, as proto2 has it where it is not told to pack. */
export const unpackedFloats = (...values: readonly number[]): Uint8Array =>
  message(...values.map(value => new BinaryWriter().tag(4, WireType.Bit32).float(value).finish()));

export interface NodeFixture {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  /** Numbers and lists of them; bytes are messages of the field `subgraph` or `value`. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
  readonly more?: readonly Uint8Array[];
}

export function node({ op, inputs, outputs = [], name, domain, attributes = {}, more = [] }: NodeFixture): Uint8Array {
  const written = Object.entries(attributes).map(([key, value]) => {
    const content = typeof value === 'number' ? [field(3, value)] : value.map(item => field(8, item));
    return field(5, message(field(1, key), ...content));
  });
  return message(
    ...inputs.map(input => field(1, input)),
    ...outputs.map(output => field(2, output)),
    ...(name === undefined ? [] : [field(3, name)]),
    field(4, op),
    ...written,
    ...(domain === undefined ? [] : [field(7, domain)]),
    ...more,
  );
}

/** Of a node: a tensor. */
export const tensorAttribute = (name: string, value: Uint8Array): Uint8Array =>
  field(5, message(field(1, name), field(5, value)));
/** Of a node: a graph. */
export const graphAttribute = (name: string, graph: Uint8Array): Uint8Array =>
  field(5, message(field(1, name), field(6, graph)));

export interface GraphFixture {
  readonly nodes?: readonly Uint8Array[];
  readonly tensors?: readonly Uint8Array[];
  readonly more?: readonly Uint8Array[];
}

export function graph({ nodes = [], tensors = [], more = [] }: GraphFixture): Uint8Array {
  return message(
    ...nodes.map(content => field(1, content)),
    field(2, 'main'),
    ...tensors.map(content => field(5, content)),
    ...more,
  );
}

/** In the order in which protobuf writes: the graph before the version of its operators. */
export function model(content: Uint8Array | GraphFixture, ...more: readonly Uint8Array[]): Uint8Array {
  const bytes = content instanceof Uint8Array ? content : graph(content);
  const opset = message(field(1, ''), field(2, 20));
  return message(field(1, 9), field(2, 'test'), field(3, '1.0'), field(7, bytes), field(8, opset), ...more);
}
