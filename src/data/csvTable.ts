/** Comma-separated values as records with their lines. The parsing is csv-parse's (RFC 4180); bounds and words are ours. */
import { CsvError, parse } from 'csv-parse/sync';
import { DataError } from './dataset';
import { announcedByGzip, isGzip, largestFile, readBounded, unzip } from './files';

export interface RecordContext {
  /** Counted from 1: the line on which the record ends. */
  readonly line: number;
}

/** Characters of a record at most: far above 65,536 numbers. */
export const longestRecord = 16 * 2 ** 20;
/** Bytes that are looked at to guess the delimiter. */
const headBytes = 2 ** 20;
const delimiters = [',', ';', '\t'];
/** Characters of a field that a message shows at most. */
const shownCharacters = 40;

/** @throws DataError where the file cannot be read, or holds more than it announces */
export async function readTable(file: string): Promise<Uint8Array> {
  const bytes = await readBounded(file);
  if (!isGzip(bytes)) return bytes;
  const size = announcedByGzip(bytes);
  if (size > largestFile) {
    throw new DataError(file, `announces ${size} bytes; files of up to ${largestFile} bytes can be used`);
  }
  return unzip(file, bytes, size);
}

/** The one that the first line has most of, outside quotes; a comma where there is none. */
export function guessDelimiter(bytes: Uint8Array): string {
  const head = new TextDecoder().decode(bytes.subarray(0, headBytes));
  const line = /^\s*(.*)$/m.exec(head)?.[1] ?? '';
  const bare = line.replace(/"[^"]*"/g, '');
  const counts = delimiters.map(delimiter => bare.split(delimiter).length - 1);
  return delimiters[counts.indexOf(Math.max(...counts))]!;
}

/**
 * Hands the records over one by one; none is kept. Empty lines are passed over, and blanks around fields.
 * @param most records at most, all where it is left out
 * @throws DataError naming the line; whatever `take` throws
 */
export function eachRecord(
  file: string,
  bytes: Uint8Array,
  delimiter: string,
  take: (fields: readonly string[], context: RecordContext) => void,
  most?: number,
): void {
  let last = 0;
  try {
    parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      bom: true,
      delimiter,
      max_record_size: longestRecord,
      // another number of fields is told by `take`, which knows what they are
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      ...(most !== undefined && { to: most }),
      on_record: (fields: string[], { lines }) => {
        last = lines;
        take(fields, { line: lines });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
      throw new DataError(file, `a quote that is opened after line ${last} is never closed; close it, or double it`);
    }
    throw new DataError(file, `is no table of separated values: ${error.message}; mend that line`);
  }
}

/** A field as a message shows it. */
export function shown(field: string): string {
  return JSON.stringify(field.length > shownCharacters ? `${field.slice(0, shownCharacters)}…` : field);
}
