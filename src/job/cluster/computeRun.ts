/** One task of an array: computes one run into the store that it shares with others, under the lock of that run alone. */
import path from 'node:path';
import { DecodedCache } from '../../data/cache';
import type { Experiment } from '../../shared/experiment';
import type { RunNode, RunRecord } from '../../shared/run';
import type { Executor } from '../../training/trainer';
import type { RunListener } from '../attempt';
import { DamagedRunError } from '../care/damagedRun';
import { underRunLock } from '../care/runLock';
import { StoredRuns } from '../care/storedRuns';
import { executorSources, type ExecutorSource } from '../executors';
import { prepare, readExperiment, type Prepared } from '../prepare';
import { Runner } from '../runner';
import { Settlement } from '../settlement';
import { RunStore } from '../store';
import type { PreparedTransfer } from '../studies/transferSite';
import { ClusterError } from './clusterError';
import { ClusterFile } from './clusterFile';
import { updateClusterReport } from './clusterReport';
import { plannedRuns } from './plan';

export interface ComputeRunOptions {
  readonly experimentPath: string;
  readonly storeDirectory: string;
  /** Instead of the one that the experiment names. */
  readonly executor?: Experiment['executor'];
  readonly submission: string;
  readonly group: number;
  /** Of the group's array. */
  readonly task: number;
  /** Left out: all of this version. */
  readonly executors?: readonly ExecutorSource[];
  readonly tell: (message: string) => void;
  /** Saves how far the run is before it stops. */
  readonly signal: AbortSignal;
}

/** A node may be gone without a word. */
const checkpointSeconds = 10;

/** 'skipped': it needs a run that has failed. */
export type Computed = 'done' | 'failed' | 'there' | 'skipped';

/**
 * @throws ClusterError where this is no task of the submission at hand, or what the run needs is missing; ExperimentError,
 * DataError, StoreError; the signal's reason
 */
export async function computeRun(options: ComputeRunOptions): Promise<Computed> {
  const { experimentPath, storeDirectory, executor: named, signal, tell } = options;
  const parsed = await readExperiment(experimentPath);
  const wanted = await wantedRun(options, parsed.name);
  const store = await RunStore.open(storeDirectory);
  tell(`${wanted.name}, run ${wanted.key}`);
  const stored = new StoredRuns(store, new Map(), tell, signal);
  if (await stored.read(wanted.key)) return 'there';
  const prepared = await prepare(
    named ? { ...parsed, executor: named } : parsed,
    experimentPath,
    new DecodedCache(path.join(storeDirectory, 'cache')),
  );
  signal.throwIfAborted();
  const sources = options.executors ?? executorSources;
  const settlement = new Settlement({ prepared, experimentPath, storeDirectory, sources, tell });
  const succession = await settlement.settled();
  if (!succession) throw changed(prepared);
  const { found } = succession;
  if (!found.usable) {
    throw new ClusterError(`the executor ${found.name} cannot be used on this node: ${found.reason}`);
  }
  const nodes = await plannedRuns(prepared, succession, { readRun: key => stored.read(key) });
  const node = nodes.find(({ key }) => key === wanted.key);
  if (!node) throw changed(prepared);
  if (await needsFailedRun(node, stored)) return 'skipped';
  const report = (): Promise<void> => updateClusterReport({ prepared, succession, store, nodes, tell, signal });
  try {
    return await alone(node, store, options, async stop => {
      const site = node.study?.kind === 'transfer' && prepared.transfer ? prepared.transfer : prepared;
      const executor = await found.create(site.data);
      try {
        await report();
        return await runnerAt(executor, site, store).run(node, told(node, tell), stop);
      } finally {
        await executor.close();
      }
    });
  } catch (error) {
    // what it began from: computed anew by the last job
    if (error instanceof DamagedRunError) await stored.mend(error);
    throw error;
  } finally {
    if (!signal.aborted) await report();
  }
}

function runnerAt(executor: Executor, site: Prepared | PreparedTransfer, store: RunStore): Runner {
  const { network, outputLayer, data, initial } = site;
  const source = 'source' in site ? { source: site.source } : {};
  const debug = process.env['WINNING_TICKET_DEBUG'] === '1';
  return new Runner({
    store,
    network,
    outputLayer,
    data,
    initial,
    ...source,
    debug,
    executor,
    runs: 1,
    checkpointSeconds,
  });
}

/** What the log of a job gets to read: each evaluation, a line. */
function told({ inputs }: RunNode, tell: (message: string) => void): RunListener {
  return {
    onBegin: point => {
      if (point) tell(`goes on from step ${point.step}`);
    },
    onStep: () => undefined,
    onEvaluation: ({ step, testLoss }) => {
      tell(`step ${step} of ${inputs.steps.to}: test loss ${testLoss.toPrecision(4)}`);
    },
    onUnsaved: tell,
  };
}

/** @throws ClusterError, StoreError */
async function wantedRun(
  { storeDirectory, submission, group, task }: ComputeRunOptions,
  experiment: string,
): Promise<{ readonly key: string; readonly name: string }> {
  const file = new ClusterFile(storeDirectory, experiment);
  const record = await file.read();
  if (record?.submission !== submission) {
    throw new ClusterError(`this task is of a submission that is not that of ${file.path} any more: nothing to do`);
  }
  const run = record.groups[group]?.runs[task];
  if (!run) throw new ClusterError(`${file.path} has no task ${task} in group ${group}`);
  return run;
}

function changed({ experiment }: Prepared): ClusterError {
  return new ClusterError(
    `${experiment.name} has changed since it was submitted, or this node computes with other bits: submit it again`,
  );
}

/** @throws ClusterError where one that it needs is missing */
async function needsFailedRun(node: RunNode, stored: StoredRuns): Promise<boolean> {
  const needed = await Promise.all(node.needs.map(key => stored.read(key)));
  if (needed.some(record => record?.status === 'failed')) return true;
  const missing = node.needs.find((_, i) => !needed[i]);
  if (missing === undefined) return false;
  throw new ClusterError(`it needs run ${missing}, which is missing: the last job computes both`);
}

/** Nobody else computes the run meanwhile; whoever did before is waited for, and then there is nothing left to do. */
function alone(
  { key }: RunNode,
  store: RunStore,
  { signal, tell }: ComputeRunOptions,
  compute: (stop: AbortSignal) => Promise<RunRecord>,
): Promise<Computed> {
  const onWait = (): void => {
    tell('another process computes this run: waiting until it is done');
  };
  return underRunLock(store, key, { signal, onWait }, async stop => {
    if (await store.readRun(key)) return 'there';
    const { status, error } = await compute(stop);
    if (status === 'failed') tell(`failed: ${error ?? ''}`);
    return status;
  });
}
