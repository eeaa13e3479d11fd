/** `runs/<key>/lock`: one process at a time works on a run, also where several share a store without its lock. */
import { rmdir } from 'node:fs/promises';
import { removeTemporaries, StoreError } from '../files';
import { StoreLock } from '../lock';
import type { RunStore } from '../store';

export interface RunLockOptions {
  readonly signal: AbortSignal;
  /** Called once where another process works on the run. */
  readonly onWait: () => void;
  /** Gets the release where the work fails: whoever is to hear of the failure need not wait for it. */
  readonly onRelease?: (released: Promise<void>) => void;
}

/**
 * Waits for as long as another process works on the run; whoever did may have finished it.
 * @param work is told to stop where the lock is lost
 * @throws StoreError; the signal's reason
 */
export async function underRunLock<T>(
  store: RunStore,
  key: string,
  { signal, onWait, onRelease }: RunLockOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const directory = store.runDirectory(key);
  const lost = new AbortController();
  const lock = await StoreLock.acquire(directory, {
    signal,
    onWait,
    onLost: () => {
      lost.abort(new StoreError(directory, `another process took over the run ${directory}: run again`));
    },
  });
  const release = async (): Promise<void> => {
    await lock.release();
    // where nothing has come of it
    await rmdir(directory).catch(() => undefined);
  };
  try {
    await removeTemporaries(directory);
    const done = await work(AbortSignal.any([signal, lost.signal]));
    await release();
    return done;
  } catch (error) {
    const released = release().catch(() => undefined);
    if (onRelease) onRelease(released);
    else await released;
    throw error;
  }
}
