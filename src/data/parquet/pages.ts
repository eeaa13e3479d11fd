/** Values of a column, page by page: no more than a page and the dictionary lie in memory at a time. */
import { DataError } from '../dataset';
import { decompress, whyNotDecompressed } from './compression';
import { readHybrid } from './levels';
import type { Chunk, ParquetFile } from './metadata';
import { readPlain, type Values } from './plain';
import type { Column } from './schema';
import { numberAt, readStruct, structAt, ThriftEndError, type ThriftStruct } from './thrift';

export interface Page {
  readonly rows: number;
  /** 1 for each row that has a value; null: all have. */
  readonly present: Uint8Array | null;
  /** Of the rows that have one, in order. */
  readonly values: Values;
}

/** Bytes of a page at most, decompressed or not: writers aim at one megabyte, and end a page with a row at the earliest. */
const largestPage = 2 ** 29;
/** A header holds least and largest value, which may be images. */
const headerWindow = 2 ** 14;
const largestHeader = 2 ** 27;

const pageTypes = { data: 0, index: 1, dictionary: 2, dataV2: 3 };
const encodings = { plain: 0, plainDictionary: 2, runs: 3, dictionary: 8 };
const encodingNames: Readonly<Record<number, string>> = {
  4: 'BIT_PACKED',
  5: 'DELTA_BINARY_PACKED',
  6: 'DELTA_LENGTH_BYTE_ARRAY',
  7: 'DELTA_BYTE_ARRAY',
  9: 'BYTE_STREAM_SPLIT',
};

/**
 * The pages of a column in a row group, whose rows they hold exactly.
 * @param column one that is not repeated
 * @throws DataError, CheckpointError
 */
export async function* readPages(parquet: ParquetFile, column: Column, group: number): AsyncGenerator<Page> {
  const { rows, chunks } = parquet.groups[group]!;
  const chunk = chunks[column.index]!;
  const where = `column ${JSON.stringify(column.path.join('.'))}, row group ${group}`;
  const refusal = whyNotDecompressed(chunk.codec);
  if (refusal !== null) throw new DataError(parquet.file, `${where} ${refusal}`);
  const decoder = new PageDecoder(column, chunk.codec);
  let left = rows;
  for (let at = chunk.begin; left > 0;) {
    let page: Page | null;
    try {
      const { header, begin, size } = await readHeader(parquet, chunk, at);
      at = begin + size;
      page = decoder.decode(header, await parquet.source.read(begin, size), left);
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'CheckpointError') throw error;
      const reason = error instanceof ThriftEndError ? 'it ends too early' : error.message;
      throw new DataError(parquet.file, `${where} cannot be read: ${reason}; fetch it again, or write it anew`);
    }
    if (!page) continue;
    left -= page.rows;
    yield page;
  }
}

interface Header {
  readonly header: ThriftStruct;
  /** Where the page begins, and its bytes as they are. */
  readonly begin: number;
  readonly size: number;
}

async function readHeader({ source }: ParquetFile, chunk: Chunk, at: number): Promise<Header> {
  if (at >= chunk.end) throw new ThriftEndError();
  for (let window = headerWindow; ; window *= 32) {
    const bytes = await source.read(at, Math.min(window, chunk.end - at));
    try {
      const { fields, end } = readStruct(bytes, 0);
      const size = numberAt(fields, 3) ?? -1;
      if (size < 0 || at + end + size > chunk.end) throw new Error('a page claims more bytes than there are');
      return { header: fields, begin: at + end, size };
    } catch (error) {
      const more = error instanceof ThriftEndError && bytes.length === window && window < largestHeader;
      if (!more) throw error;
    }
  }
}

class PageDecoder {
  private dictionary: Values | null = null;

  constructor(
    private readonly column: Column,
    private readonly codec: number,
  ) {}

