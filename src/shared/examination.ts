/** What the doctor found: printed by the command line, shown by the host. */
import type { Experiment } from './experiment';
import type { MemoryUse } from './report';

type ExecutorName = Exclude<Experiment['executor'], 'auto'>;

/** Of one network on one executor. */
export type Measurement =
  | {
      readonly measuredOn: string;
      /** Of dense training. */
      readonly stepsPerSecond: number;
      /** With as few weights as at the last of twelve levels; absent where the executor is there to be compared with only. */
      readonly sparseStepsPerSecond?: number;
      /** Planned for dense training. */
      readonly memory: MemoryUse;
    }
  | { readonly measuredOn: string; readonly reason: string };

export type ExaminedExecutor =
  | { readonly name: ExecutorName; readonly usable: false; readonly reason: string }
  | {
      readonly name: ExecutorName;
      readonly usable: true;
      readonly device: string;
      /** Raised whenever the same inputs give other bits. */
      readonly variant: string;
      readonly notes: readonly string[];
      /** Of the first measurement, a dense network. */
      readonly stepsPerSecond: number;
      readonly measurements: readonly Measurement[];
    };

/** What the doctor found of a store. */
export interface ExaminedStore {
  readonly directory: string;
  readonly exists: boolean;
  /** null where it cannot be told. */
  readonly version: number | null;
  /** Folders of runs, finished or not. */
  readonly runs: number;
  /** Folders of runs that were set aside. */
  readonly damaged: number;
  readonly bytes: number;
  /** null where the file system does not say. */
  readonly freeBytes: number | null;
  /** Who holds its lock. */
  readonly holder: {
    readonly pid: number;
    readonly host: string;
    readonly startedAt: string;
    readonly experiment?: string;
    readonly isAlive: boolean;
  } | null;
  /** In sentences: what keeps jobs from working there. */
  readonly problems: readonly string[];
}

export interface Examination {
  readonly node: string;
  readonly platform: string;
  /** What is there for a GPU, in sentences. */
  readonly findings: readonly string[];
  readonly executors: readonly ExaminedExecutor[];
  /** What "auto" would take for each network; none where nothing can be used. */
  readonly auto: readonly { readonly measuredOn: string; readonly executor: ExecutorName }[];
}
