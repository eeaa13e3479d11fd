/**
 * What an object header says of a dataset that HDF5's own interface in JavaScript does not: where contiguous values lie, and
 * of what kind their floating-point numbers are. HDF5 File Format Specification 3.0, sections II, IV.A.1 and IV.A.2.
 */
import type { Dtype } from '../dtypes';
import type { Hdf5Type } from './hdf5Protocol';

export type ReadBytes = (offset: number, length: number) => Buffer;

export interface DatasetHeader {
  /** Null where it is none of numbers that are known. */
  readonly type: Hdf5Type | null;
  /** Opaque values of so many bytes: only an attribute tells what they are. */
  readonly opaqueBytes: number | null;
  readonly layout: 'compact' | 'contiguous' | 'chunked' | 'virtual';
  /** Of contiguous values, from the beginning of the file; else null. */
  readonly offset: number | null;
  /** Whether any value was ever written. */
  readonly written: boolean;
  /** They lie in other files, which are not opened. */
  readonly external: boolean;
}

/** Where the superblock is, and how wide addresses and lengths are. */
export interface Superblock {
  readonly start: number;
  readonly addressBytes: number;
  readonly lengthBytes: number;
}

export const hdf5Signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

const messages = { datatype: 3, externalFiles: 7, layout: 8, continuation: 16 } as const;
const layoutNames = ['compact', 'contiguous', 'chunked', 'virtual'] as const;
/** Continuations in one header; HDF5 itself writes a few. */
const mostBlocks = 1024;
const mostHeaderBytes = 16 * 2 ** 20;

/** Where a superblock may begin, because a user's own block may stand before: 0, 512, 1024, 2048, … */
export function* superblockPlaces(size: number): Generator<number> {
  for (let place = 0; place + hdf5Signature.length <= size; place = place === 0 ? 512 : 2 * place) yield place;
}

/** @returns null where there is none, or of a version that is not known */
export function readSuperblock(read: ReadBytes, size: number): Superblock | null {
  for (const start of superblockPlaces(size)) {
    const bytes = read(start, Math.min(16, size - start));
    if (bytes.length < 16 || !hdf5Signature.every((byte, i) => bytes[i] === byte)) continue;
    const version = bytes[8]!;
    if (version > 3) return null;
    const at = version < 2 ? 13 : 9;
    const [addressBytes, lengthBytes] = [bytes[at]!, bytes[at + 1]!];
    return [2, 4, 8].includes(addressBytes) && [2, 4, 8].includes(lengthBytes)
      ? { start, addressBytes, lengthBytes }
      : null;
  }
  return null;
}

/**
 * @param address of the object header, from the superblock on
 * @throws RangeError where it is damaged, or of a version that is not known
 */
export function readDatasetHeader(read: ReadBytes, superblock: Superblock, address: number): DatasetHeader {
  let type: Hdf5Type | null = null;
  let opaqueBytes: number | null = null;
  let layout: Layout | null = null;
  let external = false;
  for (const { kind, shared, data } of headerMessages(read, superblock, address)) {
    if (kind === messages.externalFiles) external = true;
    else if (kind === messages.layout) layout = readLayout(data, superblock);
    else if (kind === messages.datatype) {
      const described = shared ? committedType(read, superblock, data) : data;
      if (!described) continue;
      type = readType(described);
      if ((described[0]! & 15) === 5) opaqueBytes = described.readUInt32LE(4);
    }
  }
  if (!layout) throw new RangeError('it does not say where its values lie');
  return { type, opaqueBytes, ...layout, external };
}

interface Message {
  readonly kind: number;
  /** It is kept elsewhere, and its data only say where. */
  readonly shared: boolean;
  readonly data: Buffer;
}

function* headerMessages(read: ReadBytes, superblock: Superblock, address: number): Generator<Message> {
  const start = superblock.start + address;
  const second = read(start, 4).toString('latin1') === 'OHDR';
  const first = second ? secondVersion(read, start) : firstVersion(read, start);
  const blocks = [{ offset: first.offset, length: first.length }];
  let total = 0;
  for (let block = blocks.pop(), seen = 0; block; block = blocks.pop()) {
    total += block.length;
    if (++seen > mostBlocks || total > mostHeaderBytes) throw new RangeError('its object header has no end');
    const bytes = read(block.offset, block.length);
    const { prefix } = first;
    for (let at = 0; at + prefix <= bytes.length;) {
      const kind = second ? bytes[at]! : bytes.readUInt16LE(at);
      const size = bytes.readUInt16LE(at + (second ? 1 : 2));
      const flags = bytes[at + (second ? 3 : 4)]!;
      const data = bytes.subarray(at + prefix, at + prefix + size);
      if (data.length < size) break;
      if (kind === messages.continuation) {
        const offset = superblock.start + unsigned(data, 0, superblock.addressBytes);
        const length = unsigned(data, superblock.addressBytes, superblock.lengthBytes);
        // of the second version: OCHK before, a checksum behind
        blocks.push(second ? { offset: offset + 4, length: length - 8 } : { offset, length });
      } else yield { kind, shared: (flags & 2) !== 0, data };
      at += prefix + size;
    }
  }
}

