/**
 * The footer of a Parquet file: columns, row groups and where their values lie
 * (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift). Nothing of it is believed before it
 * has been checked against the file.
 */
import type { ByteSource } from '../../checkpoints/checkpoint';
import { DataError } from '../dataset';
import { readSchema, type Column } from './schema';
import { listAt, numberAt, readStruct, structAt, structsAt, textAt, type ThriftStruct } from './thrift';

export interface ParquetFile {
  /** Named in errors. */
  readonly file: string;
  readonly source: ByteSource;
  readonly rows: number;
  /** The leaves of the schema, in its order. */
  readonly columns: readonly Column[];
  readonly groups: readonly RowGroup[];
  /** Key-value pairs of whoever wrote it. */
  readonly notes: ReadonlyMap<string, string>;
}

export interface RowGroup {
  readonly rows: number;
  /** Of each column. */
  readonly chunks: readonly Chunk[];
}

/** Values of a column in a row group: pages one after another. */
export interface Chunk {
  readonly codec: number;
  /** In bytes from the start of the file. */
  readonly begin: number;
  readonly end: number;
}

const magic = 'PAR1';
const encryptedMagic = 'PARE';
/** Ten thousand row groups of ten columns take some ten megabytes. */
const largestFooter = 2 ** 26;
export const mostRows = 2 ** 31 - 1;

/** @throws DataError, CheckpointError */
export async function readFooter(file: string, source: ByteSource): Promise<ParquetFile> {
  const fail = (reason: string): never => {
    throw new DataError(file, reason);
  };
  if (source.size < 12) fail(`is no Parquet file: it has ${source.size} bytes`);
  const [head, tail] = [await source.read(0, 4), await source.read(source.size - 8, 8)];
  const [first, last] = [head, tail.subarray(4)].map(bytes => new TextDecoder('latin1').decode(bytes));
  if (first === encryptedMagic) fail('is encrypted; write it again without');
  if (first !== magic) fail('is no Parquet file: it does not begin with PAR1');
  if (last !== magic) fail('is cut short: it does not end with PAR1; fetch it again');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (length > source.size - 12 || length > largestFooter) {
    fail(`is damaged: its footer claims ${length} bytes of ${source.size} (${largestFooter} at most); fetch it again`);
  }
  const footerBegin = source.size - 8 - length;
  const footer = await source.read(footerBegin, length);
  let fields: ThriftStruct;
  try {
    ({ fields } = readStruct(footer, 0));
  } catch (error) {
    return fail(`is damaged: its footer cannot be read${reasonOf(error)}; fetch it again`);
  }
  const columns = readSchema(file, structsAt(fields, 2));
  const rows = numberAt(fields, 3) ?? -1;
  const groups = structsAt(fields, 4)?.map(group => readGroup(group, columns.length, footerBegin));
  if (groups?.every(group => group !== null) !== true) {
    return fail('is damaged: a row group does not fit its columns or the file; fetch it again');
  }
  const whole: readonly RowGroup[] = groups;
  if (rows > mostRows) fail(`claims ${rows} rows; up to ${mostRows} can be used`);
  if (rows !== whole.reduce((sum, group) => sum + group.rows, 0)) {
    fail(`is damaged: it claims ${rows} rows, but its row groups hold another number; fetch it again`);
  }
  return { file, source, rows, columns, groups: whole, notes: readNotes(fields) };
}

function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return message === '' ? ' to its end' : ` (${message})`;
}

/** @returns null where it is not sound */
function readGroup(group: ThriftStruct, columns: number, limit: number): RowGroup | null {
  const rows = numberAt(group, 3) ?? -1;
  const chunks = structsAt(group, 1)?.map(chunk => readChunk(chunk, limit));
  const sound = rows >= 0 && rows <= mostRows && chunks?.length === columns && chunks.every(chunk => chunk !== null);
  return sound ? { rows, chunks } : null;
}

function readChunk(chunk: ThriftStruct, limit: number): Chunk | null {
  const described = structAt(chunk, 3);
  // a path leads to another file: nobody writes that, and no path of a file is followed
  if (!described || textAt(chunk, 1) !== undefined) return null;
  const dictionary = numberAt(described, 11) ?? 0;
  const data = numberAt(described, 9) ?? -1;
  // some writers leave 0 where there is no dictionary
  const begin = dictionary > 0 ? Math.min(dictionary, data) : data;
  const end = begin + (numberAt(described, 7) ?? -1);
  const codec = numberAt(described, 4) ?? -1;
  return begin >= 4 && end >= begin && end <= limit ? { codec, begin, end } : null;
}

function readNotes(fields: ThriftStruct): ReadonlyMap<string, string> {
  const notes = new Map<string, string>();
  if (listAt(fields, 5) === undefined) return notes;
  for (const pair of structsAt(fields, 5) ?? []) {
    const key = textAt(pair, 1);
    if (key !== undefined) notes.set(key, textAt(pair, 2) ?? '');
  }
  return notes;
}
