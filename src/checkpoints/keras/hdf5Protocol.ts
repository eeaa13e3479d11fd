/** What the thread that reads HDF5 is asked and answers. */
import type { Dtype } from '../dtypes';

/** The file as the thread opens it: by itself, or from memory that it shares. */
export type Hdf5File =
  | {
      readonly path: string;
      /** As `fileIdentity` gives it: a file that was exchanged meanwhile is not read. */
      readonly identity: string;
      /** Where the HDF5 file begins in it, and how long it is: an entry of a zip archive, or all of it. */
      readonly start: number;
      readonly size: number;
    }
  | { readonly bytes: SharedArrayBuffer };

/** The type of a dataset's values, where it is one of numbers. */
export interface Hdf5Type {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
}

export interface Hdf5Dataset {
  /** From the root on, without the first slash. */
  readonly path: string;
  /** Of its object header: two paths with the same one are the same dataset. */
  readonly address: number;
  readonly shape: readonly number[];
  readonly type: Hdf5Type | null;
  /** Where the values lie in the HDF5 file, one after the other in row-major order; null: in chunks, or in the header. */
  readonly offset: number | null;
  /** Why its values cannot be read. */
  readonly error: string | null;
}

/** What Keras writes beside the weights. */
export interface Hdf5Attributes {
  /** Of the root group or `model_weights`, by name. */
  readonly file: Readonly<Record<string, string>>;
  /** The attribute `name` of groups, by their path. */
  readonly groups: Readonly<Record<string, string>>;
  /** Paths of weights in the order of the layer that has them: the attribute `weight_names` of its group. */
  readonly weights: readonly string[];
}

export interface Hdf5Contents {
  /** In the order of the groups, which is that of creation where the file keeps it, else of names. */
  readonly datasets: readonly Hdf5Dataset[];
  readonly attributes: Hdf5Attributes;
  readonly notes: readonly string[];
}

/** Values [begin, end) of a dataset, little-endian. */
export interface Hdf5Range {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
}

export type Hdf5Work =
  | { readonly kind: 'open'; readonly file: Hdf5File }
  | { readonly kind: 'values'; readonly range: Hdf5Range }
  | { readonly kind: 'close' };

export interface ToHdf5Thread {
  readonly id: number;
  readonly work: Hdf5Work;
}

export type FromHdf5Thread =
  | { readonly id: number; readonly ok: true; readonly result: Hdf5Contents | Uint8Array | null }
  | { readonly id: number; readonly ok: false; readonly reason: string };

/** A file to be made. Groups stand after those that they are in. */
export interface Hdf5Content {
  readonly groups: readonly {
    /** From the root on, with the first slash; `/` is the root itself. */
    readonly path: string;
    readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  }[];
  readonly datasets: readonly {
    readonly path: string;
    readonly shape: readonly number[];
    readonly data: Float32Array | Uint8Array;
  }[];
}

/** What a thread that makes a file is started with; it answers once. */
export interface Hdf5WriterData {
  readonly content: Hdf5Content;
}

export type FromHdf5Writer =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly reason: string };

/** What the thread that reads is started with. */
export interface Hdf5ThreadData {
  /** Two numbers that the owner watches: signs of life so far, and 1 while the file is being read. */
  readonly progress: SharedArrayBuffer;
}
