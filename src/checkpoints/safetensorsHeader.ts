/**
 * The header of safetensors: 8 bytes header length (little-endian), a JSON object of names, types, shapes and offsets.
 * What makes the file unreadable as a whole is thrown; what concerns one tensor stands at that tensor, for readers that show
 * the others. Strict readers refuse a file with any: as the reference implementation does
 * (huggingface/safetensors `SafeTensors::read_metadata`), values are covered exactly once, without holes or overlaps.
 */
import { limits } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { beyondBounds } from './jsonBounds';
import { duplicateKey } from './jsonKeys';

export const metadataName = '__metadata__';
/** Bytes that stand before the header: its length. */
export const headerStart = 8;
/** The reference implementation's limit. */
export const maximumHeaderBytes = 100_000_000;
/** { name: { shape: [ ] } } */
const headerDepth = 3;
const valuesPerTensor = 8;
/** Of what a file holds, in messages. */
const shownCharacters = 100;

export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** In bytes from where the values start. */
  readonly begin: number;
  readonly end: number;
  /** Why its values cannot be told; shape and offsets may be empty then. */
  readonly error: string | null;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes that belong to no tensor, in sentences. */
  readonly holes: readonly string[];
}

/**
 * @param start the first 8 bytes, or all there are
 * @returns bytes of the header that follows
 * @throws CheckpointError where the file cannot hold it
 */
export function headerLength(start: Uint8Array, fileBytes: number, file: string): number {
  if (fileBytes < headerStart) throw new CheckpointError(file, `${fileBytes} bytes are too few for a safetensors file`);
  const declared = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (declared > BigInt(Math.min(maximumHeaderBytes, fileBytes - headerStart))) {
    throw new CheckpointError(
      file,
      `the header claims ${declared.toString()} bytes, but the file has ${fileBytes - headerStart} after the length ` +
        `(and ${maximumHeaderBytes} are the limit): not a safetensors file, or cut short`,
    );
  }
  return Number(declared);
}

/**
 * @param json the header, without its length
 * @param dataBytes from the end of the header to the end of the file
 * @param bits per element of each type that is taken
 * @throws CheckpointError where it is no JSON object in which every name stands once
 */
export function parseHeader(
  json: Uint8Array,
  dataBytes: number,
  bits: Readonly<Record<string, number>>,
  file: string,
): SafetensorsHeader {
  const header = parseObject(json, file);
  const metadata = readMetadata(header[metadataName], file);
  const named = Object.entries(header).filter(([name]) => name !== metadataName);
  if (named.length > limits.tensors) {
    throw new CheckpointError(file, `${named.length} tensors, and ${limits.tensors} are the limit`);
  }
  const long = named.find(([name]) => name.length > limits.nameLength);
  if (long) {
    throw new CheckpointError(file, `the name ${shown(long[0])} has more than ${limits.nameLength} characters`);
  }
  const entries = named.map(([name, value]) => readEntry(name, value, bits));
  return { metadata, ...checkCoverage(entries, dataBytes) };
}

function parseObject(json: Uint8Array, file: string): Record<string, unknown> {
  const beyond = beyondBounds(json, headerDepth, valuesPerTensor * limits.tensors);
  if (beyond !== null) throw new CheckpointError(file, `the header ${beyond}: not a safetensors file`);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    header = JSON.parse(text);
  } catch {
    throw new CheckpointError(file, 'the header is not valid JSON in UTF-8');
  }
  if (!text.startsWith('{') || !isRecord(header)) throw new CheckpointError(file, 'the header is not a JSON object');
  const duplicate = duplicateKey(text);
  if (duplicate !== null) {
    throw new CheckpointError(file, `the header holds the name ${shown(duplicate)} twice`);
  }
  return header;
}

function readMetadata(value: unknown, file: string): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!isRecord(value)) throw new CheckpointError(file, `${metadataName} is not an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new CheckpointError(file, `${metadataName}: the value of ${shown(key)} is not a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function readEntry(name: string, value: unknown, bits: Readonly<Record<string, number>>): SafetensorsEntry {
  const nothing = { name, dtype: 'unknown', shape: [], begin: 0, end: 0 };
  if (!isRecord(value)) return { ...nothing, error: 'its header entry is not an object' };
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(bits, dtype)) {
    const types = Object.keys(bits).join(', ');
    return {
      ...nothing,
      error: `dtype ${dtype === undefined ? 'missing' : shown(dtype)} is not one of ${types}`,
    };
  }
  if (!isSizes(shape) || shape.length > limits.rank) {
    return { ...nothing, dtype, error: 'its shape is not a list of whole numbers ≥ 0' };
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    return { ...nothing, dtype, error: 'its data_offsets are not two whole numbers ≥ 0' };
  }
  const [begin, end] = offsets as [number, number];
  const size = (shape.reduce((count, length) => count * length, 1) * bits[dtype]!) / 8;
  const fits = Number.isSafeInteger(size) && end - begin === size;
  const error = fits ? null : `shape [${shape.join(', ')}] of ${dtype} does not fit data_offsets [${begin}, ${end}]`;
  return fits ? { name, dtype, shape, begin, end, error } : { ...nothing, dtype, error };
}

function checkCoverage(
  entries: readonly SafetensorsEntry[],
  dataBytes: number,
): Pick<SafetensorsHeader, 'entries' | 'holes'> {
  const errors = new Map<SafetensorsEntry, string>();
  const holes: string[] = [];
  const ordered = entries.filter(entry => entry.error === null).sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const entry of ordered) {
    const { name, begin, end } = entry;
    if (end > dataBytes) errors.set(entry, `ends at byte ${end} of ${dataBytes}: the file is cut short`);
    else if (begin < position) errors.set(entry, `overlaps the tensor before it (byte ${begin})`);
    else if (begin > position) holes.push(`tensor ${JSON.stringify(name)} leaves a hole before it (byte ${begin})`);
    position = Math.max(position, end);
  }
  if (position < dataBytes) holes.push(`${dataBytes - position} bytes after the last tensor belong to none`);
  return { holes, entries: entries.map(entry => ({ ...entry, error: errors.get(entry) ?? entry.error })) };
}

/** As JSON, cut short. */
function shown(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > shownCharacters ? `${json.slice(0, shownCharacters)}…` : json;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && (size as number) >= 0);
}
