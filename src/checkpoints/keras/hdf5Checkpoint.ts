/** An HDF5 file as a checkpoint: structure from the thread that knows HDF5, values straight from the file where they lie in one. */
import type { TensorInfo } from '../../shared/inspection';
import type { ByteSource, Checkpoint, RawRange, StoredPlaces } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { bytesPerElement, decode } from '../dtypes';
import { swapped } from '../numpyValues';
import { describeContents } from './hdf5Describe';
import type { Hdf5Dataset } from './hdf5Protocol';
import type { Hdf5Source } from './hdf5Source';
import { Hdf5Thread } from './hdf5Thread';
import type { KerasLayer } from './kerasConfig';

export interface Hdf5Around {
  /** The whole file: the HDF5 file itself, or the archive around it. */
  readonly source: ByteSource;
  /** Of the model, where the archive tells; else an attribute of the HDF5 file does. */
  readonly layers: readonly KerasLayer[] | null;
  readonly metadata: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
  /** For people; null: told from what is in the file. */
  readonly format: string | null;
}

/** @throws CheckpointError where it is damaged as a whole, or holds no dataset */
export async function openHdf5(hdf5: Hdf5Source, around: Hdf5Around): Promise<Checkpoint> {
  const { source } = around;
  const opened = await Hdf5Thread.open(hdf5.file).catch((error: unknown) => {
    throw new CheckpointError(source.name, `its HDF5 structure cannot be read: ${reasonOf(error)}`);
  });
  const { thread, contents } = opened;
  if (contents.datasets.length === 0) {
    await thread.release();
    throw new CheckpointError(source.name, ['HDF5 without a dataset: no checkpoint', ...contents.notes].join('; '));
  }
  const described = describeContents(contents, around.layers);
  // most files are read without the thread from here on
  const needed = described.datasets.some(
    ({ error, offset, shape }) => error === null && offset === null && !shape.includes(0),
  );
  if (!needed) await thread.release();
  return new Hdf5Checkpoint(hdf5, source, described.datasets, needed ? thread : null, {
    format: around.format ?? described.format,
    tensors: described.tensors,
    metadata: [...around.metadata, ...described.metadata],
    notes: [...around.notes, ...contents.notes],
  });
}

type Told = Pick<Checkpoint, 'format' | 'tensors' | 'metadata' | 'notes'>;

class Hdf5Checkpoint implements Checkpoint {
  readonly format: string;
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Checkpoint['metadata'];
  readonly notes: readonly string[];
  readonly bytes: number;

  constructor(
    private readonly hdf5: Hdf5Source,
    private readonly source: ByteSource,
    private readonly datasets: readonly Hdf5Dataset[],
    private readonly thread: Hdf5Thread | null,
    told: Told,
  ) {
    this.format = told.format;
    this.tensors = told.tensors;
    this.metadata = told.metadata;
    this.notes = told.notes;
    this.bytes = source.size;
  }

  raw(index: number): RawRange | null {
    const places = this.places(index);
    if (!places || this.datasets[index]!.type!.bigEndian) return null;
    const { source, offset, valueBytes } = places;
    return { source, offset, length: this.tensors[index]!.count * valueBytes };
  }

  places(index: number): StoredPlaces | null {
    const { offset, type, shape, error } = this.datasets[index]!;
    const { place } = this.hdf5;
    if (!place || offset === null || !type || error !== null) return null;
    const valueBytes = bytesPerElement[type.dtype];
    const strides = new Array<number>(shape.length);
    let step = valueBytes;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = step;
      step *= shape[axis]!;
    }
    return { source: place.source, offset: place.offset + offset, valueBytes, strides };
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array> {
    signal?.throwIfAborted();
    const { path, offset, type } = this.datasets[index]!;
    const { name, error } = this.tensors[index]!;
    if (error !== null || !type) throw this.error(name, error ?? 'it holds no numbers');
    if (begin >= end) return decode(type.dtype, new Uint8Array(0));
    const size = bytesPerElement[type.dtype];
    if (offset !== null) {
      const bytes = await this.hdf5.read(offset + begin * size, (end - begin) * size, signal);
      return decode(type.dtype, type.bigEndian ? swapped(bytes, size) : bytes);
    }
    let bytes: Uint8Array;
    try {
      bytes = await this.thread!.values({ path, begin, end });
    } catch (failure) {
      throw this.error(name, reasonOf(failure));
    }
    signal?.throwIfAborted();
    return decode(type.dtype, bytes);
  }

  async close(): Promise<void> {
    await this.thread?.release();
    await this.source.close();
  }

  private error(name: string, reason: string): CheckpointError {
    return new CheckpointError(this.source.name, `tensor ${JSON.stringify(name)}: ${reason}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