/** A type that lies in the file under a name of its own. Null where it lies in a heap, as HDF5 does if it is told to. */
function committedType(read: ReadBytes, superblock: Superblock, shared: Buffer): Buffer | null {
  const [version, place] = shared as unknown as [number, number];
  if (version === 3 && place !== 2) return null;
  const address = unsigned(shared, version === 1 ? 8 : 2, superblock.addressBytes);
  for (const { kind, shared: again, data } of headerMessages(read, superblock, address)) {
    if (kind === messages.datatype && !again) return data;
  }
  return null;
}

interface FirstBlock {
  readonly offset: number;
  readonly length: number;
  /** Bytes before the data of each message. */
  readonly prefix: number;
}

function firstVersion(read: ReadBytes, start: number): FirstBlock {
  const head = read(start, 16);
  if (head[0] !== 1) throw new RangeError(`its object header is of version ${head[0]!}, which is not known`);
  return { offset: start + 16, length: head.readUInt32LE(8), prefix: 8 };
}

function secondVersion(read: ReadBytes, start: number): FirstBlock {
  const [version, flags] = read(start + 4, 2) as unknown as [number, number];
  if (version !== 2) throw new RangeError(`its object header is of version ${version}, which is not known`);
  const at = start + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0);
  const width = 1 << (flags & 3);
  return { offset: at + width, length: unsigned(read(at, width), 0, width), prefix: (flags & 4) !== 0 ? 6 : 4 };
}

type Layout = Pick<DatasetHeader, 'layout' | 'offset' | 'written'>;

function readLayout(data: Buffer, { start, addressBytes }: Superblock): Layout {
  const version = data[0]!;
  if (version < 1 || version > 5) throw new RangeError(`its layout is of version ${version}, which is not known`);
  const kind = layoutNames[data[version < 3 ? 2 : 1]!];
  if (!kind) throw new RangeError('its layout is of a kind that is not known');
  if (kind === 'chunked') return { layout: kind, offset: null, written: isIndexed(data, version, addressBytes) };
  if (kind !== 'contiguous') return { layout: kind, offset: null, written: true };
  const at = version < 3 ? 8 : 2;
  const written = isAddress(data, at, addressBytes);
  return { layout: kind, offset: written ? start + unsigned(data, at, addressBytes) : null, written };
}

/** Whether chunks have an index, which comes with the first of them. */
function isIndexed(data: Buffer, version: number, addressBytes: number): boolean {
  if (version < 3) return isAddress(data, 8, addressBytes);
  if (version === 3) return isAddress(data, 3, addressBytes);
  const [flags, rank, width] = data.subarray(2, 5) as unknown as [number, number, number];
  const index = 5 + rank * width;
  // of one chunk (filtered or not), implicit, fixed array, extensible array, B-tree
  const single = (flags & 2) !== 0 ? 12 : 0;
  const before = [single, 0, 1, 5, 6][data[index]! - 1];
  return before === undefined || isAddress(data, index + 1 + before, addressBytes);
}

/** An address that leads nowhere is all ones. */
function isAddress(data: Buffer, at: number, width: number): boolean {
  return !data.subarray(at, at + width).every(byte => byte === 0xff);
}

/** Exponent and mantissa bits, and the bias. */
const floats: readonly (readonly [Dtype, number, number, number])[] = [
  ['F64', 11, 52, 1023],
  ['F32', 8, 23, 127],
  ['F16', 5, 10, 15],
  ['BF16', 8, 7, 127],
  ['F8_E4M3', 4, 3, 7],
  ['F8_E5M2', 5, 2, 15],
];

function readType(data: Buffer): Hdf5Type | null {
  const bits = data.readUIntLE(1, 3);
  const size = data.readUInt32LE(4);
  const whole = (): boolean => data.readUInt16LE(8) === 0 && data.readUInt16LE(10) === 8 * size;
  const bigEndian = (bits & 1) !== 0 && size > 1;
  switch (data[0]! & 15) {
    case 0: {
      const dtype = ({ 1: 'I8', 2: 'I16', 4: 'I32', 8: 'I64' } as const)[size];
      if (!dtype || !whole()) return null;
      return { dtype: (bits & 8) !== 0 ? dtype : (dtype.replace('I', 'U') as Dtype), bigEndian };
    }
    case 1: {
      // the sign first, then exponent and mantissa without gaps, the leading 1 implied; not VAX's order of bytes
      const [exponentAt, exponent, mantissaAt, mantissa] = data.subarray(12, 16) as unknown as number[];
      const bias = data.readUInt32LE(16);
      const plain = whole() && (bits & 0x40) === 0 && ((bits >> 4) & 3) === 2 && bits >> 8 === 8 * size - 1;
      if (!plain || mantissaAt !== 0 || exponentAt !== mantissa) return null;
      const found = floats.find(
        ([, e, m, b]) => e === exponent && m === mantissa && b === bias && 1 + e + m === 8 * size,
      );
      return found ? { dtype: found[0], bigEndian } : null;
    }
    case 8:
      // an enumeration of one byte: h5py's bool
      return size === 1 && (bits & 0xffff) === 2 ? { dtype: 'BOOL', bigEndian: false } : null;
    default:
      return null;
  }
}

function unsigned(data: Buffer, at: number, width: number): number {
  const value = width === 8 ? Number(data.readBigUInt64LE(at)) : data.readUIntLE(at, width);
  if (!Number.isSafeInteger(value)) throw new RangeError('an address in it is beyond every file');
  return value;
}
