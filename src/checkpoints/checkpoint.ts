/**
 * What every reader of a checkpoint format gives: the names, dtypes and shapes at once, values by range when asked for.
 * Nothing in a file is executed or trusted: sizes are checked before anything is allocated, paths stay in their folder.
 */
import type { TensorInfo } from '../shared/inspection';

/** Bytes that can be read anywhere, without holding them all. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** Another one where the content may be another: path, size and time of change. */
  readonly identity: string;
  /** Absolute path of a file on this machine, for threads that read it by themselves; absent: there is only `read`. */
  readonly path?: string;
  /**
   * @returns exactly `length` bytes, not to be written to
   * @throws CheckpointError where the source ends before; the signal's reason
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * A file in the same folder or below, for shards and external data.
   * @throws CheckpointError where the path leads out of the folder or the file is not there
   */
  beside(path: string): Promise<ByteSource>;
  close(): Promise<void>;
}

/** Where the values of a tensor lie as they are: little-endian, row-major, without gaps. */
export interface RawRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

/** Where each value of a tensor lies by itself, for what overwrites values. The value 0 is zero bytes everywhere. */
export interface StoredPlaces {
  readonly source: ByteSource;
  /** Of the value at index (0, 0, …). */
  readonly offset: number;
  readonly valueBytes: number;
  /** Bytes from one index to the next, for each axis. */
  readonly strides: readonly number[];
  /** In row-major order, where only these values lie there and others in other files; `offset` may be negative then. */
  readonly values?: { readonly begin: number; readonly end: number };
}

export interface Checkpoint {
  readonly format: string;
  /** In the order of the file. Names are unique; a name that comes twice is told in `notes`, or an error. */
  readonly tensors: readonly TensorInfo[];
  readonly metadata: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
  /** Bytes of the file and its shards. */
  readonly bytes: number;
  /** Null where the values must be decoded (compressed, quantised, strided, masked). */
  raw(index: number): RawRange | null;
  /**
   * Where values lie that can be set to 0 one by one, though `raw` is null: strided, column-major, big-endian, masked.
   * Null where there are no such places; left out by readers of formats where `raw` says all.
   */
  places?(index: number): StoredPlaces | null;
  /**
   * Where `raw` is null because the values go on in another file: the ranges that hold them one after another, as `raw` has
   * them, each of whole values. Null where there are none such; left out by readers whose tensors lie in one file each.
   */
  parts?(index: number): readonly RawRange[] | null;
  /**
   * Decoded values [begin, end) of a tensor in row-major order; float64 for F64 and integers that float32 cannot hold.
   * Callers ask for at most 2²² values at a time.
   * @throws CheckpointError
   */
  values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  close(): Promise<void>;
}

/** One module a format. */
export interface FormatReader {
  /** For people. */
  readonly name: string;
  /** By content, never by name alone. @param head the first 4,096 bytes, or all there are */
  recognises(head: Uint8Array, source: ByteSource): boolean | Promise<boolean>;
  /**
   * Reads the structure only.
   * @throws CheckpointError that names the file, the offset or the tensor, and what to do
   */
  open(source: ByteSource): Promise<Checkpoint>;
}

/** Tensors of one checkpoint at most, entries of a container, nested containers: beyond, a file is refused. */
export const limits = {
  tensors: 1_000_000,
  rank: 32,
  nameLength: 4_096,
  /** Bytes of structure (headers, pickles, protobuf without its values) that are read into memory. */
  structureBytes: 256 * 2 ** 20,
} as const;
