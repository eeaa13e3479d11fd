/** Submits what is missing of an experiment to SLURM: an array of tasks for each depth of its graph, and a last job. */
import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { DecodedCache } from '../../data/cache';
import { buildReport } from '../../lottery/report';
import type { Experiment } from '../../shared/experiment';
import type { RunNode, RunRecord } from '../../shared/run';
import { isPlan } from '../../training/network';
import { executorSources } from '../executors';
import { runName } from '../failures';
import { StoreLock } from '../lock';
import { prepare, readExperiment, type Prepared } from '../prepare';
import { Settlement } from '../settlement';
import { RunStore } from '../store';
import type { Succession } from '../succession';
import { ClusterError } from './clusterError';
import { ClusterFile, mostTasks, type ClusterRecord } from './clusterFile';
import { missingByDepth, plannedRuns } from './plan';
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
  const store = await RunStore.open(storeDirectory);
  const lock = await StoreLock.acquire(store.directory, {
    signal,
    onWait: () => {
      tell(`another job works on the store ${store.directory}: waiting until it is done`);
    },
  });
  try {
    const file = new ClusterFile(store.directory, prepared.experiment.name);
    await refuseTwice(file);
    const succession = await settlement.settle(store, signal);
    const { found } = succession;
    if (!found.usable) throw new ClusterError(`the executor ${found.name} cannot be used any more: ${found.reason}`);
    const nodes = await plannedRuns(prepared, succession, store);
    const records = await readRecords(nodes, store);
    const layers = missingByDepth(nodes, records);
    const submission = new Submission(options, prepared, file, {
      version: 1,
      scheduler: 'slurm',
      submission: randomBytes(8).toString('hex'),
      submittedAt: new Date().toISOString(),
      executor: succession.current.name,
      groups: layers.flatMap((layer, depth) => groupsOf(layer, depth)),
      lastJob: null,
    });
    if (layers.length > 0 && !options.dryRun) await firstReport(prepared, succession, store, { nodes, records });
    const jobs = layers.length === 0 ? [] : options.dryRun ? submission.foresee() : await submission.submit(store);
    return {
      experiment: prepared.experiment.name,
      executor: succession.current.name,
      runs: new Set(nodes.map(({ key }) => key)).size,
      missing: layers.flat().length,
      file: jobs.length > 0 && !options.dryRun ? file.path : null,
      jobs,
    };
  } finally {
    await lock.release();
  }
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

async function readRecords(nodes: readonly RunNode[], store: RunStore): Promise<Map<string, RunRecord>> {
  const records = new Map<string, RunRecord>();
  for (const { key } of nodes) {
    const record = records.get(key) ?? (await store.readRun(key));
    if (record) records.set(key, record);
  }
  return records;
}

/** Where there is none: so that an experiment is seen before its last job writes one. */
async function firstReport(
  { experiment, data, dataDescription, modelDescription, transfer }: Prepared,
  { current, choice, executor }: Succession,
  store: RunStore,
  runs: { readonly nodes: readonly RunNode[]; readonly records: ReadonlyMap<string, RunRecord> },
): Promise<void> {
  const there = await access(store.reportPath(experiment.name)).then(
    () => true,
    () => false,
  );
  if (there) return;
  const settled = { ...experiment, executor };
  await store.writeExperiment(settled);
  await store.writeReport(
    buildReport({
      ...runs,
      experiment: settled,
      running: new Set(),
      status: 'running',
      ...(data.task === 'regression' && { task: data.task }),
      ...(data.labelNames && { labelNames: data.labelNames }),
      inputShape: data.inputShape,
      executor: current.name,
      device: '',
      executorChoice: choice,
      dataDescription,
      modelDescription,
      paths: new Map(),
      ...(transfer && { transferDescription: transfer.dataDescription }),
    }),
  );
}

function groupsOf(layer: readonly RunNode[], depth: number): ClusterRecord['groups'] {
  return Array.from({ length: Math.ceil(layer.length / mostTasks) }, (_, i) => ({
    depth,
    job: null,
    runs: layer.slice(i * mostTasks, (i + 1) * mostTasks).map(node => ({ key: node.key, name: runName(node) })),
  }));
}
