/** A data set as the executors take it: in memory, or with inputs that stay in files where they are larger than that. */

import type { Task } from '../shared/report';

export type { Task } from '../shared/report';

/** Examples in row-major order, channels last. Bytes stand for value/255; floats are taken as they are. */
export interface Split {
  readonly count: number;
  /** [count × features]; of length 0, but of the right type, where the inputs are `stored`. */
  readonly inputs: Uint8Array | Float32Array;
  /** Where the inputs are too large for memory: src/data/stored.ts reads them. Labels are always in memory. */
  readonly stored?: StoredInputs;
  /**
   * Class numbers [count], or with regression targets [count × targets] as float32, and only then. Of one type in all
   * splits of a data set, as the inputs are.
   */
  readonly labels: Uint8Array | Int32Array | Float32Array;
}

/** Inputs in files, one example after another: plain data, so that it travels to threads. */
export interface StoredInputs {
  readonly type: 'uint8' | 'float32';
  /** Values of an example, little-endian. */
  readonly bytesPerExample: number;
  /** Channels whose planes come one after another in an example, and side by side once it is read; 1: they are already. */
  readonly planes: number;
  /** The examples of all parts are numbered through. */
  readonly parts: readonly StoredPart[];
  /** Number of each example of the split among those of the parts; null: all of them in order. */
  readonly rows: Uint32Array | null;
}

/** A run of examples in a file. */
export interface StoredPart {
  readonly file: string;
  /** Of the first example, in bytes, and from each to the next. */
  readonly offset: number;
  readonly stride: number;
  readonly count: number;
  /** Size and time of change (ms) when it was loaded: another file is not read. */
  readonly size: number;
  readonly modified: number;
}

/** What a reader gives: the examples of the files in their order, before any are held back. */
export interface DataSource {
  /** Shape of one example, channels last: [features] of a vector, [rows, columns, channels] of an image. */
  readonly inputShape: readonly number[];
  /** Left out: classification. */
  readonly task?: Task;
  /** Of regression, targets of an example. */
  readonly classes: number;
  /** Names of the classes, or of the targets, in order; left out where the files have none. */
  readonly labelNames?: readonly string[];
  readonly training: Split;
  /** Where the files have one of their own: nothing is held back then. */
  readonly validation?: Split | null;
  /** Null where the files have none: a share is held out. */
  readonly test: Split | null;
}

export interface DataSet {
  /** In words, e.g. "MNIST (idx)". */
  readonly name: string;
  /** Shape of one example, channels last, e.g. [28, 28, 1]. */
  readonly inputShape: readonly number[];
  readonly task: Task;
  /** With regression, targets of an example: the outputs a model must have either way. */
  readonly classes: number;
  /** Of the classes, or of the targets, in order, for people to read: no part of the fingerprint. */
  readonly labelNames?: readonly string[];
  readonly training: Split;
  readonly validation: Split;
  readonly test: Split;
  /** x = (value − mean) / std per channel (last axis), applied by the executor; bytes are divided by 255 first. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Hash of everything that decides the content: enters the key of each run. */
  readonly fingerprint: string;
}

/** A data file that cannot be used: names the file, says what is wrong and what to do. */
export class DataError extends Error {
  constructor(
    readonly file: string,
    message: string,
  ) {
    super(`${file}: ${message}`);
    this.name = 'DataError';
  }
}
