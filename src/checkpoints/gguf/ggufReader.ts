/** GGUF, the format of llama.cpp: metadata and tensor list at once, values by range, quantised ones decoded block by block. */
import type { TensorInfo } from '../../shared/inspection';
import { type ByteSource, type Checkpoint, type FormatReader, type RawRange, type StoredPlaces } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { decode } from '../dtypes';
import { swapped } from '../numpyValues';
import { describeTensor } from '../roles';
import { GgufCursor } from './cursor';
import { fileTypeName } from './fileTypes';
import { decodeBlocks } from './ggmlTypes';
import { maximumKeys, readMetadata, type GgufMetadata } from './metadata';
import { checkPlaces, readTensorInfos, type GgufEntry } from './tensorInfos';

const defaultAlignment = 32;
/** The largest models have some thousands. */
const maximumTensors = 100_000;

export const ggufReader: FormatReader = {
  name: 'GGUF',
  recognises: head => {
    const magic = new TextDecoder('latin1').decode(head.subarray(0, 4));
    return magic === 'GGUF' || magic === 'FUGG';
  },
  async open(source) {
    const { cursor, version } = await start(source);
    const [tensors, keys] = await readCounts(cursor);
    const metadata = await readMetadata(cursor, keys);
    const alignment = alignmentOf(metadata, source.name);
    const listed = await readTensorInfos(cursor, tensors);
    const dataStart = Math.ceil(cursor.at / alignment) * alignment;
    const entries = checkPlaces(listed, alignment, Math.max(0, source.size - dataStart));
    return new GgufCheckpoint(source, version, cursor.littleEndian, dataStart, entries, metadata);
  },
};

/** Magic and version: one that is read the wrong way round is 0 in its lower half. */
async function start(source: ByteSource): Promise<{ cursor: GgufCursor; version: number }> {
  const little = new GgufCursor(source, true, true);
  await little.need(8, 'the beginning of a GGUF file');
  const magic = little.u32();
  const first = little.u32();
  const bigEndian = magic !== 0x46554747 || (first & 0xffff) === 0;
  const big = new GgufCursor(source, false, true);
  await big.need(8, 'the beginning of a GGUF file');
  big.u32();
  const version = bigEndian ? big.u32() : first;
  if (version < 1 || version > 3) {
    throw new CheckpointError(source.name, `version ${version} of GGUF is not known: this reader knows 1 to 3`);
  }
  const cursor = new GgufCursor(source, !bigEndian, version > 1);
  cursor.at = 8;
  return { cursor, version };
}

async function readCounts(cursor: GgufCursor): Promise<[tensors: number, keys: number]> {
  await cursor.need(2 * cursor.sizeBytes, 'the number of tensors');
  const tensors = cursor.size();
  const keys = cursor.size();
  if (tensors > maximumTensors) cursor.fail(`${tensors} tensors, and ${maximumTensors} are the limit`);
  if (keys > maximumKeys) cursor.fail(`${keys} keys of metadata, and ${maximumKeys} are the limit`);
  return [tensors, keys];
}

function alignmentOf({ numbers, shown }: GgufMetadata, file: string): number {
  const key = 'general.alignment';
  const alignment = numbers.get(key) ?? (shown.some(([name]) => name === key) ? NaN : defaultAlignment);
  if (alignment > 0 && alignment <= 2 ** 31 && Number.isInteger(Math.log2(alignment))) return alignment;
  throw new CheckpointError(
    file,
    `its general.alignment is ${alignment}, which is no power of 2: where its tensors lie is not known`,
  );
}

class GgufCheckpoint implements Checkpoint {
  readonly format: string;
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Checkpoint['metadata'];
  readonly notes: readonly string[];
  readonly bytes: number;

  constructor(
    private readonly source: ByteSource,
    version: number,
    private readonly littleEndian: boolean,
    private readonly dataStart: number,
    private readonly entries: readonly GgufEntry[],
    { shown, numbers }: GgufMetadata,
  ) {
    this.format = `GGUF v${version}${littleEndian ? '' : ', big-endian'}`;
    this.bytes = source.size;
    this.metadata = shown.map(([key, text]) => [key, key === 'general.file_type' ? fileTypeName(text) : text]);
    const shapes = new Map(entries.map(({ name, shape }) => [name, shape]));
    this.tensors = entries.map(({ name, type, shape, bytes, error }) =>
      describeTensor({
        name,
        dtype: type?.name ?? 'unknown',
        shape,
        bytes,
        convention: 'torch',
        error: error ?? (littleEndian || type?.kind !== 'blocks' ? null : 'blocks of big-endian files are not decoded'),
        shapeOf: other => shapes.get(other),
      }),
    );
    const parts = numbers.get('split.count') ?? 1;
    const quantised = entries.some(({ type }) => type?.kind === 'blocks');
    this.notes = [
      ...(parts > 1 ? [`One of ${parts} parts: the tensors of the others are in the files beside it`] : []),
      ...(quantised ? ['Quantised weights are shown as the numbers they stand for'] : []),
    ];
  }

  raw(index: number): RawRange | null {
    const { type, offset, bytes } = this.entries[index]!;
    if (this.tensors[index]!.error !== null || type?.kind !== 'plain' || !this.littleEndian) return null;
    return { source: this.source, offset: this.dataStart + offset, length: bytes };
  }

  places(index: number): StoredPlaces | null {
    const { type, offset, shape } = this.entries[index]!;
    if (this.tensors[index]!.error !== null || type?.kind !== 'plain') return null;
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((step, size) => step * size, type.bytes));
    return { source: this.source, offset: this.dataStart + offset, valueBytes: type.bytes, strides };
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array> {
    const { type, offset } = this.entries[index]!;
    const { name, error } = this.tensors[index]!;
    if (error !== null || !type || type.kind === 'listed') {
      throw new CheckpointError(this.source.name, `tensor ${JSON.stringify(name)}: ${error ?? 'not decoded'}`);
    }
    const first = Math.floor(begin / type.values);
    const blocks = Math.ceil(end / type.values) - first;
    const bytes = await this.source.read(
      this.dataStart + offset + first * type.bytes,
      Math.max(0, blocks) * type.bytes,
      signal,
    );
    if (type.kind === 'plain') {
      return decode(type.name, this.littleEndian || type.bytes === 1 ? bytes : swapped(bytes, type.bytes));
    }
    const decoded = decodeBlocks(type, type.decode, bytes);
    return decoded.subarray(begin - first * type.values, end - first * type.values);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
