/** What of an experiment is missing, and in which order a cluster can compute it. */
import type { RunNode, RunRecord } from '../../shared/run';
import { DamagedRunError } from '../care/damagedRun';
import type { Prepared } from '../prepare';
import type { RunStore } from '../store';
import type { Succession } from '../succession';

/** As the experiment's own job plans them: runs of executors that were lost since stay. */
export async function plannedRuns(
  prepared: Prepared,
  { current, earlier }: Pick<Succession, 'current' | 'earlier'>,
  store: Pick<RunStore, 'readRun'>,
): Promise<RunNode[]> {
  const kept = new Set<string>();
  for (const key of earlier.kept) if (await store.readRun(key)) kept.add(key);
  return prepared.planFor({ executor: current, earlier: { ...earlier, kept } });
}

/**
 * The runs to do, each once, by how deep they stand among those that are missing: what one needs stands before it.
 * Not those that need a run that has failed.
 * @param records of finished runs
 */
export function missingByDepth(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): RunNode[][] {
  const depths = new Map<string, number>();
  const failed = new Set<string>();
  const layers: RunNode[][] = [];
  // a run never stands before one it needs
  for (const node of nodes) {
    const record = records.get(node.key);
    if (record?.status === 'failed' || node.needs.some(key => failed.has(key))) failed.add(node.key);
    if (record || failed.has(node.key) || depths.has(node.key)) continue;
    const depth = Math.max(0, ...node.needs.map(key => (depths.get(key) ?? -1) + 1));
    depths.set(node.key, depth);
    (layers[depth] ??= []).push(node);
  }
  return layers;
}

/** For who only looks: a damaged run counts as missing; who computes the experiment sets it aside. @throws StoreError */
export async function readSound(store: Pick<RunStore, 'readRun'>, key: string): Promise<RunRecord | null> {
  try {
    return await store.readRun(key);
  } catch (error) {
    if (error instanceof DamagedRunError) return null;
    throw error;
  }
}
