/**
 * One job at a time on a run store. `lock` holds who works there; its modification time is the heartbeat. The holder
 * beats through the open file, so that a holder who lost the lock while it slept beats on a file without a name and
 * cannot take the lock back by accident.
 */
import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { errorCode, isMissing, isProcess, makeDirectory, readBounded, storeError, StoreError } from './files';

export const lockName = 'lock';

const holderSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  startedAt: z.string(),
  token: z.string(),
  /** That it works on; those who look at the store need not compare times of two clocks then. */
  experiment: z.string().optional(),
});
export type LockHolder = z.infer<typeof holderSchema>;

export interface LockOptions {
  /** Name of the experiment that the holder works on. */
  readonly experiment?: string;
  readonly signal?: AbortSignal;
  /** Called once where another live job holds the lock. May throw, so as not to wait. */
  readonly onWait?: (holder: LockHolder | null) => void;
  /** Called where the lock is found to be lost. */
  readonly onLost?: () => void;
  readonly heartbeatMilliseconds?: number;
  /** A holder whose heartbeat stands still for as long as this is gone. */
  readonly staleMilliseconds?: number;
}

const pollMilliseconds = 200;
export const staleMilliseconds = 15_000;
/** A holder takes less than a tenth of it. */
const mostBytes = 4096;

/** What a watcher saw of a lock file: it is the same holder at the same beat as long as this is equal. */
interface Sighting {
  readonly holder: LockHolder | null;
  readonly inode: bigint;
  readonly beat: bigint;
}

export class StoreLock {
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
    options: LockOptions,
  ) {
    this.timer = setInterval(() => {
      void this.beat(options.onLost);
    }, options.heartbeatMilliseconds ?? 3000);
    this.timer.unref();
  }

  /**
   * Waits for as long as another live job holds the lock.
   * @throws StoreError where the folder cannot be written, the signal's reason where it is aborted
   */
  static async acquire(directory: string, options: LockOptions = {}): Promise<StoreLock> {
    const file = path.join(directory, lockName);
    const stale = options.staleMilliseconds ?? staleMilliseconds;
    let seen: Sighting | null = null;
    let since = 0;
    const takeover = new Takeover(file, stale);
    let waited = false;
    for (;;) {
      options.signal?.throwIfAborted();
      const handle = await create(file, options.experiment);
      if (handle) return new StoreLock(file, handle, options);
      const now = await look(file);
      if (now === null) continue;
      if (seen?.inode !== now.inode || seen.beat !== now.beat) {
        seen = now;
        since = performance.now();
      }
      // the watcher's own clock: clocks of two machines need not agree, and a suspended machine is not a dead one
      if (isDead(now.holder) || performance.now() - since >= stale) {
        await takeover.remove(now);
        continue;
      }
      if (!waited) options.onWait?.(now.holder);
      waited = true;
      await sleep(pollMilliseconds, undefined, { ...(options.signal && { signal: options.signal }) });
    }
  }

  /**
   * Removes the lock of a process of this machine that is dead.
   * @returns false where somebody holds it, or may hold it
   */
  static async clear(directory: string): Promise<boolean> {
    const file = path.join(directory, lockName);
    const seen = await look(file);
    if (!seen) return true;
    if (!isDead(seen.holder)) return false;
    await new Takeover(file, staleMilliseconds).remove(seen);
    return (await look(file)) === null;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    try {
      if (await this.isMine()) await rm(this.file, { force: true });
    } finally {
      await this.handle.close();
    }
  }

  private async isMine(): Promise<boolean> {
    const [named, held] = await Promise.all([
      stat(this.file, { bigint: true }).catch(() => null),
      this.handle.stat({ bigint: true }),
    ]);
    return named?.ino === held.ino;
  }

  private async beat(onLost: (() => void) | undefined): Promise<void> {
    try {
      const now = new Date();
      await this.handle.utimes(now, now);
      if (await this.isMine()) return;
    } catch {
      // closed meanwhile, or a network file system that is away for a moment: the next beat tells
      return;
    }
    clearInterval(this.timer);
    onLost?.();
  }
}

