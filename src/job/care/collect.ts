/** What a store holds that nothing refers to: found, and removed. Only for the one who holds the lock of the store. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { DecodedCache } from '../../data/cache';
import { safeParse } from '../../shared/check';
import { isMissing, readBounded, StoreError } from '../files';
import { StoreLock } from '../lock';
import { keyPattern } from '../runRecord';
import type { RunStore } from '../store';
import { bytesIn } from './space';

export interface Leftover {
  /** In the store. */
  readonly path: string;
  readonly bytes: number;
  readonly why: string;
}

export interface Collection {
  readonly store: string;
  readonly removed: readonly Leftover[];
  /** Why no run was removed; absent where all that nothing refers to are. */
  readonly keptRuns?: string;
}

const mostReportBytes = 64 * 1024 * 1024;
/** Deleted results can be brought back, and damaged runs looked at, for so long. */
const keptDays = 7;
/**
 * Decoded data that no job has begun with for so long. Who needs it is not known: it is named by a hash of the data, which
 * may not be there; and it can be made again, as long as there is the data.
 */
const keptDecodedDays = 30;
const dayMilliseconds = 24 * 3600 * 1000;

const report = z.looseObject({ runs: z.array(z.looseObject({ key: z.string().regex(keyPattern) })) });

/** @param dryRun nothing is removed, it is only said what would be. @throws StoreError */
export async function collect(store: RunStore, dryRun: boolean): Promise<Collection> {
  const found: Leftover[] = [];
  let keptRuns: string | undefined;
  try {
    const used = await usedRuns(store);
    for (const key of await store.runKeys()) {
      if (used.has(key) || !(await StoreLock.clear(store.runDirectory(key)))) continue;
      found.push(await leftover(store, path.join('runs', key), 'no experiment of the store refers to it'));
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    keptRuns = error.message;
  }
  for (const [folder, why] of [
    ['damaged', 'it was set aside as damaged'],
    ['.trash', 'it was deleted'],
  ] as const) {
    for (const name of await namesIn(path.join(store.directory, folder))) {
      const { mtimeMs } = await stat(path.join(store.directory, folder, name));
      const days = (Date.now() - mtimeMs) / dayMilliseconds;
      if (days > keptDays) {
        found.push(await leftover(store, path.join(folder, name), `${why} ${Math.floor(days)} days ago`));
      }
    }
  }
  if (!dryRun) {
    for (const one of found) await rm(path.join(store.directory, one.path), { recursive: true, force: true });
  }
  const decoded = new DecodedCache(path.join(store.directory, 'cache'));
  for (const { name, bytes, used, isLeftOver } of await decoded.dropUnused(keptDecodedDays * dayMilliseconds, dryRun)) {
    const days = Math.floor((Date.now() - used) / dayMilliseconds);
    const why = isLeftOver ? 'it was never finished' : `decoded data that no job has used for ${days} days`;
    found.push({ path: path.join('cache', name), bytes, why });
  }
  return { store: store.directory, removed: found, ...(keptRuns !== undefined && { keptRuns }) };
}

/** Of all reports, with the runs that those need. @throws StoreError where a report cannot be read: nobody knows then */
async function usedRuns(store: RunStore): Promise<ReadonlySet<string>> {
  const waiting: string[] = [];
  for (const name of await namesIn(path.join(store.directory, 'experiments'))) {
    const file = store.reportPath(name);
    const runs = await runsOf(file);
    if (!runs) {
      throw new StoreError(file, `no run is removed, because nobody knows which are used: ${file} cannot be read`);
    }
    waiting.push(...runs);
  }
  const used = new Set<string>();
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (used.has(key)) continue;
    used.add(key);
    const run = await store.readStored(key);
    // whatever looks like a key in what it was made from
    for (const match of JSON.stringify(run?.record.inputs ?? {}).matchAll(/"(?:run|countsOf)":"([0-9a-f]{32})"/g)) {
      waiting.push(match[1]!);
    }
  }
  return used;
}

async function runsOf(file: string): Promise<string[] | null> {
  try {
    const { data } = safeParse(report, JSON.parse((await readBounded(file, mostReportBytes)).toString('utf8')));
    return data?.runs.map(({ key }) => key) ?? null;
  } catch {
    return null;
  }
}

async function leftover(store: RunStore, relative: string, why: string): Promise<Leftover> {
  return { path: relative, bytes: await bytesIn(path.join(store.directory, relative)), why };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.flatMap(entry => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
