/** Whether what is to be written fits: on the disk, with something left for others, and into the store's own limit. */
import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../../shared/format';
import { isMissing, StoreError } from '../files';

/** Stays free, for reports, logs and other programs. */
export const reserveBytes = 64 * 1024 * 1024;
/** Curve, evaluation, record and report of a run, all but the largest. */
const smallBytes = 2 * 1024 * 1024;
const gib = 1024 ** 3;

/** Of a file system, as statfs has it. */
export type ReadFileSystem = (directory: string) => Promise<{ blocks: number; bavail: number; bsize: number }>;

export interface SpaceOptions {
  /** Bytes that the store may take; left out, or 0: as many as there are. */
  readonly limitBytes?: number;
  readonly readFileSystem?: ReadFileSystem;
}

export class Space {
  private readonly limitBytes: number;
  private readonly readFileSystem: ReadFileSystem;

  constructor(
    private readonly directory: string,
    { limitBytes = 0, readFileSystem = statfs }: SpaceOptions = {},
  ) {
    this.limitBytes = limitBytes;
    this.readFileSystem = readFileSystem;
  }

  /** @throws StoreError where so many bytes more do not fit; nothing is written */
  async require(bytes: number): Promise<void> {
    const free = await this.free();
    if (free !== null && free < bytes + reserveBytes) {
      throw new StoreError(
        this.directory,
        `the disk is nearly full: the next run needs ${formatBytes(bytes)} and ${formatBytes(reserveBytes)} are to stay ` +
          `free, but ${this.directory} has ${formatBytes(free)}. Free some space and run again: finished runs are kept`,
      );
    }
    if (this.limitBytes === 0) return;
    const used = await bytesIn(this.directory);
    if (used + bytes <= this.limitBytes) return;
    throw new StoreError(
      this.directory,
      `the store is nearly full: ${this.directory} takes ${formatBytes(used)}, the next run needs ${formatBytes(bytes)}, and ` +
        `its limit is ${formatBytes(this.limitBytes)}. "winning-ticket store gc" removes what no experiment uses; ` +
        '--store-limit, or WINNING_TICKET_STORE_LIMIT_GIB, sets another limit',
    );
  }

  /** Bytes that a person without privileges may still write; null where the file system does not say. */
  async free(): Promise<number | null> {
    try {
      const { blocks, bavail, bsize } = await this.readFileSystem(this.directory);
      return blocks > 0 ? bavail * bsize : null;
    } catch {
      return null;
    }
  }
}

/** Most bytes that a run of the network leaves: weights twice, masks, and the rest. @param parameters values of the network */
export function bytesOfRun(parameters: number): number {
  return parameters * (2 * 4 + 1) + smallBytes;
}

/** @returns undefined where the variable names no limit. @throws StoreError where it is no number */
export function limitOf(environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment['WINNING_TICKET_STORE_LIMIT_GIB'];
  if (text === undefined || text.trim() === '') return undefined;
  const limit = Number(text);
  if (Number.isFinite(limit) && limit >= 0) return limit * gib;
  throw new StoreError('', `WINNING_TICKET_STORE_LIMIT_GIB is to be a number of GiB, 0 for none, not "${text}"`);
}

/** Of all files below a folder; what goes while it is looked at counts as nothing. */
export async function bytesIn(directory: string): Promise<number> {
  let total = 0;
  try {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      total += await stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return total;
}
