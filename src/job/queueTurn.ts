/**
 * Whose turn it is in the queue of a store. The entry stays in `queue.json` with the mark of its taker, who holds
 * `queue/lock`: where the taker is killed, the lock tells, and the entry waits again. Between the moment it is taken and
 * the one at which its job has the lock of the store, the queue alone knows that it is at work.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { seeLock, staleMilliseconds, StoreLock, type LockHolder } from './lock';
import { changeQueue, readQueue, type QueueEntry, type Waiting } from './queueFile';
import type { StopKind } from './stop';
import type { Wish } from './wish';

/** For a holder elsewhere that seems to be dead: it is watched for as long as a lock is before it is taken over. */
const patienceMilliseconds = staleMilliseconds + 5000;

const lockOf = (store: string): string => path.join(store, 'queue');

export interface SeenQueue {
  /** The one whose turn it is, and who took it; null where nobody works through the queue. */
  readonly turn: { readonly entry: QueueEntry; readonly holder: LockHolder | null } | null;
  /** The next one first. */
  readonly waiting: Waiting;
  readonly paused: Waiting;
}

/** Never throws: what cannot be read counts as empty. */
export async function seeQueue(store: string): Promise<SeenQueue> {
  const entries = await readQueue(store);
  const taken = entries.find(entry => entry.taken !== undefined);
  const lock = taken && (await seeLock(lockOf(store)).catch(() => null));
  const turn = taken && lock?.isAlive ? { entry: taken, holder: lock.holder } : null;
  const others = entries.filter(entry => entry !== turn?.entry && !entry.cancelled);
  return { turn, waiting: others.filter(({ paused }) => !paused), paused: others.filter(({ paused }) => paused) };
}

/** Whether anybody works through the queue at this moment. Never throws. */
export async function isTurnTaken(store: string): Promise<boolean> {
  return (await seeLock(lockOf(store)).catch(() => null))?.isAlive ?? false;
}

/** What becomes of an entry that a person wants stopped, whether it waits or is at work. */
export function stopped(waiting: Waiting, name: string, wish: Wish): Waiting {
  return waiting.flatMap(entry => {
    if (entry.name !== name) return [entry];
    if (wish === 'pause') return [{ ...entry, paused: true }];
    return entry.taken === undefined ? [] : [{ ...entry, cancelled: true }];
  });
}

export class Turn {
  private constructor(
    private readonly store: string,
    readonly entry: QueueEntry,
    private readonly mark: string,
    private readonly lock: StoreLock,
  ) {}

  /** @returns null where nothing waits, or it is somebody's turn. @throws StoreError */
  static async take(store: string): Promise<Turn | null> {
    if (await isTurnTaken(store)) return null;
    const lock = await acquire(store);
    if (!lock) return null;
    const mark = randomUUID();
    try {
      let next: QueueEntry | undefined;
      await changeQueue(store, waiting => {
        // whoever took one before is gone, and their marks mean nothing
        const standing = waiting.flatMap(entry => (entry.cancelled ? [] : [unmarked(entry, entry.paused ?? false)]));
        next = standing.find(({ paused }) => !paused);
        return next ? standing.map(entry => (entry === next ? { ...entry, taken: mark } : entry)) : waiting;
      });
      if (next) return new Turn(store, next, mark, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
    await lock.release();
    return null;
  }

  /** What somebody wants of the one at work; null: nothing. Also where the queue was damaged or emptied meanwhile. */
  async wished(): Promise<Wish | null> {
    const entry = (await readQueue(this.store)).find(({ taken }) => taken === this.mark);
    if (entry?.cancelled) return 'cancel';
    return entry?.paused ? 'pause' : null;
  }

  /**
   * One that was left goes on when the queue does, one that was paused when a person says so, both in their place. One
   * that came to an end, or was cancelled, is out.
   * @throws StoreError
   */
  async end(how: 'over' | Exclude<StopKind, 'cancelled'>): Promise<void> {
    try {
      await changeQueue(this.store, waiting => {
        if (!waiting.some(({ taken }) => taken === this.mark)) return waiting;
        return waiting.flatMap(entry => {
          if (entry.taken !== this.mark) return [entry];
          return how === 'over' || entry.cancelled ? [] : [unmarked(entry, how === 'paused' || entry.paused === true)];
        });
      });
    } finally {
      await this.lock.release();
    }
  }
}

/** @returns null where another taker was faster. @throws StoreError */
async function acquire(store: string): Promise<StoreLock | null> {
  const faster = new AbortController();
  const signal = AbortSignal.any([faster.signal, AbortSignal.timeout(patienceMilliseconds)]);
  const onWait = async (): Promise<void> => {
    if (await isTurnTaken(store)) faster.abort();
  };
  try {
    return await StoreLock.acquire(lockOf(store), { signal, onWait: () => void onWait() });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function unmarked({ name, file }: QueueEntry, paused: boolean): QueueEntry {
  return { name, file, ...(paused && { paused }) };
}
