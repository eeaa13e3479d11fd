/**
 * Messages between the extension host and the inspector's page, for one file or for two compared. The host passes on
 * what the inspector's process says and keeps nothing: a page that is shown again asks for everything again. Both sides
 * check what they get.
 *
 * The page numbers what it asks for: `request` is a positive integer that it uses once. It is answered once, with a
 * message of that `request`, unless the page forgets it first.
 */
import type { UnpairedTensor } from './comparison';
import type { TensorInfo } from './inspection';
import type {
  ComparisonResult,
  MaskTile,
  MatrixRegion,
  StatisticsResult,
  TensorDetails,
  Tile,
} from './inspectorMessages';

/** What a person can do with the file that the page shows; the host says which of them make sense. */
export const inspectorActions = ['compare', 'prune', 'find', 'reopen', 'reopenWith', 'showLog'] as const;
export type InspectorAction = (typeof inspectorActions)[number];

export const copyFormats = ['markdown', 'csv'] as const;
export type CopyFormat = (typeof copyFormats)[number];

/** Indices that `visible` names at most: more rows no screen has. */
export const mostVisible = 512;
/** Results in one message at most, so that the page stays smooth while they come. */
export const mostResults = 500;

interface Cells {
  readonly rows: number;
  readonly columns: number;
}

export type InspectorViewToHost =
  | { readonly type: 'ready' }
  /** Tensors, or pairs, that have come into view: they go first. */
  | { readonly type: 'visible'; readonly tensors: readonly number[] }
  | {
      readonly type: 'tile';
      readonly request: number;
      readonly tensor: number;
      readonly region: MatrixRegion;
      readonly cells: Cells;
    }
  | { readonly type: 'details'; readonly request: number; readonly tensor: number }
  | {
      readonly type: 'maskTile';
      readonly request: number;
      readonly pair: number;
      readonly region: MatrixRegion;
      readonly cells: Cells;
    }
  | { readonly type: 'nextDifference'; readonly request: number; readonly pair: number; readonly from: number }
  /** The answer is not needed any more. */
  | { readonly type: 'forget'; readonly request: number }
  /** All statistics are there: what the explorer may show beside the file. */
  | { readonly type: 'counted'; readonly prunable: number; readonly zeros: number }
  | { readonly type: 'copy'; readonly format: CopyFormat; readonly text: string; readonly rows: number }
  | { readonly type: 'perform'; readonly action: InspectorAction };

/** A file that is open. */
export interface OpenedFile {
  /** Its name without folders. */
  readonly name: string;
  /** Where it lies, for a title: relative to the folder of the window where it is in one. */
  readonly place: string;
  readonly format: string;
  readonly bytes: number;
  readonly tensorCount: number;
  readonly metadata: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
}

/** Two tensors that stand for each other. */
export interface ComparedTensors {
  readonly name: string;
  readonly left: TensorInfo;
  readonly right: TensorInfo;
}

export type HostToInspectorView =
  /** First answer to `ready`; whatever the page showed before is void. `state` is kept by the page, to come back after a reload. */
  | {
      readonly type: 'opening';
      readonly mode: 'inspect' | 'compare';
      readonly name: string;
      readonly state: Readonly<Record<string, string>>;
    }
  | { readonly type: 'opened'; readonly file: OpenedFile; readonly actions: readonly InspectorAction[] }
  /** A page of the list, in order, the first one right after `opened`. */
  | { readonly type: 'tensors'; readonly first: number; readonly tensors: readonly TensorInfo[] }
  | {
      readonly type: 'statistics';
      readonly results: readonly { readonly tensor: number; readonly result: StatisticsResult }[];
    }
  | { readonly type: 'comparing'; readonly left: OpenedFile; readonly right: OpenedFile }
  | {
      readonly type: 'pairs';
      readonly first: number;
      readonly total: number;
      readonly pairs: readonly ComparedTensors[];
    }
  | { readonly type: 'unpaired'; readonly unpaired: readonly UnpairedTensor[] }
  | {
      readonly type: 'comparisons';
      readonly results: readonly { readonly pair: number; readonly result: ComparisonResult }[];
    }
  /** Every result is there. */
  | { readonly type: 'complete' }
  | { readonly type: 'tile'; readonly request: number; readonly tile: Tile }
  | { readonly type: 'details'; readonly request: number; readonly details: TensorDetails }
  | { readonly type: 'maskTile'; readonly request: number; readonly tile: MaskTile }
  | {
      readonly type: 'difference';
      readonly request: number;
      readonly found: { readonly position: number; readonly row: number; readonly column: number } | null;
    }
  | { readonly type: 'requestFailed'; readonly request: number; readonly message: string }
  /** Nothing of the file can be shown, or its numbers stopped coming: what happened, to which file, what to do. */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly actions: readonly InspectorAction[];
    }
  /** Above what is shown, which stays. */
  | { readonly type: 'notice'; readonly message: string; readonly actions: readonly InspectorAction[] }
  /** The palette's "Copy as …": the page answers with `copy`. */
  | { readonly type: 'copy'; readonly format: CopyFormat };
