/**
 * Messages between the extension host and the inspector, the child process that opens checkpoints (dist/inspector.js,
 * forked with `serialization: 'advanced'`, so that typed arrays cross as they are). One process serves many editors.
 *
 * The host numbers its requests: `id` is a positive integer that it uses once. Every request but `close`, `prefer` and
 * `cancel` is answered with any number of messages of that id, the last of them `done`, `failed` or `cancelled`.
 * `file` is the id of the `open` that opened it; it stays valid until `close`.
 */
import type { TensorComparison, UnpairedTensor } from './comparison';
import type { CheckpointSummary, TensorInfo, TensorStatistics } from './inspection';

/** A rectangle of a tensor's matrix view: rows are outputs, columns are inputs × kernel positions. */
export interface MatrixRegion {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

/** How a tensor lies as a matrix. A vector is one row; without known axes, rows run along the first axis. */
export interface MatrixShape {
  readonly rows: number;
  readonly columns: number;
  /** Columns of one input: kernel height × kernel width. */
  readonly kernelPositions: number;
}

/** Tiles and single weights have at most so many rows and columns; a page of tensors so many entries. */
export const inspectorLimits = { cells: 512, page: 2_000 } as const;

/** A file on this machine, or bytes that the host has read itself (virtual file systems, revisions in git). */
export type InspectorSource =
  { readonly path: string } | { readonly name: string; readonly identity: string; readonly bytes: Uint8Array };

/** The first message to a new process. */
export interface InspectorSettings {
  readonly type: 'settings';
  /** Folder for statistics of files seen before, made where it is missing; null: none are kept on disk. */
  readonly cacheDirectory: string | null;
}

export type HostToInspector =
  | InspectorSettings
  /** → `opened`, `tensors` for the pages after the first, `done`. No value is read. */
  | { readonly type: 'open'; readonly id: number; readonly source: InspectorSource }
  /** Gives up a file and whatever is asked of it; not answered. */
  | { readonly type: 'close'; readonly file: number }
  /** → a `statistics` for each tensor (an index into the file's list), as far as possible in this order. */
  | { readonly type: 'statistics'; readonly id: number; readonly file: number; readonly tensors: readonly number[] }
  /** Rows that have come into view: these tensors of a running `statistics`, or pairs of a running `compare`, go first; not answered. */
  | { readonly type: 'prefer'; readonly id: number; readonly wanted: readonly number[] }
  /** → one `tile`. The region is cut to the matrix; at most `rows` × `columns` cells come back. */
  | {
      readonly type: 'tile';
      readonly id: number;
      readonly file: number;
      readonly tensor: number;
      readonly region: MatrixRegion;
      readonly cells: { readonly rows: number; readonly columns: number };
    }
  /** → one `details`. */
  | { readonly type: 'details'; readonly id: number; readonly file: number; readonly tensor: number }
  /** → `pairs`, then a `comparison` for each of them, in this order unless others are preferred. */
  | { readonly type: 'compare'; readonly id: number; readonly left: number; readonly right: number }
  /** → one `maskTile`: where two tensors of one shape keep and lack weights. */
  | {
      readonly type: 'maskTile';
      readonly id: number;
      readonly left: TensorReference;
      readonly right: TensorReference;
      readonly region: MatrixRegion;
      readonly cells: { readonly rows: number; readonly columns: number };
    }
  /** → one `difference`: the next weight at or after `from` (row-major position) that only one side keeps. */
  | {
      readonly type: 'nextDifference';
      readonly id: number;
      readonly left: TensorReference;
      readonly right: TensorReference;
      readonly from: number;
    }
  /** Ends a request early; it still ends with `cancelled` (or with `done`, where it was just finished). */
  | { readonly type: 'cancel'; readonly id: number };

export interface TensorReference {
  readonly file: number;
  readonly tensor: number;
}

export type InspectorToHost =
  | {
      readonly type: 'opened';
      readonly id: number;
      /** `tensors` holds the first page only. */
      readonly summary: CheckpointSummary;
      readonly tensorCount: number;
      /** Another one where the content may be another. */
      readonly identity: string;
    }
  /** A further page, in order: `tensors[0]` has the index `first`. */
  | {
      readonly type: 'tensors';
      readonly id: number;
      readonly first: number;
      readonly tensors: readonly TensorInfo[];
    }
  | { readonly type: 'statistics'; readonly id: number; readonly tensor: number; readonly result: StatisticsResult }
  | { readonly type: 'tile'; readonly id: number; readonly tile: Tile }
  | { readonly type: 'details'; readonly id: number; readonly details: TensorDetails }
  | {
      readonly type: 'pairs';
      readonly id: number;
      readonly pairs: readonly TensorPair[];
      readonly unpaired: readonly UnpairedTensor[];
    }
  | { readonly type: 'comparison'; readonly id: number; readonly pair: number; readonly result: ComparisonResult }
  | { readonly type: 'maskTile'; readonly id: number; readonly tile: MaskTile }
  /** `position` (row-major) and its place in the matrix view; null: none follows. */
  | {
      readonly type: 'difference';
      readonly id: number;
      readonly found: { readonly position: number; readonly row: number; readonly column: number } | null;
    }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'cancelled'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  /** The file on disk is no longer the one that was opened: its numbers are of the past; open it again. Said once. */
  | { readonly type: 'changed'; readonly file: number; readonly reason: 'changed' | 'removed' }
  | { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string };

/** One tensor that cannot be read does not end a request. */
export type StatisticsResult =
  { readonly ok: true; readonly statistics: TensorStatistics } | { readonly ok: false; readonly error: string };

export type ComparisonResult =
  { readonly ok: true; readonly comparison: TensorComparison } | { readonly ok: false; readonly error: string };

/** Two tensors that stand for each other: the same name, or the same after wrappers' prefixes are taken off. */
export interface TensorPair {
  readonly name: string;
  /** Indices into the lists of their files. */
  readonly left: number;
  readonly right: number;
}

/** Row-major cells of equal size, but for the last row and column, which hold what is left. */
export interface Tile {
  readonly matrix: MatrixShape;
  /** As asked for, cut to the matrix. */
  readonly region: MatrixRegion;
  readonly rows: number;
  readonly columns: number;
  /** Weights that one cell spans in each direction; 1 × 1: `cells` are single weights. */
  readonly cellRows: number;
  readonly cellColumns: number;
  readonly cells:
    | { readonly kind: 'weights'; readonly values: Float32Array }
    | {
        readonly kind: 'summary';
        /** Largest finite |w|. */
        readonly maximum: Float32Array;
        /** Of the finite weights; NaN where there are none. */
        readonly mean: Float32Array;
        /** 0 to 1. */
        readonly zeroFraction: Float32Array;
      };
}

/** As Tile; how many weights of each cell both keep, only one keeps; the rest is 0 in both. */
export interface MaskTile {
  readonly matrix: MatrixShape;
  readonly region: MatrixRegion;
  readonly rows: number;
  readonly columns: number;
  readonly cellRows: number;
  readonly cellColumns: number;
  readonly both: Uint32Array;
  readonly onlyLeft: Uint32Array;
  readonly onlyRight: Uint32Array;
}

export interface TensorDetails {
  readonly matrix: MatrixShape;
  readonly statistics: TensorStatistics;
  /** Signed histogram over [minimum, maximum] in equal bins; zeros are counted apart, in the statistics. */
  readonly histogram: { readonly first: number; readonly width: number; readonly counts: readonly number[] } | null;
  /** L2 norm of each row of the matrix view (of each output channel), finite weights only; null for vectors, and for more than 2²⁰ rows. */
  readonly rowNorms: Float32Array | null;
  /** Of its weights, those that are 0, row by row; null as `rowNorms`. */
  readonly rowZeros: Uint32Array | null;
}
