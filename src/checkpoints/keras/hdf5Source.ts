/** A source as the HDF5 thread opens it. */
import type { ByteSource, RawRange } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import type { Hdf5File } from './hdf5Protocol';

/** What has no place on the disk is held, once. */
const mostHeld = 64 * 2 ** 20;
const blockBytes = 4 * 2 ** 20;

export interface Hdf5Source {
  readonly file: Hdf5File;
  /** Bytes of the HDF5 file. */
  readonly size: number;
  /** Where its bytes lie in a source; null: they are inflated ones. */
  readonly place: RawRange | null;
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** @throws CheckpointError where it is neither on disk nor small enough to be held */
export async function storedHdf5(place: RawRange): Promise<Hdf5Source> {
  const { source, offset: start, length: size } = place;
  const { path, identity } = source;
  const file = path === undefined ? await held(source, start, size) : { path, identity, start, size };
  return {
    file,
    size,
    place,
    read: (offset, length, signal) => source.read(start + offset, length, signal),
  };
}

/** @param content of a deflated entry. @throws CheckpointError where it is too large to be held */
export async function inflatedHdf5(content: ByteSource): Promise<Hdf5Source> {
  const file = await held(content, 0, content.size);
  const bytes = new Uint8Array(file.bytes);
  return {
    file,
    size: content.size,
    place: null,
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
  };
}

async function held(source: ByteSource, start: number, size: number): Promise<{ bytes: SharedArrayBuffer }> {
  if (size > mostHeld) {
    throw new CheckpointError(
      source.name,
      `${size} bytes of HDF5 that would have to be held in memory, and ${mostHeld} are the most: unpack it to a file of its own first`,
    );
  }
  const bytes = new SharedArrayBuffer(size);
  const view = new Uint8Array(bytes);
  for (let at = 0; at < size; at += blockBytes) {
    view.set(await source.read(start + at, Math.min(blockBytes, size - at)), at);
  }
  return { bytes };
}
