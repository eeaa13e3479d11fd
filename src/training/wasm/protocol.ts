/** Messages between the executor and its worker threads. Thread 0 leads; the others follow its commands in the shared memory. */
import type { MessagePort } from 'node:worker_threads';
import type { DataSet } from '../../data/dataset';
import type { MemoryPlan, SessionState, SplitName, TrainingSetup } from '../trainer';
import type { DataLayout } from './memory';
import type { Program, Sharing } from './program';
import type { WasmMemory, WasmModule } from './webassembly';

export interface WorkerStart {
  readonly module: WasmModule;
  /** 0 leads; −1 reads batches ahead. */
  readonly thread: number;
  readonly sharing: Sharing;
  /** Shared memory with the data set in place; null: this thread makes its own and places the data itself. */
  readonly shared: { readonly memory: WasmMemory; readonly layout: DataLayout } | null;
  readonly data: DataSet | null;
  /** The leader looks here between chunks of steps for a word to stop. */
  readonly stop: MessagePort | null;
}

export type ToWorker =
  | { readonly type: 'open'; readonly setup: TrainingSetup }
  /** Followers, and whoever reads ahead: obey the program until the leader closes it. */
  | { readonly type: 'follow'; readonly program: Program }
  | {
      readonly type: 'train';
      readonly step: number;
      /** Of the losses before. */
      readonly sum: number;
      /** null: to the end, however long it takes. */
      readonly seconds: number | null;
    }
  | { readonly type: 'evaluate'; readonly split: SplitName }
  /** As many examples as fit and take little time, from `first` on. */
  | { readonly type: 'predict'; readonly split: SplitName; readonly first: number }
  | { readonly type: 'weights' }
  | { readonly type: 'state' }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'opened'; readonly program: Program }
  /** It does not fit into memory; nothing was allocated. */
  | { readonly type: 'refused'; readonly plan: MemoryPlan; readonly limit: number }
  | { readonly type: 'following' }
  | { readonly type: 'progress'; readonly step: number }
  | {
      readonly type: 'trained';
      readonly step: number;
      /** Steps of this call. */
      readonly steps: number;
      readonly sum: number;
      readonly seconds: number;
    }
  | { readonly type: 'diverged'; readonly step: number }
  | { readonly type: 'stopped' }
  /** Inputs that lie in a file cannot be read, and why. */
  | { readonly type: 'unreadable'; readonly file: string; readonly reason: string }
  | {
      readonly type: 'evaluated';
      readonly loss: number;
      readonly hits: number;
      readonly count: number;
      readonly seconds: number;
    }
  /** Row-major [examples × outputs]. */
  | { readonly type: 'predicted'; readonly outputs: Float32Array }
  | { readonly type: 'weights'; readonly weights: readonly Float32Array[] }
  | { readonly type: 'state'; readonly state: SessionState }
  | { readonly type: 'closed' };

/** Commands in the shared memory, leader to followers. */
export const commands = { train: 1, evaluate: 2, close: 3, predict: 4 } as const;

export const splitNumbers: readonly SplitName[] = ['training', 'validation', 'test'];
