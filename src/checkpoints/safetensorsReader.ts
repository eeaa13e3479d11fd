/** safetensors of any size and type: the header at once, values by range. https://huggingface.co/docs/safetensors */
import type { ByteSource, Checkpoint, FormatReader, RawRange } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { bytesPerElement, decode, isDtype } from './dtypes';
import { describeTensor, guessConvention, type Convention } from './roles';
import {
  headerLength,
  headerStart,
  maximumHeaderBytes,
  parseHeader,
  type SafetensorsHeader,
} from './safetensorsHeader';

/** Types of the format beyond those that are decoded; huggingface/safetensors `Dtype`. */
const listedOnly = { F4: 4, F6_E2M3: 6, F6_E3M2: 6, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, C64: 64 };
const bitsPerElement: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(bytesPerElement).map(([dtype, bytes]) => [dtype, 8 * bytes])),
  ...listedOnly,
};

export const safetensorsReader: FormatReader = {
  name: 'safetensors',
  recognises(head, source) {
    if (head.length <= headerStart || head[headerStart] !== 0x7b) return false;
    const declared = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
    // a file of that name whose length is out of bounds is a damaged one; any other may be text with a brace in it
    return declared <= BigInt(Math.min(source.size, maximumHeaderBytes)) || /\.safetensors$/i.test(source.name);
  },
  async open(source) {
    const start = await source.read(0, Math.min(headerStart, source.size));
    const length = headerLength(start, source.size, source.name);
    const dataStart = headerStart + length;
    const json = await source.read(headerStart, length);
    const header = parseHeader(json, source.size - dataStart, bitsPerElement, source.name);
    return new SafetensorsCheckpoint(source, dataStart, header);
  },
};

class SafetensorsCheckpoint implements Checkpoint {
  readonly format = 'safetensors';
  readonly tensors: Checkpoint['tensors'];
  readonly metadata: Checkpoint['metadata'];
  readonly notes: readonly string[];
  readonly bytes: number;

  constructor(
    private readonly source: ByteSource,
    private readonly dataStart: number,
    private readonly header: SafetensorsHeader,
  ) {
    this.bytes = source.size;
    this.metadata = [...header.metadata];
    this.notes = header.holes;
    const shapes = new Map(header.entries.map(({ name, shape }) => [name, shape]));
    const convention = conventionOf(header);
    this.tensors = header.entries.map(({ name, dtype, shape, begin, end, error }) =>
      describeTensor({
        name,
        dtype,
        shape,
        bytes: end - begin,
        convention,
        error: error ?? (isDtype(dtype) ? null : `values of type ${dtype} are not decoded`),
        shapeOf: other => shapes.get(other),
      }),
    );
  }

  raw(index: number): RawRange | null {
    if (this.tensors[index]!.error !== null) return null;
    const { begin, end } = this.header.entries[index]!;
    return { source: this.source, offset: this.dataStart + begin, length: end - begin };
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array> {
    const { name, dtype, error } = this.tensors[index]!;
    if (error !== null || !isDtype(dtype)) {
      throw new CheckpointError(this.source.name, `tensor ${JSON.stringify(name)}: ${error ?? dtype}`);
    }
    const size = bytesPerElement[dtype];
    const offset = this.dataStart + this.header.entries[index]!.begin + begin * size;
    return decode(dtype, await this.source.read(offset, (end - begin) * size, signal));
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** Libraries write which framework the names and layouts are of: Hugging Face's `format` is pt, tf, flax or mlx. */
function conventionOf({ entries, metadata }: SafetensorsHeader): Convention {
  const format = metadata.get('format');
  if (format === 'pt') return 'torch';
  if (format === 'tf' || format === 'flax') return 'keras';
  return guessConvention(entries.map(({ name }) => name));
}
