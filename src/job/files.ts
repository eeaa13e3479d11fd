/** Files of the run store: written whole or not at all, read with bounds. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { readFileBounded } from '../checkpoints/boundedFile';

/** The run store cannot be read or written: names the path and says what to do. The store itself stays valid. */
export class StoreError extends Error {
  constructor(
    readonly file: string,
    message: string,
  ) {
    super(message);
    this.name = 'StoreError';
  }
}

let temporaryCount = 0;

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing is there under this name. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Says in words why a path could not be written; what is no trouble of the file system is passed on as it is. */
export function storeError(error: unknown, file: string): unknown {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError(
      file,
      `the disk is full: ${file} could not be written. Free some space and run again: finished runs are kept`,
    );
  }
  if (code === undefined || error instanceof StoreError) return error;
  const why =
    {
      EACCES: 'permission denied',
      EPERM: 'permission denied',
      EROFS: 'the file system is read-only',
      ENOTDIR: 'a part of its path is a file, not a folder',
      EEXIST: 'a file is in its place',
    }[code] ?? code;
  return new StoreError(file, `the store ${file} cannot be written (${why}). Make it writable or choose another store`);
}

/** @throws StoreError */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw storeError(error, directory);
  }
}

/**
 * Writes under a temporary name in the same folder, flushes and renames, so that the file is there whole or not at all,
 * whatever happens.
 * @throws StoreError
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  temporaryCount++;
  const temporary = `${file}.${process.pid}.${temporaryCount}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storeError(error, file);
  }
}

/** Flushes the names in a folder, so that renames survive a power cut. Windows cannot, and does not need to. */
export async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(directory, constants.O_RDONLY);
    await handle.sync();
  } catch (error) {
    // some network file systems refuse to flush a folder; the files themselves are flushed
    if (errorCode(error) !== 'EINVAL' && errorCode(error) !== 'ENOTSUP') throw storeError(error, directory);
  } finally {
    await handle?.close();
  }
}

/** @throws an error of the file system, or RangeError where it is no file, or larger than `maximumBytes` */
export const readBounded = readFileBounded;

const temporaryName = /\.(\d+)\.\d+\.tmp$/;

/** Whether it is the name of a temporary file whose process is dead. */
export function isLeftover(name: string): boolean {
  const writer = Number(temporaryName.exec(name)?.[1]);
  return writer > 0 && !isProcess(writer);
}

/** Removes what killed processes left half-written in a folder; what one that lives is writing stays. */
export async function removeTemporaries(directory: string): Promise<void> {
  const left = (await readdir(directory)).filter(isLeftover);
  await Promise.all(left.map(name => rm(path.join(directory, name), { force: true })));
}

/** Files and folders in a folder; none where it is not there. @throws an error of the file system */
export async function countEntries(directory: string): Promise<number> {
  try {
    return (await readdir(directory)).length;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Whether a process of this machine, and container, has the number. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
