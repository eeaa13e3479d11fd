/**
 * Messages between the extension host and the child process that looks at models and data before an experiment is written
 * (dist/describe.js, forked with `serialization: 'advanced'`). The host numbers its requests: `id` is a positive integer
 * that it uses once. Each is answered once, with what was asked for or with `failed`. The child reads headers and bounded
 * parts of files and keeps nothing; a host that does not want to wait ends it.
 */
import type { DataConfig } from './dataConfig';

/** What a model must take and give. */
export interface ExampleShape {
  /** Of one example, channels last. */
  readonly inputShape: readonly number[];
  /** Classes, or columns of numbers to predict. */
  readonly classes: number;
}

export type HostToDescriber =
  /**
   * → `model`.
   * `spec`: as the `model` of an experiment file in `folder`; `data`: what it is for, null: what it was made for itself.
   */
  | {
      readonly type: 'model';
      readonly id: number;
      readonly spec: string;
      readonly folder: string;
      readonly data: ExampleShape | null;
    }
  /** → `builtins`: each built-in model of the list on such data. */
  | {
      readonly type: 'builtins';
      readonly id: number;
      readonly names: readonly string[];
      readonly data: ExampleShape;
    }
  /**
   * → `data`. Paths of `config` are relative to `folder`. `wanted`: shape of an example that the model takes, to which
   * images can be brought; null: none is known. `sample`: whether examples are to be shown.
   */
  | {
      readonly type: 'data';
      readonly id: number;
      readonly config: DataConfig;
      readonly folder: string;
      readonly wanted: readonly number[] | null;
      readonly sample: boolean;
    };

export type DescriberToHost =
  | { readonly type: 'model'; readonly id: number; readonly model: ModelDescription }
  | { readonly type: 'builtins'; readonly id: number; readonly models: readonly BuiltinDescription[] }
  | { readonly type: 'data'; readonly id: number; readonly data: DataDescription }
  /** In words: the file, what is wrong with it and what to do. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** What training costs and prunes, from the layers. */
export interface ModelFacts {
  /** In words, e.g. "7 convolutions, 1 dense layer". */
  readonly layers: string;
  /** All values that training moves. */
  readonly weights: number;
  /** Those of kernels. */
  readonly prunable: number;
  /** Of one example on the way forward. */
  readonly multiplyAdds: number;
}

export interface ModelDescription extends ModelFacts {
  /** In words, e.g. "Keras (.keras)". */
  readonly format: string;
  /** The data that it was described for, or else was made for. */
  readonly data: ExampleShape;
  /** Whether it takes examples of this very shape (or as many values in another); false: also of others. */
  readonly fixedShape: boolean;
  /** Whether the file has weights to start from. */
  readonly hasWeights: boolean;
  /** What classes can be learnt by: cross-entropy, unless the model ends in something else than classes for it. */
  readonly loss: 'cross-entropy' | 'mean-squared-error';
  /** What it has that only TensorFlow can train; null: every executor can train it. */
  readonly tensorflowOnly: string | null;
}

export type BuiltinDescription =
  | ({ readonly name: string; readonly ok: true } & ModelFacts)
  | { readonly name: string; readonly ok: false; readonly reason: string };

export interface DataDescription {
  /** As asked, with what was found out: the size of images, columns that cannot be used. */
  readonly config: DataConfig;
  readonly data: ExampleShape;
  readonly task: 'classification' | 'regression';
  /** Of the examples in each file, before any are held back; null: there are none to test on. */
  readonly training: number;
  readonly test: number | null;
  /** Whether the counts are exact, not estimated from a part. */
  readonly exact: boolean;
  /** Sizes of what is trained on, validated on and tested on. */
  readonly splits: { readonly training: number; readonly validation: number; readonly test: number };
  /** Names of classes, or of columns to predict; null: they have numbers only. */
  readonly classNames: readonly string[] | null;
  /** Examples of each class among the first `counted` training examples; empty with regression. */
  readonly classCounts: readonly number[];
  readonly counted: number;
  /** What a person should know, e.g. which columns are left out. */
  readonly notes: readonly string[];
  readonly sample: DataSample | null;
}

export type DataSample =
  | {
      readonly kind: 'images';
      /** PNG files as data URIs. */
      readonly images: readonly { readonly label: string; readonly picture: string }[];
    }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly { readonly label: string; readonly values: readonly string[] }[];
      /** Columns of the data in all. */
      readonly columnCount: number;
    };

/** Bounds of what is shown, by which the host checks. */
export const sampleLimits = { images: 40, rows: 8, columns: 12, pictureSide: 64, classes: 65_536 } as const;
