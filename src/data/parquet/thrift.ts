/**
 * Thrift's compact protocol, in which Parquet writes its footer and page headers:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. What is read is bounded in depth and
 * number, so that no damaged header takes more memory than a sound one.
 */

/** Fields by their number. */
export type ThriftStruct = readonly (ThriftValue | undefined)[];
export type ThriftValue = boolean | number | Uint8Array | ThriftList | ThriftRecord;
export interface ThriftList {
  readonly items: readonly ThriftValue[];
}
export interface ThriftRecord {
  readonly fields: ThriftStruct;
}

/** The bytes end inside a value: with more of them it may be whole. */
export class ThriftEndError extends Error {}
/** The bytes are no such value, whatever follows. */
export class ThriftError extends Error {}

const mostDepth = 16;
const mostValues = 4_000_000;
/** Parquet's structures have up to 17 fields; what has higher numbers is newer than this reader. */
const mostFields = 64;
const varintBytes = 10;

const types = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
};

/**
 * @returns the struct that begins at `offset`, and where it ends
 * @throws ThriftEndError, ThriftError
 */
export function readStruct(bytes: Uint8Array, offset: number): { readonly fields: ThriftStruct; readonly end: number } {
  const reader = new CompactReader(bytes, offset);
  const fields = reader.struct(0);
  return { fields, end: reader.position };
}

class CompactReader {
  private values = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public position: number,
  ) {}

  struct(depth: number): ThriftStruct {
    if (depth > mostDepth) throw new ThriftError('structures are nested too deep');
    const fields: (ThriftValue | undefined)[] = [];
    for (let field = 0; ;) {
      const head = this.byte();
      const type = head & 0x0f;
      if (type === 0) return fields;
      field = head >> 4 === 0 ? this.zigzag() : field + (head >> 4);
      if (field < 0 || field > 0x7fff) throw new ThriftError(`a field has the number ${field}`);
      const value = type === types.true || type === types.false ? type === types.true : this.value(type, depth);
      if (field < mostFields) fields[field] = value;
    }
  }

  private value(type: number, depth: number): ThriftValue {
    if (++this.values > mostValues) throw new ThriftError(`it holds over ${mostValues} values`);
    switch (type) {
      case types.true:
      case types.false:
        return this.byte() === types.true;
      case types.byte:
        return (this.byte() << 24) >> 24;
      case types.i16:
      case types.i32:
      case types.i64:
        return this.zigzag();
      case types.double: {
        const at = this.skip(8);
        return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0, true);
      }
      case types.binary: {
        const length = this.varint();
        const at = this.skip(length);
        return this.bytes.subarray(at, at + length);
      }
      case types.list:
      case types.set:
        return this.list(depth + 1);
      case types.struct:
        return { fields: this.struct(depth + 1) };
      default:
        throw new ThriftError(`a value has the type ${type}`);
    }
  }

  private list(depth: number): ThriftList {
    if (depth > mostDepth) throw new ThriftError('lists are nested too deep');
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    // every element takes a byte at least
    if (size > mostValues) throw new ThriftError(`a list claims ${size} elements`);
    if (size > this.bytes.length - this.position) throw new ThriftEndError();
    const items: ThriftValue[] = [];
    for (let i = 0; i < size; i++) items.push(this.value(head & 0x0f, depth));
    return { items };
  }

  private byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  /** @returns where the bytes passed over begin */
  private skip(length: number): number {
    const at = this.position;
    if (length > this.bytes.length - at) throw new ThriftEndError();
    this.position += length;
    return at;
  }

  /** Exact up to 2^53; what is larger is no sound size and only has to stay large. */
  private varint(): number {
    let value = 0;
    for (let i = 0, scale = 1; i < varintBytes; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new ThriftError('a number has more than ten bytes');
  }

  private zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** The field where it is a number, else undefined; its neighbours likewise. */
export function numberAt(fields: ThriftStruct, field: number): number | undefined {
  const value = fields[field];
  return typeof value === 'number' ? value : undefined;
}

export function textAt(fields: ThriftStruct, field: number): string | undefined {
  const value = fields[field];
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

export function structAt(fields: ThriftStruct, field: number): ThriftStruct | undefined {
  const value = fields[field];
  return typeof value === 'object' && 'fields' in value ? value.fields : undefined;
}

export function listAt(fields: ThriftStruct, field: number): readonly ThriftValue[] | undefined {
  const value = fields[field];
  return typeof value === 'object' && 'items' in value ? value.items : undefined;
}

/** Elements of a list of structs; undefined where it is none. */
export function structsAt(fields: ThriftStruct, field: number): readonly ThriftStruct[] | undefined {
  const items = listAt(fields, field);
  const structs = items?.flatMap(item => (typeof item === 'object' && 'fields' in item ? [item.fields] : []));
  return structs?.length === items?.length ? structs : undefined;
}