/**
 * Numbers of processes mean something within one machine and, on Linux, within one container only.
 */
function thisHost(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** @returns null where the file is there already, or its folder was not */
async function create(file: string, experiment: string | undefined): Promise<FileHandle | null> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'wx+');
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return null;
    if (errorCode(error) !== 'ENOENT') throw storeError(error, file);
    // whoever held it before may have removed an empty folder
    await makeDirectory(path.dirname(file));
    return null;
  }
  const holder: LockHolder = {
    pid: process.pid,
    host: thisHost(),
    startedAt: new Date().toISOString(),
    token: randomUUID(),
    ...(experiment !== undefined && { experiment }),
  };
  try {
    await handle.writeFile(JSON.stringify(holder));
    return handle;
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    throw storeError(error, file);
  }
}

async function look(file: string): Promise<Sighting | null> {
  try {
    const { ino, mtimeNs } = await stat(file, { bigint: true });
    return { holder: parseHolder(await readText(file)), inode: ino, beat: mtimeNs };
  } catch (error) {
    if (isMissing(error)) return null;
    throw new StoreError(file, `${file} cannot be read (${errorCode(error) ?? String(error)}): remove it by hand`);
  }
}

/** What somebody sees of a lock who does not want it. */
export interface SeenLock {
  readonly text: string;
  /** null where the text is no lock: it is just being written, or damaged. */
  readonly holder: LockHolder | null;
  /** It has beaten lately, by this machine's clock, and its process is not known to be dead. */
  readonly isAlive: boolean;
}

/** @returns null where there is none. @throws an error of the file system */
export async function seeLock(directory: string): Promise<SeenLock | null> {
  const file = path.join(directory, lockName);
  try {
    const { mtimeMs } = await stat(file);
    const text = await readText(file);
    const holder = parseHolder(text);
    // a beat of the future is none: a clock that was set back must not make a holder immortal
    const isAlive = !isDead(holder) && Math.abs(Date.now() - mtimeMs) < staleMilliseconds;
    return { text, holder, isAlive };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Empty where it is too long for a lock, or no file at all: the heartbeat tells. */
async function readText(file: string): Promise<string> {
  try {
    return (await readBounded(file, mostBytes)).toString('utf8');
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

/** @returns null where it is no lock; anyone may have written it */
export function parseHolder(text: string): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    // being written at this moment, or damaged: whoever it is, the heartbeat tells
    return null;
  }
}

/** A process of this machine that is no more. */
function isDead(holder: LockHolder | null): boolean {
  return holder?.host === thisHost() && !isProcess(holder.pid);
}

/**
 * Removes the lock that was seen, and no other: two watchers may come to the same conclusion, and the slower one must not
 * remove the lock that the faster one has just made. So only one at a time removes anything, and looks again before.
 */
class Takeover {
  private readonly guard: string;
  private other: { readonly inode: bigint; readonly since: number } | null = null;

  constructor(
    private readonly file: string,
    private readonly staleMilliseconds: number,
  ) {
    this.guard = `${file}.takeover`;
  }

  async remove(seen: Sighting): Promise<void> {
    const { file, guard } = this;
    let handle: FileHandle;
    try {
      handle = await open(guard, 'wx');
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw storeError(error, guard);
      await this.wait();
      return;
    }
    try {
      const now = await look(file);
      if (now?.inode === seen.inode && now.beat === seen.beat) await rm(file, { force: true });
    } finally {
      await handle.close();
      await rm(guard, { force: true });
    }
  }

  /** A taker needs milliseconds; one that was killed in between must not block the store for ever. */
  private async wait(): Promise<void> {
    const { other, guard } = this;
    const inode = await stat(guard, { bigint: true }).then(
      ({ ino }) => ino,
      () => null,
    );
    if (inode === null) return;
    // by the watcher's own clock: that of the machine may be set meanwhile
    if (other?.inode !== inode) this.other = { inode, since: performance.now() };
    else if (performance.now() - other.since >= this.staleMilliseconds) await rm(guard, { force: true });
    await sleep(pollMilliseconds);
  }
}
