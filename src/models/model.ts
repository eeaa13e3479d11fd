/** A model before it meets its data: what it is made of, and, if it came from a file, what its weights are. */
import type { KerasTopology } from './topology';

export interface NamedWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Model {
  readonly kind: 'builtin' | 'file';
  /** For people, e.g. `lenet-300-100` or `model.json`. */
  readonly description: string;
  /** Keras JSON. Built-in models fit themselves to the data; files are what they are. */
  readonly topology: (inputShape: readonly number[], classes: number) => KerasTopology;
  /** By Keras' names, e.g. `dense_1/kernel`; null where there are none. */
  readonly weights: ReadonlyMap<string, NamedWeight> | null;
  /** Hash of the definition, without the weights. */
  readonly fingerprint: string;
  /** Hash of the weights; null where there are none. */
  readonly weightsFingerprint: string | null;
}
