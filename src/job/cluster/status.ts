/** How far an experiment on a cluster is: what SLURM says of its jobs, and what the store holds. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { RunStatus } from '../../shared/report';
import type { RunStore } from '../store';
import { ClusterError } from './clusterError';
import { cancelClusterReport } from './clusterReport';
import { ClusterFile, logName, type ClusterRecord } from './clusterFile';
import { cancelJobs, queuedTasks, type QueuedTask } from './slurm';

/** 'lost': its task is over without it; the last job computes it. */
export type ClusterRunState = Extract<RunStatus, 'waiting' | 'running' | 'done' | 'failed'> | 'lost';

export interface ClusterRun {
  readonly key: string;
  readonly name: string;
  readonly state: ClusterRunState;
  /** E.g. 17_3: as squeue has it. */
  readonly job: string;
  /** Why it waits, in SLURM's words. */
  readonly reason?: string;
  /** Path; left out where nothing was written yet. */
  readonly log?: string;
}

export interface ClusterStatus {
  readonly experiment: string;
  readonly scheduler: 'slurm';
  readonly submittedAt: string;
  readonly executor: string;
  readonly runs: readonly ClusterRun[];
  /** That writes the report, and computes what is missing by then. */
  readonly last: { readonly job: string | null; readonly state: 'waiting' | 'running' | 'over'; readonly log?: string };
  /** Nothing of it is on the cluster any more. */
  readonly over: boolean;
}

/** @throws ClusterError where it was not submitted, or squeue does not answer; StoreError */
export async function clusterStatus(store: RunStore, experiment: string): Promise<ClusterStatus> {
  const { file, record } = await submissionOf(store, experiment);
  const tasks = await queuedTasks(record);
  const queue = new Map(tasks.map(one => [labelOf(one.job, one.task), one]));
  const runs: ClusterRun[] = [];
  for (const { job, runs: own } of record.groups) {
    for (const [task, { key, name }] of own.entries()) {
      const label = labelOf(job ?? '?', task);
      const queued = queue.get(label);
      const state = (await store.readRun(key))?.status ?? stateOf(queued) ?? 'lost';
      const waits = state === 'waiting' && queued ? { reason: queued.reason } : {};
      const log = job === null ? {} : await logOf(file, logName(job, task));
      runs.push({ key, name, state, job: label, ...waits, ...log });
    }
  }
  const { lastJob, submittedAt, executor, scheduler } = record;
  const state = stateOf(lastJob === null ? undefined : queue.get(lastJob)) ?? 'over';
  const log = lastJob === null ? {} : await logOf(file, logName(lastJob));
  const last: ClusterStatus['last'] = { job: lastJob, state, ...log };
  return { experiment, scheduler, submittedAt, executor, runs, last, over: tasks.length === 0 };
}

/** Ends all jobs of an experiment; what they have saved stays. @throws ClusterError, StoreError */
export async function cancelOnCluster(store: RunStore, experiment: string): Promise<number> {
  const { record } = await submissionOf(store, experiment);
  const { length } = await queuedTasks(record);
  if (length > 0) await cancelJobs(record);
  await cancelClusterReport(store, experiment);
  return length;
}

async function submissionOf(
  { directory }: RunStore,
  experiment: string,
): Promise<{ readonly file: ClusterFile; readonly record: ClusterRecord }> {
  const file = new ClusterFile(directory, experiment);
  const record = await file.read();
  if (record) return { file, record };
  throw new ClusterError(
    `${experiment} was not submitted to a cluster from the store ${directory}: "winning-ticket submit" does that`,
  );
}

const labelOf = (job: string, task?: number): string => (task === undefined ? job : `${job}_${task}`);

/** Of all that SLURM says, what matters: does it hold processors or not. @returns undefined where it is over */
function stateOf(queued: QueuedTask | undefined): 'waiting' | 'running' | undefined {
  if (!queued) return undefined;
  return /^(RUNNING|COMPLETING|SUSPENDED|STOPPED|SIGNALING|STAGE_OUT)$/.test(queued.state) ? 'running' : 'waiting';
}

async function logOf(file: ClusterFile, name: string): Promise<{ readonly log?: string }> {
  const log = path.join(file.logs, name);
  return access(log).then(
    () => ({ log }),
    () => ({}),
  );
}
