/** What a look at a data set finds, whatever its format. */
import type { DataConfig } from '../../shared/dataConfig';

export type Values = Uint8Array | Float32Array;

/** Bytes of inputs that are looked at, at most. */
export const mostInputBytes = 8 * 2 ** 20;

export interface Look {
  /** With what was found out. */
  readonly config: DataConfig;
  /** Of one example, channels last. */
  readonly inputShape: readonly number[];
  /** Null: as many as the labels that were looked at say. */
  readonly classes: number | null;
  readonly classNames: readonly string[] | null;
  readonly task: 'classification' | 'regression';
  readonly training: number;
  /** Where the files have a split to validate on. */
  readonly validation: number | null;
  readonly test: number | null;
  readonly exact: boolean;
  /** Class numbers of the first training examples, as many as were looked at; empty with regression. */
  readonly labels: ArrayLike<number>;
  /** What is shown: its examples are among the first that can be had cheaply. */
  readonly examples: Examples;
  readonly notes: readonly string[];
}

export interface Examples {
  readonly count: number;
  /** Class of an example, in numbers; with regression the row of targets in words. */
  readonly labelAt: (example: number) => number | string;
  /** Bytes of pixels, or numbers, row-major with channels last. */
  readonly valuesAt: (example: number) => Promise<Values>;
  /** Names of the columns of a table; null: they have none. */
  readonly columns: readonly string[] | null;
}
