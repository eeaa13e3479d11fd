/**
 * `report.json` of an experiment on a cluster, from its submission until its last job writes it to the end: so that it is
 * seen, and how far it is.
 */
import * as z from 'zod';
import { buildReport } from '../../lottery/report';
import { safeParse } from '../../shared/check';
import type { RunNode, RunRecord } from '../../shared/run';
import { Afterwards } from '../afterwards';
import { isMissing, readBounded, writeWhole } from '../files';
import { seeLock } from '../lock';
import type { Prepared } from '../prepare';
import { reportParts } from '../reportParts';
import type { RunStore } from '../store';
import type { Succession } from '../succession';
import { readSound } from './plan';

const mostReportBytes = 256 * 1024 * 1024;
const reportSchema = z.looseObject({
  status: z.string(),
  runs: z.array(z.looseObject({ status: z.string() })),
});
type StoredReport = z.infer<typeof reportSchema>;

export interface ClusterReportParts {
  readonly prepared: Prepared;
  readonly succession: Succession;
  readonly store: RunStore;
  readonly nodes: readonly RunNode[];
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes how far the experiment is. Tasks do so side by side, without a lock: each looks once more after it has written,
 * and writes again where there is more, so that what the last one writes is no older than what it found.
 * @throws StoreError
 */
export async function writeClusterReport(parts: ClusterReportParts): Promise<void> {
  const { prepared, succession, store, nodes, tell, signal } = parts;
  const settled = { ...prepared.experiment, executor: succession.executor };
  const records = new Map<string, RunRecord>();
  for (let written: string | null = null; ;) {
    await readNew(nodes, records, store);
    const running = await atWork(nodes, records, store);
    const seen = [...records.keys(), '', ...running].join(' ');
    if (seen === written) return;
    const afterwards = new Afterwards({ store, prepared, experiment: settled, records, tell, signal });
    await afterwards.read(nodes);
    await store.writeReport(
      buildReport({
        ...reportParts(prepared, afterwards, nodes),
        nodes,
        records,
        running,
        experiment: settled,
        status: 'running',
        executor: succession.current.name,
        device: '',
        executorChoice: succession.choice,
      }),
    );
    written = seen;
  }
}

/** As a task does: not where somebody has cancelled the experiment, or finished it, meanwhile. @throws StoreError */
export async function updateClusterReport(parts: ClusterReportParts): Promise<void> {
  const { store, prepared } = parts;
  if ((await readReport(store, prepared.experiment.name))?.status === 'running') await writeClusterReport(parts);
}

/** What is on no cluster any more runs no longer. @throws StoreError */
export async function cancelClusterReport(store: RunStore, experiment: string): Promise<void> {
  const report = await readReport(store, experiment);
  if (report?.status !== 'running') return;
  const runs = report.runs.map(run => (unfinished.has(run.status) ? { ...run, status: 'cancelled' } : run));
  const text = JSON.stringify({ ...report, status: 'cancelled', runs }, null, 2);
  await writeWhole(store.reportPath(experiment), `${text}\n`);
}

const unfinished: ReadonlySet<string> = new Set(['waiting', 'running']);

/** @returns null where it is not there, or is none: anyone may have written it */
async function readReport(store: RunStore, experiment: string): Promise<StoredReport | null> {
  try {
    const text = (await readBounded(store.reportPath(experiment), mostReportBytes)).toString('utf8');
    return safeParse(reportSchema, JSON.parse(text)).data ?? null;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

async function readNew(nodes: readonly RunNode[], records: Map<string, RunRecord>, store: RunStore): Promise<void> {
  for (const { key } of nodes) {
    if (records.has(key)) continue;
    const record = await readSound(store, key);
    if (record) records.set(key, record);
  }
}

/** Runs that a task holds the lock of. */
async function atWork(
  nodes: readonly RunNode[],
  records: ReadonlyMap<string, RunRecord>,
  store: RunStore,
): Promise<Set<string>> {
  const running = new Set<string>();
  for (const { key } of nodes) {
    if (records.has(key) || running.has(key)) continue;
    const lock = await seeLock(store.runDirectory(key)).catch(() => null);
    if (lock?.isAlive) running.add(key);
  }
  return running;
}