  /** @param left rows that are still to come. @returns null where it is no page of data */
  decode(header: ThriftStruct, bytes: Uint8Array, left: number): Page | null {
    const size = numberAt(header, 2) ?? -1;
    if (size < 0 || size > largestPage) {
      throw new Error(`a page claims ${size} bytes; up to ${largestPage} can be used`);
    }
    switch (numberAt(header, 1) ?? -1) {
      case pageTypes.dictionary: {
        const count = numberAt(structAt(header, 7) ?? [], 1) ?? -1;
        if (count < 0) throw new Error('a dictionary says nothing of its size');
        this.dictionary = readPlain(decompress(this.codec, bytes, size), this.column, count);
        return null;
      }
      case pageTypes.index:
        return null;
      case pageTypes.data:
        return this.first(structAt(header, 5) ?? [], decompress(this.codec, bytes, size), left);
      case pageTypes.dataV2:
        return this.second(structAt(header, 8) ?? [], bytes, size, left);
      default:
        throw new Error('a page is of no known type');
    }
  }

  /** Version 1: levels, with their length before them, and values are compressed together. */
  private first(header: ThriftStruct, page: Uint8Array, left: number): Page {
    const rows = rowsOf(header, left);
    const { maximumDefinition } = this.column;
    if (maximumDefinition === 0) return this.page(rows, null, header[2], page);
    if (page.length < 4) throw new Error('a page ends within its levels');
    const end = 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true);
    if (end > page.length) throw new Error('a page ends within its levels');
    if (header[3] !== encodings.runs) throw new Error('a page has levels in a form that is no longer written');
    return this.page(rows, this.levels(page.subarray(4, end), rows), header[2], page.subarray(end));
  }

  /** Version 2: levels come first, uncompressed. */
  private second(header: ThriftStruct, bytes: Uint8Array, size: number, left: number): Page {
    const rows = rowsOf(header, left);
    const [levels, repetition] = [numberAt(header, 5) ?? 0, numberAt(header, 6) ?? 0];
    if (levels < 0 || repetition !== 0 || levels > Math.min(size, bytes.length)) {
      throw new Error('a page has levels beyond its end');
    }
    const packed = bytes.subarray(levels);
    const values = header[7] === false ? packed : decompress(this.codec, packed, size - levels);
    const present = this.column.maximumDefinition > 0 ? this.levels(bytes.subarray(0, levels), rows) : null;
    return this.page(rows, present, header[4], values);
  }

  /** @returns 1 for each row that has a value; null where all have */
  private levels(bytes: Uint8Array, rows: number): Uint8Array | null {
    const { maximumDefinition } = this.column;
    const levels = readHybrid(bytes, 32 - Math.clz32(maximumDefinition), rows);
    if (levels.every(level => level === maximumDefinition)) return null;
    return Uint8Array.from(levels, level => (level === maximumDefinition ? 1 : 0));
  }

  private page(rows: number, present: Uint8Array | null, encoding: unknown, bytes: Uint8Array): Page {
    const count = present ? present.reduce((sum, one) => sum + one, 0) : rows;
    return { rows, present, values: this.values(encoding, bytes, count) };
  }

  private values(encoding: unknown, bytes: Uint8Array, count: number): Values {
    if (encoding === encodings.plain) return readPlain(bytes, this.column, count);
    if (encoding === encodings.dictionary || encoding === encodings.plainDictionary) {
      return this.lookUp(bytes, count);
    }
    if (encoding === encodings.runs && this.column.type === 'boolean') {
      return Float64Array.from(readHybrid(bytes.subarray(4), 1, count));
    }
    const name = encodingNames[Number(encoding)] ?? `no. ${String(encoding)}`;
    throw new Error(`its values are encoded as ${name}, which is not read`);
  }

  private lookUp(bytes: Uint8Array, count: number): Values {
    const { dictionary } = this;
    if (count === 0) return new Float64Array(0);
    if (!dictionary) throw new Error('a page refers to a dictionary that is not there');
    const places = readHybrid(bytes.subarray(1), bytes[0] ?? 0, count);
    const beyond = places.find(place => place >= dictionary.length);
    if (beyond !== undefined) throw new Error('a page refers beyond its dictionary');
    return dictionary instanceof Float64Array
      ? Float64Array.from(places, place => dictionary[place]!)
      : dictionary.pick(places);
  }
}

function rowsOf(header: ThriftStruct, left: number): number {
  const rows = numberAt(header, 1) ?? -1;
  if (rows < 0 || rows > left) throw new Error(`a page claims ${rows} values, but ${left} are left`);
  return rows;
}
