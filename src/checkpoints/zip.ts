/**
 * Zip archives over a byte source: the directory is read once, entries by range. The directory and the local headers are
 * yauzl's work (APPNOTE.TXT 6.3.10 with zip64); what is refused is decided here. Nothing is unpacked to a disk.
 */
import { fromRandomAccessReaderPromise, getFileNameLowLevel, validateFileName, type Entry, type ZipFile } from 'yauzl';
import { type ByteSource, limits, type RawRange } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { inflatedSource } from './zipInflate';
import { ZipReader } from './zipReader';
import { windowOf } from './zipWindow';

export interface ZipEntry {
  readonly name: string;
  /** Bytes once it is inflated, as its header says. */
  readonly size: number;
  /** Bytes in the file. */
  readonly compressedSize: number;
  /** Stored as it is, so that `raw` gives where. */
  readonly stored: boolean;
  /** Why it cannot be read; null: it can. */
  readonly error: string | null;
}

export interface Zip {
  /** In the order of the directory, without folders. A name that comes twice is listed twice, each with an error. */
  readonly entries: readonly ZipEntry[];
  /** Null where there is none of that name. */
  entry(name: string): ZipEntry | null;
  /**
   * @returns exactly `length` bytes of the entry's content, not to be written to
   * @throws CheckpointError where there is no such entry, it cannot be read or ends before
   */
  read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** The whole content. @throws CheckpointError also where it is longer than `limit` bytes */
  readAll(name: string, limit: number): Promise<Uint8Array>;
  /** Where a stored entry lies in the file; null where it is compressed. @throws CheckpointError as `read` */
  raw(name: string): Promise<RawRange | null>;
  /** The content as a source; deflated ones are read forward and start again when read backwards. @throws CheckpointError */
  source(name: string): Promise<ByteSource>;
}

/** Deflate makes of a byte at most 1,032 (https://zlib.net/zlib_tech.html); who claims more lies. */
const highestRatio = 1032;
const [storedMethod, deflatedMethod] = [0, 8];
const directoryHeaderBytes = 46;
const localHeaderBytes = 30;

export const zipSignature = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);

/** Readers of several formats look into one archive to recognise it: its directory is read once. */
const opened = new WeakMap<ByteSource, Promise<Zip>>();

/**
 * @param source stays the caller's to close
 * @throws CheckpointError where it is no zip archive, its directory is damaged, or it has more than `limits.tensors` entries
 */
export function openZip(source: ByteSource): Promise<Zip> {
  let zip = opened.get(source);
  if (!zip) {
    zip = readDirectory(source);
    opened.set(source, zip);
  }
  return zip;
}

async function readDirectory(source: ByteSource): Promise<Zip> {
  const reader = new ZipReader(source);
  try {
    const file = await fromRandomAccessReaderPromise(reader, source.size, { decodeStrings: false, autoClose: false });
    const most = Math.min(limits.tensors, Math.floor(source.size / directoryHeaderBytes));
    if (file.entryCount > most) {
      throw new Error(`it claims ${file.entryCount} entries, and ${most} are the most that it could hold`);
    }
    const headers: Entry[] = [];
    for await (const entry of file.eachEntry()) headers.push(entry);
    return new OpenZip(source, file, headers);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(source.name, `its zip directory cannot be read: ${message(error)}`);
  }
}

class OpenZip implements Zip {
  readonly entries: readonly ZipEntry[];
  private readonly byName: ReadonlyMap<string, { readonly entry: ZipEntry; readonly header: Entry }>;
  private readonly sources = new Map<string, Promise<ByteSource>>();

