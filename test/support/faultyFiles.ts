/**
 * The file system, of which one write operation fails. Tests mock `node:fs/promises` with it. Operations are counted over
 * everything below one folder: opening for writing, writing, flushing a file or a folder, renaming, making folders.
 */
import type * as Files from 'node:fs/promises';
import { constants } from 'node:fs';

export type Fault = 'crash' | 'short write' | 'ENOSPC' | 'EIO' | 'EACCES';

interface Plan {
  /** Counted from 0. */
  readonly at: number;
  readonly fault: Fault;
}

export class FaultyFiles {
  /** What was done, in order. */
  operations: string[] = [];
  private plan: Plan | null = null;
  /** The process is gone: nothing reaches the disk any more. */
  private isGone = false;

  constructor(private readonly real: typeof Files) {}

  begin(plan: Plan | null): void {
    this.operations = [];
    this.plan = plan;
    this.isGone = false;
  }

  private async next(operation: string, shortened?: () => Promise<void>): Promise<void> {
    if (this.isGone) throw failure('EIO');
    const at = this.operations.push(operation) - 1;
    if (at !== this.plan?.at) return;
    const { fault } = this.plan;
    if (fault === 'crash' || fault === 'short write') {
      if (fault === 'short write') await shortened?.();
      this.isGone = true;
      throw failure('EIO');
    }
    throw failure(fault);
  }

  get module(): typeof Files {
    const { real } = this;
    return {
      ...real,
      open: async (file, flags, mode) => {
        const isWriting = typeof flags === 'string' && flags !== 'r';
        const isFolder = flags === constants.O_RDONLY;
        if (isWriting) await this.next('open');
        const handle = await real.open(file, flags, mode);
        if (!isWriting && !isFolder) return handle;
        const writeFile = handle.writeFile.bind(handle);
        handle.writeFile = async content => {
          const bytes = Buffer.from(content as Uint8Array);
          await this.next('write', () => writeFile(bytes.subarray(0, bytes.length / 2)));
          await writeFile(bytes);
        };
        // flushing itself has no effect that a test could see
        handle.sync = () => this.next(isFolder ? 'flush of a folder' : 'fsync');
        return handle;
      },
      rename: async (from, to) => {
        await this.next('rename');
        await real.rename(from, to);
      },
      mkdir: (async (directory: string, options: object) => {
        await this.next('mkdir');
        return real.mkdir(directory, options);
      }) as typeof Files.mkdir,
      rm: async (file, options) => {
        if (this.isGone) throw failure('EIO');
        await real.rm(file, options);
      },
      rmdir: async file => {
        if (this.isGone) throw failure('EIO');
        await real.rmdir(file);
      },
    };
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: a fault of the test`), { code });
}
