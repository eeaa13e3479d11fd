/**
 * Zip archives whose entries are stored as they are: what NumPy and PyTorch write. APPNOTE.TXT 6.3.10, sections 4.3.7 to
 * 4.3.16, without zip64. Entries begin at multiples of 64 bytes, so that they can be mapped into memory as values; the
 * writers of zip that are to be had cannot align.
 */
import { crc32 } from 'node:zlib';
import { CheckpointError } from '../checkpoints/checkpointError';
import { utf8 } from './artefact';

export interface ZipEntry {
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

const alignment = 64;
const [localBytes, directoryBytes, endBytes] = [30, 46, 22];
/** Bytes of an extra field before its content: its kind and length. */
const extraHeader = 4;
/** PyTorch's kind for padding: "FB". */
const paddingKind = 0x4246;
const needed = 20;
/** Names are UTF-8. */
const flags = 0x0800;
/** The first day that the format knows: the same ticket gives the same bytes. */
const date = (1 << 5) | 1;
const most = { bytes: 0xffffffff, entries: 0xffff, name: 0xffff } as const;
/** Absolute, or out of the folder that the archive is unpacked into: layers of any model file become names of entries. */
const leadsOut = /^[\\/]|^[A-Za-z]:[\\/]|(?:^|[\\/])\.\.(?:[\\/]|$)|\0/;

/**
 * @param file named in errors
 * @throws CheckpointError where it is more than the format without zip64 holds, or a name leads out of the archive
 */
export function zipPieces(entries: readonly ZipEntry[], file: string): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const add = (bytes: Uint8Array): void => {
    pieces.push(bytes);
    offset += bytes.length;
  };
  for (const { name, pieces: content } of entries) {
    if (leadsOut.test(name)) {
      throw new CheckpointError(file, `"${name}" would leave its folder when it is unpacked: rename that layer`);
    }
    const encoded = utf8(name);
    const size = content.reduce((sum, { length }) => sum + length, 0);
    const checksum = content.reduce((sum, piece) => crc32(piece, sum), 0);
    const begin = offset;
    const after = begin + localBytes + encoded.length + extraHeader;
    const padding = (alignment - (after % alignment)) % alignment;
    if (after + padding + size > most.bytes || entries.length > most.entries || encoded.length > most.name) {
      throw new CheckpointError(file, 'too large for a zip archive without extensions: export it as safetensors');
    }
    const common = Buffer.alloc(26);
    common.writeUInt16LE(needed, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(date, 8);
    common.writeUInt32LE(checksum, 10);
    common.writeUInt32LE(size, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(encoded.length, 22);
    add(localHeader(common, encoded, padding));
    content.forEach(add);
    directory.push(directoryEntry(common, encoded, begin));
  }
  const start = offset;
  directory.forEach(add);
  add(endOfDirectory(entries.length, start, offset - start));
  return pieces;
}

function localHeader(common: Buffer, name: Uint8Array, padding: number): Buffer {
  const header = Buffer.alloc(localBytes + name.length + extraHeader + padding);
  header.writeUInt32LE(0x04034b50, 0);
  common.copy(header, 4);
  header.writeUInt16LE(extraHeader + padding, 28);
  header.set(name, localBytes);
  header.writeUInt16LE(paddingKind, localBytes + name.length);
  header.writeUInt16LE(padding, localBytes + name.length + 2);
  return header;
}

function directoryEntry(common: Buffer, name: Uint8Array, offset: number): Buffer {
  const entry = Buffer.alloc(directoryBytes + name.length);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(needed, 4);
  common.copy(entry, 6);
  entry.writeUInt32LE(offset, 42);
  entry.set(name, directoryBytes);
  return entry;
}

function endOfDirectory(entries: number, start: number, size: number): Buffer {
  const end = Buffer.alloc(endBytes);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(start, 16);
  return end;
}
