/**
 * Sets the CRC-32 of stored zip entries right whose content was overwritten in place: in the directory, in the local header
 * and in the data descriptor behind the content. APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { CheckpointError } from '../checkpointError';
import { writeAll, type Span } from './zeroWriter';

const signatures = {
  local: 0x04034b50,
  directory: 0x02014b50,
  descriptor: 0x08074b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;
const endBytes = 22;
const locatorBytes = 20;
const longestComment = 0xffff;
const [localBytes, directoryBytes] = [30, 46];
/** Flag: CRC and sizes follow the content. */
const hasDescriptor = 0x8;
const blockBytes = 4 * 2 ** 20;

/** A zip file by its first bytes. */
export async function isZip(file: FileHandle): Promise<boolean> {
  const head = await readAt(file, 0, 4);
  return head.length === 4 && head.readUInt32LE() === signatures.local;
}

/**
 * @param name for messages
 * @param touched what was overwritten
 * @throws CheckpointError where the directory is damaged
 */
export async function repairChecksums(
  file: FileHandle,
  name: string,
  touched: readonly Span[],
  signal: AbortSignal,
): Promise<void> {
  const spans = disjoint(touched);
  const { offset, size } = await findDirectory(file, name);
  const directory = await readAt(file, offset, size);
  for (let at = 0; at + directoryBytes <= directory.length;) {
    if (directory.readUInt32LE(at) !== signatures.directory) break;
    const entry = readEntry(directory, at);
    const local = await readAt(file, entry.localHeader, localBytes);
    if (local.length < localBytes || local.readUInt32LE() !== signatures.local) {
      throw new CheckpointError(name, `a local header is missing at byte ${entry.localHeader}: the archive is damaged`);
    }
    const begin = entry.localHeader + localBytes + local.readUInt16LE(26) + local.readUInt16LE(28);
    const content = { begin, end: begin + entry.size };
    if (entry.stored && overlapsAny(content, spans)) {
      const checksum = await checksumOf(file, content, signal);
      await write32(file, offset + at + 16, checksum);
      // writers that stream leave 0 there, and the number behind the content
      if (local.readUInt32LE(14) === entry.checksum) await write32(file, entry.localHeader + 14, checksum);
      if ((local.readUInt16LE(6) & hasDescriptor) !== 0) {
        await repairDescriptor(file, content.end, entry.checksum, checksum);
      }
    }
    at += entry.length;
  }
}

interface Entry {
  readonly stored: boolean;
  readonly checksum: number;
  /** Bytes of the content in the file. */
  readonly size: number;
  readonly localHeader: number;
  /** Bytes of this record of the directory. */
  readonly length: number;
}

function readEntry(directory: Buffer, at: number): Entry {
  const nameLength = directory.readUInt16LE(at + 28);
  const extraLength = directory.readUInt16LE(at + 30);
  const length = directoryBytes + nameLength + extraLength + directory.readUInt16LE(at + 32);
  const extra = directory.subarray(at + directoryBytes + nameLength, at + directoryBytes + nameLength + extraLength);
  const [uncompressed, compressed, header] = [at + 24, at + 20, at + 42].map(place => directory.readUInt32LE(place));
  const wide = wideFields(extra);
  // zip64: only those fields are in the extra record that are at their limit here, in this order
  if (uncompressed === 0xffffffff) wide.next();
  const size = compressed === 0xffffffff ? Number(wide.next().value ?? 0) : compressed!;
  const localHeader = header === 0xffffffff ? Number(wide.next().value ?? 0) : header!;
  const stored = directory.readUInt16LE(at + 10) === 0;
  return { stored, checksum: directory.readUInt32LE(at + 16), size, localHeader, length };
}

/** 64-bit numbers of the extra record of zip64. */
function* wideFields(extra: Buffer): Generator<bigint, undefined> {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2));
    for (let field = at + 4; field + 8 <= end; field += 8) yield extra.readBigUInt64LE(field);
    return;
  }
}

async function findDirectory(file: FileHandle, name: string): Promise<{ offset: number; size: number }> {
  const { size: fileSize } = await file.stat();
  const start = Math.max(0, fileSize - endBytes - longestComment - locatorBytes);
  const tail = await readAt(file, start, fileSize - start);
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== signatures.end || at + endBytes + tail.readUInt16LE(at + 20) > tail.length) continue;
    const locator = at - locatorBytes;
    if (locator >= 0 && tail.readUInt32LE(locator) === signatures.locator64) {
      const record = await readAt(file, Number(tail.readBigUInt64LE(locator + 8)), 56);
      if (record.length === 56 && record.readUInt32LE() === signatures.end64) {
        return { size: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48)) };
      }
    }
    return { size: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
  }
  throw new CheckpointError(name, 'its zip directory is not found: the archive is damaged');
}

async function repairDescriptor(file: FileHandle, at: number, before: number, after: number): Promise<void> {
  const descriptor = await readAt(file, at, 8);
  if (descriptor.length < 8) return;
  // the signature is optional
  const place = descriptor.readUInt32LE() === signatures.descriptor ? 4 : 0;
  if (descriptor.readUInt32LE(place) === before) await write32(file, at + place, after);
}

async function checksumOf(file: FileHandle, { begin, end }: Span, signal: AbortSignal): Promise<number> {
  let checksum = 0;
  for (let at = begin; at < end; at += blockBytes) {
    signal.throwIfAborted();
    checksum = crc32(await readAt(file, at, Math.min(blockBytes, end - at)), checksum);
  }
  return checksum;
}

/** Ascending, none overlapping another. */
function disjoint(spans: readonly Span[]): Span[] {
  const found: { begin: number; end: number }[] = [];
  for (const { begin, end } of [...spans].sort((a, b) => a.begin - b.begin)) {
    const last = found.at(-1);
    if (last && begin <= last.end) last.end = Math.max(last.end, end);
    else found.push({ begin, end });
  }
  return found;
}

function overlapsAny({ begin, end }: Span, spans: readonly Span[]): boolean {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.end <= begin) low = middle + 1;
    else high = middle;
  }
  return low < spans.length && spans[low]!.begin < end;
}

async function write32(file: FileHandle, position: number, value: number): Promise<void> {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  await writeAll(file, bytes, position);
}

/** As many bytes as there are, `length` at most. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
