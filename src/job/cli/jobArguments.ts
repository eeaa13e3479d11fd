/** Options of the commands that work on experiments themselves: `run` and `queue run`. */
import { executors, type Experiment, type ParsedExperiment } from '../../shared/experiment';
import type { RunExperimentOptions } from '../experiment';
import { UsageError } from './usageError';

export interface JobChoices {
  /** Instead of the one that the experiment names. */
  readonly executor?: Experiment['executor'];
  /** Most runs side by side. */
  readonly parallel?: number;
  /** How often runs save how far they are; 0: only when they are told to stop. */
  readonly checkpointSeconds?: number;
  /** GiB; 0: none. */
  readonly storeLimit?: number;
}

export const jobFlags = {
  executor: { type: 'string' },
  parallel: { type: 'string' },
  'checkpoint-seconds': { type: 'string' },
  'store-limit': { type: 'string' },
} as const;

export const jobFlagNames = ['executor', 'parallel', 'checkpoint-seconds', 'store-limit'] as const;

export type JobValues = { readonly [name in (typeof jobFlagNames)[number]]?: string };

/** @throws UsageError */
export function readJobChoices(values: JobValues): JobChoices {
  const { executor: named, parallel, 'checkpoint-seconds': checkpoint, 'store-limit': limit } = values;
  const executor = executors.find(one => one === named);
  if (named !== undefined && !executor) {
    throw new UsageError(`--executor is one of ${executors.join(', ')}, not "${named}"`);
  }
  return {
    ...(executor && { executor }),
    ...(parallel !== undefined && { parallel: runsSideBySide(parallel) }),
    ...(checkpoint !== undefined && { checkpointSeconds: secondsOf(checkpoint) }),
    ...(limit !== undefined && { storeLimit: gibOf(limit) }),
  };
}

/** As `runExperiment` takes them. */
export function jobOptions(
  { executor, parallel, checkpointSeconds, storeLimit }: JobChoices,
  parsed: ParsedExperiment,
): Pick<RunExperimentOptions, 'parsed' | 'parallel' | 'checkpointSeconds' | 'storeLimit'> {
  return {
    parsed: executor ? { ...parsed, executor } : parsed,
    ...(parallel !== undefined && { parallel }),
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    ...(storeLimit !== undefined && { storeLimit: storeLimit * 1024 ** 3 }),
  };
}

function runsSideBySide(text: string): number {
  const runs = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (runs === 0) throw new UsageError(`--parallel is a number of runs from 1 on, not "${text}"`);
  return runs;
}

function secondsOf(text: string): number {
  const seconds = text.trim() === '' ? NaN : Number(text);
  if (!(seconds >= 0 && seconds <= 86_400)) {
    throw new UsageError(`--checkpoint-seconds is a number of seconds from 0 to 86,400, not "${text}"`);
  }
  return seconds;
}

function gibOf(text: string): number {
  const gib = Number(text);
  if (text.trim() === '' || !Number.isFinite(gib) || gib < 0) {
    throw new UsageError(`--store-limit is a number of GiB, 0 for none, not "${text}"`);
  }
  return gib;
}
