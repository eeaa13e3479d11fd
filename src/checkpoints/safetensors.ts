/**
 * The safetensors format over whole buffers: 8 bytes header length (little-endian), a JSON header, then the values.
 * As strict as the reference implementation (huggingface/safetensors `SafeTensors::read_metadata`): the values are
 * covered exactly once, without holes or overlaps. Nothing is allocated before the header has been checked.
 */
import { CheckpointError } from './checkpointError';
import { duplicateKey } from './jsonKeys';

export type TensorData =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'U8'; readonly shape: readonly number[]; readonly data: Uint8Array };

export type NamedTensor = TensorData & { readonly name: string };

export interface Safetensors {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly metadata: ReadonlyMap<string, string>;
}

const bytesPerElement = { F32: 4, I32: 4, U8: 1 } as const;
type Dtype = keyof typeof bytesPerElement;

const metadataName = '__metadata__';
/** The reference implementation's limit. */
const maximumHeaderBytes = 100_000_000;
/** No tensor in use comes near; keeps a hostile header from making long loops. */
const maximumRank = 32;

/**
 * @param tensors in any order; they are laid out with the wide types first, so that every tensor stays aligned
 * @throws Error where a name occurs twice or a shape does not fit its data: a mistake of the caller, not of a file
 */
export function encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header = new Map<string, unknown>();
  if (metadata) header.set(metadataName, metadata);
  const ordered = [...tensors].sort((a, b) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype]);
  let end = 0;
  for (const { name, dtype, shape, data } of ordered) {
    if (name === metadataName || header.has(name)) throw new Error(`tensor name ${JSON.stringify(name)} is taken`);
    const count = elementCount(shape);
    if (count !== data.length) {
      throw new Error(`tensor ${name}: shape [${shape.join(', ')}] does not fit ${data.length} values`);
    }
    header.set(name, { dtype, shape, data_offsets: [end, end + data.byteLength] });
    end += data.byteLength;
  }
  // an object literal would treat a tensor called "__proto__" specially; text built from a Map does not
  const entries = [...header].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  const text = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength).set(text, 8);
  let position = 8 + headerLength;
  for (const { data } of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * @param file named in errors
 * @throws CheckpointError where anything is not exactly as the format wants it
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, file);
  const metadata = readMetadata(header[metadataName], file);
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataName)
    .map(([name, entry]) => readEntry(name, entry, file));
  checkCoverage(entries, bytes.length - dataStart, file);
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, shape, begin, end } of entries) {
    // a copy, because a view would need its offset aligned and would keep the whole file in memory
    const { buffer } = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
    if (dtype === 'F32') tensors.set(name, { dtype, shape, data: new Float32Array(buffer) });
    else if (dtype === 'I32') tensors.set(name, { dtype, shape, data: new Int32Array(buffer) });
    else tensors.set(name, { dtype, shape, data: new Uint8Array(buffer) });
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, file: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) throw new CheckpointError(file, `${bytes.length} bytes are too few for a safetensors file`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (declared > BigInt(Math.min(maximumHeaderBytes, bytes.length - 8))) {
    throw new CheckpointError(
      file,
      `the header claims ${declared.toString()} bytes, but the file has ${bytes.length - 8} after the length ` +
        `(and ${maximumHeaderBytes} are the limit): not a safetensors file, or cut short`,
    );
  }
  const dataStart = 8 + Number(declared);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
    header = JSON.parse(text);
  } catch {
    throw new CheckpointError(file, 'the header is not valid JSON in UTF-8');
  }
  if (!text.startsWith('{') || !isRecord(header)) throw new CheckpointError(file, 'the header is not a JSON object');
  const duplicate = duplicateKey(text);
  if (duplicate !== null) {
    throw new CheckpointError(file, `the header holds the name ${JSON.stringify(duplicate)} twice`);
  }
  return { header, dataStart };
}

function readMetadata(value: unknown, file: string): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!isRecord(value)) throw new CheckpointError(file, `${metadataName} is not an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new CheckpointError(file, `${metadataName}: the value of ${JSON.stringify(key)} is not a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, file: string): Entry {
  const fail = (reason: string): never => {
    throw new CheckpointError(file, `tensor ${JSON.stringify(name)}: ${reason}`);
  };
  if (!isRecord(value)) return fail('its header entry is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) return fail(`dtype ${JSON.stringify(dtype)} is not one of F32, I32, U8`);
  if (!isSizes(shape) || shape.length > maximumRank) return fail('its shape is not a list of whole numbers ≥ 0');
  if (!isSizes(offsets) || offsets.length !== 2) return fail('its data_offsets are not two whole numbers ≥ 0');
  const [begin, end] = offsets as [number, number];
  const size = elementCount(shape) * bytesPerElement[dtype];
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    return fail(`shape [${shape.join(', ')}] of ${dtype} does not fit data_offsets [${begin}, ${end}]`);
  }
  return { name, dtype, shape, begin, end };
}

function checkCoverage(entries: readonly Entry[], dataLength: number, file: string): void {
  let position = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > dataLength) {
      throw new CheckpointError(
        file,
        `tensor ${JSON.stringify(name)} ends at byte ${end} of ${dataLength}: the file is cut short`,
      );
    }
    if (begin !== position) {
      const what = begin < position ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new CheckpointError(file, `tensor ${JSON.stringify(name)} ${what} (byte ${begin})`);
    }
    position = end;
  }
  if (position !== dataLength) {
    throw new CheckpointError(file, `${dataLength - position} bytes after the last tensor belong to none`);
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(bytesPerElement, value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(size => Number.isSafeInteger(size) && (size as number) >= 0);
}
