/** Submits what is missing of an experiment to SLURM: an array of tasks for each depth of its graph, and a last job. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { DecodedCache } from '../../data/cache';
import type { Experiment } from '../../shared/experiment';
import type { RunNode, RunRecord } from '../../shared/run';
import { isPlan } from '../../training/network';
import { StoredRuns } from '../care/storedRuns';
import { executorSources } from '../executors';
import { runName } from '../failures';
import { StoreLock } from '../lock';
import { prepare, readExperiment, type Prepared } from '../prepare';
import { Settlement } from '../settlement';
import { RunStore } from '../store';
import type { Succession } from '../succession';
import { ClusterError } from './clusterError';
import { ClusterFile, mostTasks, type ClusterRecord } from './clusterFile';
import { writeClusterReport } from './clusterReport';
import { missingByDepth, plannedRuns, readSound } from './plan';
import { mustBeThere } from './program';
import { queuedTasks } from './slurm';
import { Submission, type SubmittedJob } from './submission';

export interface SubmitOptions {
  readonly experimentPath: string;
  /** The store itself, on a file system that all nodes see under the same path. */
  readonly storeDirectory: string;
  /** Instead of the one that the experiment names. */
  readonly executor?: Experiment['executor'];
  /** For `sbatch`, as they are. */
  readonly options: readonly string[];
  /** Of the tasks of an array at most at a time. */
  readonly tasksAtOnce?: number;
  /** Only tells what would be submitted. */
  readonly dryRun: boolean;
  /** How this command line is started, as it is on every node. */
  readonly program: readonly string[];
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

export interface Submitted {
  readonly experiment: string;
  readonly executor: string;
  /** Runs of the experiment, and those of them that are missing. */
  readonly runs: number;
  readonly missing: number;
  /** null where nothing is missing. */
  readonly file: string | null;
  /** In the order of their dependencies, the last one last. */
  readonly jobs: readonly SubmittedJob[];
}

/**
 * @throws ExperimentError, DataError before anything was written; StoreError; ClusterError: nothing of the experiment is on
 * the cluster then; the signal's reason
 */
export async function submitExperiment(options: SubmitOptions): Promise<Submitted> {
  const { experimentPath, storeDirectory, executor, signal, tell } = options;
  if (!options.dryRun) await mustBeThere('sbatch');
  const parsed = await readExperiment(experimentPath);
  const prepared = await prepare(
    executor ? { ...parsed, executor } : parsed,
    experimentPath,
    new DecodedCache(path.join(storeDirectory, 'cache')),
  );
  signal.throwIfAborted();
  const settlement = new Settlement({
    prepared,
    experimentPath,
    storeDirectory,
    sources: executorSources,
    // a trial on this machine says nothing about the nodes: those that are there, with the same bits, on every machine
    preferred: isPlan(prepared.network) ? 'wasm' : 'cpu',
    preferredBecause: 'it gives the same bits on every node of a cluster',
    tell,
  });
  await settlement.check();
  const file = new ClusterFile(storeDirectory, prepared.experiment.name);
  await refuseTwice(file);
  if (options.dryRun) {
    const store = await RunStore.look(storeDirectory);
    const succession = await settlement.foresee(store, signal);
    const read = (key: string): Promise<RunRecord | null> => readSound(store, key);
    const { nodes, layers } = await missingRuns(prepared, succession, read);
    const submission = new Submission(options, prepared, file, newRecord(succession, layers));
    return told(prepared, succession, { nodes, layers, jobs: layers.length === 0 ? [] : submission.foresee() });
  }
  const store = await RunStore.open(storeDirectory);
  const lock = await StoreLock.acquire(store.directory, {
    signal,
    onWait: () => {
      tell(`another job works on the store ${store.directory}: waiting until it is done`);
    },
  });
  try {
    await store.migrate(tell);
    await refuseTwice(file);
    const succession = await settlement.settle(store, signal);
    const stored = new StoredRuns(store, new Map(), tell, signal);
    const { nodes, layers } = await missingRuns(prepared, succession, key => stored.read(key));
    if (layers.length === 0) return told(prepared, succession, { nodes, layers, jobs: [] });
    const submission = new Submission(options, prepared, file, newRecord(succession, layers));
    const jobs = await submission.submit(store);
    await writeClusterReport({ prepared, succession, store, nodes, tell, signal });
    return { ...told(prepared, succession, { nodes, layers, jobs }), file: file.path };
  } finally {
    await lock.release();
  }
}

interface Missing {
  readonly nodes: readonly RunNode[];
  readonly layers: readonly (readonly RunNode[])[];
}

/** @throws ClusterError where the executor cannot be used any more; what `read` throws */
async function missingRuns(
  prepared: Prepared,
  succession: Succession,
  read: (key: string) => Promise<RunRecord | null>,
): Promise<Missing> {
  const { found } = succession;
  if (!found.usable) throw new ClusterError(`the executor ${found.name} cannot be used any more: ${found.reason}`);
  const nodes = await plannedRuns(prepared, succession, { readRun: read });
  const records = new Map<string, RunRecord>();
  for (const { key } of nodes) {
    const record = records.get(key) ?? (await read(key));
    if (record) records.set(key, record);
  }
  return { nodes, layers: missingByDepth(nodes, records) };
}

function newRecord({ current }: Succession, layers: Missing['layers']): ClusterRecord {
  return {
    version: 1,
    scheduler: 'slurm',
    submission: randomBytes(8).toString('hex'),
    submittedAt: new Date().toISOString(),
    executor: current.name,
    groups: layers.flatMap((layer, depth) => groupsOf(layer, depth)),
    lastJob: null,
  };
}

function told(
  { experiment }: Prepared,
  { current }: Succession,
  { nodes, layers, jobs }: Missing & { readonly jobs: readonly SubmittedJob[] },
): Submitted {
  return {
    experiment: experiment.name,
    executor: current.name,
    runs: new Set(nodes.map(({ key }) => key)).size,
    missing: layers.flat().length,
    file: null,
    jobs,
  };
}

/** @throws ClusterError where jobs of an earlier submission are still there */
async function refuseTwice(file: ClusterFile): Promise<void> {
  const earlier = await file.read();
  if (!earlier || (await queuedTasks(earlier)).length === 0) return;
  const name = path.basename(path.dirname(file.path));
  throw new ClusterError(
    `${name} is on the cluster already, since ${earlier.submittedAt}: wait for it ("winning-ticket cluster status ${name}") or cancel it first ("winning-ticket cluster cancel ${name}")`,
  );
}

function groupsOf(layer: readonly RunNode[], depth: number): ClusterRecord['groups'] {
  return Array.from({ length: Math.ceil(layer.length / mostTasks) }, (_, i) => ({
    depth,
    job: null,
    runs: layer.slice(i * mostTasks, (i + 1) * mostTasks).map(node => ({ key: node.key, name: runName(node) })),
  }));
}
