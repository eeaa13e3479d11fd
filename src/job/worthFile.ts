/** `runs/<key>/worth.json`: what one level is worth, measured once. Anyone may have written it. */
import * as z from 'zod';
import { safeParse } from '../shared/check';
import type { RunNode, RunRecord } from '../shared/run';
import type { LevelWorth, Worth } from '../shared/worth';
import { worthStatement } from '../sparsity/worth';
import { keyPattern } from './runRecord';
import type { RunStore } from './store';

export interface RunWorth extends Pick<LevelWorth, 'bytes' | 'multiplyAdds' | 'layers' | 'seconds'> {
  readonly key: string;
  readonly executor: string;
  readonly device: string;
  readonly batchSize: number;
}

const count = z.int().min(0);
const seconds = z.number().min(0);
const bytes = z.strictObject({ dense: count, gzip: count, coo: count, csr: count, bitmask: count });
const multiplyAdds = z.strictObject({ dense: count, effective: count }).nullable();

const file = z.strictObject({
  key: z.string().regex(keyPattern),
  executor: z.string().max(100),
  device: z.string().max(1000),
  batchSize: count,
  bytes,
  multiplyAdds,
  layers: z.array(z.strictObject({ name: z.string().max(4096), bytes, multiplyAdds })).max(100_000),
  seconds: z.strictObject({ step: seconds, inference: seconds }).nullable(),
});

/** @returns null where the run has none, or one that is damaged: it is measured then. @throws an error of the file system */
export async function readWorth(store: RunStore, key: string): Promise<RunWorth | null> {
  const text = await store.readMeasurement(key, 'worth.json');
  if (text === null) return null;
  try {
    const { data } = safeParse(file, JSON.parse(text));
    return data?.key === key ? data : null;
  } catch {
    return null;
  }
}

/** @throws StoreError */
export async function writeWorth(store: RunStore, worth: RunWorth): Promise<void> {
  await store.writeMeasurement(worth.key, 'worth.json', worth);
}

/** The runs of which it is told what they are worth: finished levels of the first replicate, rising. */
export function worthRuns(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): RunNode[] {
  return nodes
    .filter(({ method, replicate, study }) => method === 'iterative' && replicate === 0 && !study)
    .filter(({ key }) => records.get(key)?.status === 'done')
    .sort((a, b) => a.level - b.level);
}

/** Of levels that one device was measured at: those of another stand for nothing beside them. */
export function worthOf(nodes: readonly RunNode[], files: ReadonlyMap<string, RunWorth>): Worth | undefined {
  const found = nodes.flatMap(({ key, level }) => {
    const worth = files.get(key);
    return worth ? [{ level, worth }] : [];
  });
  const first = found[0]?.worth;
  if (!first) return undefined;
  const { executor, device, batchSize } = first;
  return {
    levels: found
      .filter(({ worth }) => worth.executor === executor && worth.device === device)
      .map(({ level, worth: { key, bytes, multiplyAdds, layers, seconds } }) => ({
        level,
        run: key,
        bytes,
        multiplyAdds,
        layers,
        seconds,
      })),
    executor,
    device,
    batchSize,
    statement: worthStatement(executor),
  };
}