  constructor(
    private readonly file: ByteSource,
    private readonly zip: ZipFile,
    headers: readonly Entry[],
  ) {
    const overlapping = overlaps(headers);
    const byName = new Map<string, { entry: ZipEntry; header: Entry }>();
    const entries: ZipEntry[] = [];
    const counts = new Map<string, number>();
    const named = headers.map(header => ({ header, name: nameOf(header) })).filter(({ name }) => !name.endsWith('/'));
    for (const { name } of named) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const { header, name } of named) {
      const error =
        (counts.get(name)! > 1 ? 'the archive holds this name more than once' : null) ??
        (overlapping.has(header) ? 'it overlaps another entry' : null) ??
        refusal(header, name);
      const { uncompressedSize: size, compressedSize } = header;
      const entry = { name, size, compressedSize, stored: header.compressionMethod === storedMethod, error };
      entries.push(entry);
      byName.set(name, { entry, header });
    }
    this.entries = entries;
    this.byName = byName;
  }

  entry(name: string): ZipEntry | null {
    return this.byName.get(name)?.entry ?? null;
  }

  async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return (await this.source(name)).read(offset, length, signal);
  }

  async readAll(name: string, limit: number): Promise<Uint8Array> {
    const { size } = this.readable(name).entry;
    if (size > limit) throw this.error(name, `${size} bytes, and ${limit} are the most that are read of it`);
    return this.read(name, 0, size);
  }

  async raw(name: string): Promise<RawRange | null> {
    const { entry } = this.readable(name);
    return entry.stored ? { source: this.file, offset: await this.start(name), length: entry.size } : null;
  }

  source(name: string): Promise<ByteSource> {
    let source = this.sources.get(name);
    if (!source) {
      source = this.makeSource(name);
      this.sources.set(name, source);
    }
    return source;
  }

  private async makeSource(name: string): Promise<ByteSource> {
    const { entry } = this.readable(name);
    const label = `${this.file.name}: ${name}`;
    const window = windowOf(this.file, label, await this.start(name), entry.compressedSize);
    return entry.stored ? window : inflatedSource(window, entry.size);
  }

  /** Where the content of an entry begins: behind its local header, whose length only it knows. */
  private async start(name: string): Promise<number> {
    const { header } = this.readable(name);
    try {
      return (await this.zip.readLocalFileHeaderPromise(header, { minimal: true })).fileDataStart;
    } catch (error) {
      throw this.error(name, message(error));
    }
  }

  private readable(name: string): { readonly entry: ZipEntry; readonly header: Entry } {
    const found = this.byName.get(name);
    if (!found) throw this.error(name, 'the archive has no such entry');
    if (found.entry.error !== null) throw this.error(name, found.entry.error);
    return found;
  }

  private error(name: string, reason: string): CheckpointError {
    return new CheckpointError(this.file.name, `entry ${JSON.stringify(name)}: ${reason}`);
  }
}

function nameOf(header: Entry): string {
  return getFileNameLowLevel(header.generalPurposeBitFlag, header.fileNameRaw, header.extraFields, true);
}

function refusal(header: Entry, name: string): string | null {
  if (name.length > limits.nameLength) return `its name is longer than ${limits.nameLength} characters`;
  if (name.includes('\0')) return 'its name holds a NUL character';
  // nothing is unpacked, so such a name could do no harm here; it is no work of a framework either
  if (validateFileName(name) !== null) return 'its name is absolute or leads out of the archive';
  if (header.isEncrypted()) return 'it is encrypted: unpack it with its password first';
  const { compressionMethod: method, compressedSize, uncompressedSize: size } = header;
  if (method !== storedMethod && method !== deflatedMethod) {
    return `compression method ${method} is not supported, only stored and deflated: pack it again`;
  }
  if (method === deflatedMethod && size > highestRatio * compressedSize) {
    return `it claims ${size} bytes from ${compressedSize}, more than deflate can hold`;
  }
  return null;
}

/** Entries that share bytes with another, as in https://www.bamsoftware.com/hacks/zipbomb/. */
function overlaps(headers: readonly Entry[]): ReadonlySet<Entry> {
  const found = new Set<Entry>();
  const ordered = [...headers].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let furthest: { readonly header: Entry; readonly end: number } | null = null;
  for (const header of ordered) {
    const begin = header.relativeOffsetOfLocalHeader;
    // the local header may be longer than this by an extra field, never shorter
    const end = begin + localHeaderBytes + header.fileNameLength + header.compressedSize;
    if (furthest && begin < furthest.end) found.add(header).add(furthest.header);
    if (!furthest || end > furthest.end) furthest = { header, end };
  }
  return found;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
