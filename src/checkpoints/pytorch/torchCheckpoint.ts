/** A checkpoint out of what was unpickled and where its storages lie; the same for the zip and the legacy format. */
import type { TensorInfo } from '../../shared/inspection';
import type { ByteSource, Checkpoint, RawRange, StoredPlaces } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { nameAll } from './naming';
import { walk } from './objectGraph';
import type { PickleValue } from './pickleValue';
import { listTensors, type Listed, type Locate } from './tensorList';
import { type Floats, TensorError } from '../values/tensorValues';

export interface TorchContent {
  readonly format: string;
  readonly source: ByteSource;
  readonly root: PickleValue;
  readonly locate: Locate;
  /** Names outside the allow-list. */
  readonly unknown: ReadonlySet<string>;
  readonly notes: readonly string[];
  readonly metadata: readonly (readonly [string, string])[];
}

const namesShown = 8;

/** @throws CheckpointError where there is no tensor in it */
export function torchCheckpoint(content: TorchContent): Checkpoint {
  const { source } = content;
  const graph = walk(content.root);
  const notes = [...content.notes, ...graph.notes];
  if (content.unknown.size > 0) {
    const names = [...content.unknown];
    const more = names.length > namesShown ? ` and ${names.length - namesShown} others` : '';
    const shown = names.slice(0, namesShown).map(name => name.slice(0, 100));
    notes.push(`The pickle names ${shown.join(', ')}${more}: not run, kept as plain data.`);
  }
  if (graph.found.length === 0) {
    const why = notes.length > 0 ? ` ${notes.join(' ')}` : '';
    throw new CheckpointError(source.name, `a pickle without tensors in it: nothing to show.${why}`);
  }
  const listed = listTensors(nameAll(graph.found, notes), content.locate, notes);
  return new TorchCheckpoint(content.format, source, listed, [...content.metadata, ...graph.metadata], notes);
}

class TorchCheckpoint implements Checkpoint {
  readonly tensors: readonly TensorInfo[];

  constructor(
    readonly format: string,
    private readonly source: ByteSource,
    private readonly listed: readonly Listed[],
    readonly metadata: readonly (readonly [string, string])[],
    readonly notes: readonly string[],
  ) {
    this.tensors = listed.map(({ info }) => info);
  }

  get bytes(): number {
    return this.source.size;
  }

  raw(index: number): RawRange | null {
    return this.listed[index]?.values?.raw ?? null;
  }

  places(index: number): StoredPlaces | null {
    return this.listed[index]?.values?.places ?? null;
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    const { info, values } = this.listed[index]!;
    if (!values) throw new CheckpointError(this.source.name, `tensor ${info.name}: ${info.error ?? 'not readable'}`);
    if (!(begin >= 0 && begin <= end && end <= info.count)) {
      throw new RangeError(`values ${begin} to ${end} of ${info.count} of ${info.name}`);
    }
    try {
      return await values.read(begin, end, signal);
    } catch (error) {
      if (error instanceof TensorError)
        throw new CheckpointError(this.source.name, `tensor ${info.name}: ${error.message}`);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
