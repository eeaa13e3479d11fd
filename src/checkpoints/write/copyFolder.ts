/** New files that are there whole or not at all: made in a folder of their own beside their place, flushed, then moved. */
import { constants, rmSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, open, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../../shared/format';
import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { fileIdentity } from '../source';
import { refuseLinksOut } from './linksOut';
import { writeAll } from './zeroWriter';

const blockBytes = 4 * 2 ** 20;

export class CopyFolder {
  private readonly removeAtExit = (): void => {
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(
    /** Where the files will be. */
    private readonly target: string,
    private readonly folder: string,
  ) {
    // a process that ends early leaves nothing behind
    process.once('exit', this.removeAtExit);
  }

  /** @param target a folder that is there. @throws CheckpointError where nothing can be written in it */
  static async make(target: string): Promise<CopyFolder> {
    try {
      return new CopyFolder(target, await mkdtemp(path.join(target, '.winning-ticket-')));
    } catch (error) {
      throw writeError(error, target);
    }
  }

  pathOf(relative: string): string {
    return path.join(this.folder, relative);
  }

  /** @throws CheckpointError; the signal's reason */
  async copy(source: ByteSource, relative: string, signal: AbortSignal): Promise<void> {
    const file = this.pathOf(relative);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      if (await cloned(source, file)) return;
      await this.refuseWithoutSpace(source, relative);
      const handle = await open(file, 'wx');
      try {
        for (let at = 0; at < source.size; at += blockBytes) {
          const bytes = await source.read(at, Math.min(blockBytes, source.size - at), signal);
          await writeAll(handle, bytes, at);
        }
      } finally {
        await handle.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw writeError(error, path.join(this.target, relative));
    }
  }

  /** Opens copies for change, and flushes them behind. */
  async change(files: readonly string[], work: (handles: readonly FileHandle[]) => Promise<void>): Promise<void> {
    const handles: FileHandle[] = [];
    let at = '';
    try {
      for (const relative of files) {
        at = relative;
        handles.push(await open(this.pathOf(relative), 'r+'));
      }
      await work(handles);
      for (const handle of handles) await handle.sync();
    } catch (error) {
      throw writeError(error, path.join(this.target, at));
    } finally {
      for (const handle of handles) await handle.close();
    }
  }

  /**
   * Moves the files to their places, the last one last: who finds it finds the others.
   * @throws CheckpointError; nothing was moved where one of the places is found to lie elsewhere
   */
  async publish(files: readonly string[]): Promise<void> {
    await refuseLinksOut(this.target, files);
    for (const relative of files) {
      const file = path.join(this.target, relative);
      try {
        await mkdir(path.dirname(file), { recursive: true });
        // once more: others write in the folder too
        await refuseLinksOut(this.target, [relative]);
        await rename(this.pathOf(relative), file);
      } catch (error) {
        throw writeError(error, file);
      }
    }
    await flushFolder(this.target);
  }

  async remove(): Promise<void> {
    process.removeListener('exit', this.removeAtExit);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async refuseWithoutSpace(source: ByteSource, relative: string): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    if (source.size <= bavail * bsize) return;
    throw new CheckpointError(
      path.join(this.target, relative),
      `not enough space: the copy takes ${formatBytes(source.size)}, and ${formatBytes(bavail * bsize)} are free; free some or choose another disk`,
    );
  }
}

/** File systems that share blocks between files (APFS, Btrfs, XFS) copy in no time; false where they do not. */
async function cloned(source: ByteSource, file: string): Promise<boolean> {
  if (source.path === undefined) return false;
  try {
    await copyFile(source.path, file, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    const original = await stat(source.path);
    // the copy takes the rights of the original over, and that may be read-only
    await chmod(file, original.mode | 0o200);
    if (fileIdentity(source.path, original) === source.identity) return true;
  } catch {
    // not supported here: copied byte by byte
  }
  await rm(file, { force: true });
  return false;
}

async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows and some network file systems cannot; the files themselves are flushed
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space or choose another disk',
  EDQUOT: 'the quota is used up: free some space or choose another disk',
  EACCES: 'it cannot be written: permission denied',
  EPERM: 'it cannot be written: permission denied',
  EROFS: 'it cannot be written: the file system is read-only',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'a folder is in its place',
  ENAMETOOLONG: 'its name is too long',
  EFBIG: 'it is larger than this file system allows',
};

/** In words where it is trouble of the file system; else as it is. */
export function writeError(error: unknown, file: string): unknown {
  if (error instanceof CheckpointError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  return new CheckpointError(file, reasons[code] ?? `it cannot be written: ${error.message}`);
}
