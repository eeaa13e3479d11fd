/** What a worker thread of the inspector is asked and answers. */
import type { PartialStatistics } from '../sparsity/partial';
import type { StructurePlan } from '../sparsity/structurePlan';

/** Formats that the kernels read as they lie in the file. */
export type RawFormat = 'F32' | 'F16' | 'BF16';

export const rawBytes = { F32: 4, F16: 2, BF16: 2 } as const satisfies Record<RawFormat, number>;

export function isRawFormat(dtype: string): dtype is RawFormat {
  return Object.hasOwn(rawBytes, dtype);
}

/** Positions [begin, begin + count) of a tensor; they cut no group and no block of the plan. */
export interface StatisticsTask {
  readonly begin: number;
  readonly count: number;
  readonly format: RawFormat;
  readonly plan: StructurePlan;
  /** Where the values of the task lie: from a byte of a file on, or here. */
  readonly values: FileRange | Uint8Array;
}

export interface FileRange {
  readonly path: string;
  /** As `fileIdentity` gives it: a file that was exchanged meanwhile is not read. */
  readonly identity: string;
  readonly offset: number;
}

export interface ToStatisticsWorker {
  readonly id: number;
  readonly task: StatisticsTask;
}

export type FromStatisticsWorker =
  | { readonly id: number; readonly ok: true; readonly partial: PartialStatistics }
  | { readonly id: number; readonly ok: false; readonly error: string };
