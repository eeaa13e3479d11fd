/** Checkpoint files as bytes, sound or forged, for tests of their readers. */
import { crc32, deflateRawSync } from 'node:zlib';

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** @param header written as it is where it is a string */
export function safetensorsBytes(header: string | object, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = text(typeof header === 'string' ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return concat(length, json, data);
}

/** An array as numpy.save writes it. @param header written as it is: descr, fortran_order and shape */
export function npyBytes(header: string, data: Uint8Array, version: 1 | 2 | 3 = 1): Uint8Array {
  const lengthBytes = version === 1 ? 2 : 4;
  const body = Buffer.from(header, version === 3 ? 'utf8' : 'latin1');
  const padded = Math.ceil((8 + lengthBytes + body.length + 1) / 64) * 64 - 8 - lengthBytes;
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(padded, 0, lengthBytes);
  const fill = Buffer.from(' '.repeat(padded - body.length - 1) + '\n');
  return concat(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0), length, body, fill, data);
}

export interface ZipFixture {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** What its headers claim instead of the truth. */
  readonly forged?: {
    readonly size?: number;
    readonly method?: number;
    readonly flags?: number;
    /** Of another entry: its bytes are shared. */
    readonly offset?: number;
  };
}

/** A zip archive after APPNOTE.TXT. @param zip64 sizes and offsets stand in the fields of zip64, as torch writes them */
export function zipBytes(entries: readonly ZipFixture[], zip64 = false): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const { name, data, deflate = false, forged = {} } of entries) {
    const packed = deflate ? deflateRawSync(data) : data;
    const fields = {
      name: Buffer.from(name),
      flags: forged.flags ?? 0x800,
      method: forged.method ?? (deflate ? 8 : 0),
      crc: crc32(data),
      packed: packed.length,
      size: forged.size ?? data.length,
      offset: forged.offset ?? position,
    };
    const local = localHeader(fields);
    parts.push(local, packed);
    directory.push(directoryHeader(fields, zip64));
    position += local.length + packed.length;
  }
  const listed = concat(...directory);
  const count = entries.length;
  const end = zip64 ? zip64End(count, listed.length, position) : endRecord(count, listed.length, position);
  return concat(...parts, listed, end);
}

interface Fields {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

function localHeader({ name, flags, method, crc, packed, size }: Fields): Uint8Array {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(45, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(packed, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  return concat(header, name);
}

function directoryHeader({ name, flags, method, crc, packed, size, offset }: Fields, zip64: boolean): Uint8Array {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(45, 4);
  header.writeUInt16LE(45, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(zip64 ? 0xffffffff : packed, 20);
  header.writeUInt32LE(zip64 ? 0xffffffff : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(zip64 ? 28 : 0, 30);
  header.writeUInt32LE(zip64 ? 0xffffffff : offset, 42);
  if (!zip64) return concat(header, name);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(size), 4);
  extra.writeBigUInt64LE(BigInt(packed), 12);
  extra.writeBigUInt64LE(BigInt(offset), 20);
  return concat(header, name, extra);
}

function endRecord(count: number, size: number, offset: number): Uint8Array {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

function zip64End(count: number, size: number, offset: number): Uint8Array {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return concat(record, locator, endRecord(0xffff, 0xffffffff, 0xffffffff));
}
