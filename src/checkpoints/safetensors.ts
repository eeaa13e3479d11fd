/**
 * Small safetensors files as whole buffers, of the types that the run store uses. Strict: a file that is not exactly as the
 * format wants it is refused. Nothing is allocated before the header has been checked.
 */
import { CheckpointError } from './checkpointError';
import { headerLength, headerStart, metadataName, parseHeader } from './safetensorsHeader';

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
const bitsPerElement = { F32: 32, I32: 32, U8: 8 } as const;

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
  const length = headerLength(bytes, bytes.length, file);
  const dataStart = headerStart + length;
  const { entries, metadata, holes } = parseHeader(
    bytes.subarray(headerStart, dataStart),
    bytes.length - dataStart,
    bitsPerElement,
    file,
  );
  const bad = entries.find(({ error }) => error !== null);
  if (bad) throw new CheckpointError(file, `tensor ${JSON.stringify(bad.name)}: ${bad.error!}`);
  if (holes.length > 0) throw new CheckpointError(file, holes[0]!);
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, shape, begin, end } of entries) {
    // a copy, because a view would need its offset aligned and would keep the whole file in memory
    const { buffer } = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
    if (dtype === 'F32') tensors.set(name, { dtype, shape, data: new Float32Array(buffer) });
    else if (dtype === 'I32') tensors.set(name, { dtype, shape, data: new Int32Array(buffer) });
    else tensors.set(name, { dtype: 'U8', shape, data: new Uint8Array(buffer) });
  }
  return { tensors, metadata };
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}
