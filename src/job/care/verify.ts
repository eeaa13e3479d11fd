/** Reads every run of a store to its end, and says what does not hold what was written. Nothing is changed. */
import path from 'node:path';
import { countEntries, StoreError } from '../files';
import type { RunStore } from '../store';

export interface Verification {
  readonly store: string;
  /** That are there and hold what was written. */
  readonly sound: number;
  /** Folders of runs without a record: cut off, or at work. */
  readonly unfinished: number;
  readonly damaged: readonly { readonly key: string; readonly problem: string }[];
  /** Folders of runs that were set aside before. */
  readonly setAside: number;
}

/** @param onRun before each. @throws StoreError; the signal's reason */
export async function verifyStore(
  store: RunStore,
  signal?: AbortSignal,
  onRun?: (done: number, total: number) => void,
): Promise<Verification> {
  const damaged: { key: string; problem: string }[] = [];
  let sound = 0;
  let unfinished = 0;
  const keys = await store.runKeys();
  for (const [place, key] of keys.entries()) {
    signal?.throwIfAborted();
    onRun?.(place, keys.length);
    try {
      if (await store.verifyRun(key)) sound++;
      else unfinished++;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      damaged.push({ key, problem: error.message });
    }
  }
  return {
    store: store.directory,
    sound,
    unfinished,
    damaged,
    setAside: await countEntries(path.join(store.directory, 'damaged')),
  };
}
