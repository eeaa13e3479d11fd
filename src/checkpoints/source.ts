/** Checkpoints on the local file system: positioned reads, nothing held, no way out of the folder. */
import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ByteSource } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { pathBeside } from './sourcePath';

/** What begins a Git LFS pointer: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const lfsVersion = 'version https://git-lfs.github.com/spec/';
/** Pointers are under 1,024 bytes by the same specification. */
const lfsPointerBytes = 1024;

/**
 * @param file absolute, or relative to the working directory
 * @throws CheckpointError where it is no readable file with bytes in it, or a Git LFS pointer; the message says what to do
 */
export async function openFile(file: string): Promise<ByteSource> {
  const absolute = path.resolve(file);
  let handle: FileHandle;
  try {
    // a named pipe or a device would block at opening: only files are opened
    const kind = await stat(absolute);
    if (kind.isDirectory()) throw new CheckpointError(file, 'a folder, not a file: name a checkpoint in it');
    if (!kind.isFile()) throw new CheckpointError(file, 'a device, pipe or socket, not a file');
    handle = await open(absolute, 'r');
  } catch (error) {
    throw asCheckpointError(error, file);
  }
  try {
    const stats = await handle.stat();
    const { size } = stats;
    if (size === 0) throw new CheckpointError(file, 'empty: the file has 0 bytes, so it was never fully written');
    const source = new FileSource(file, absolute, size, fileIdentity(absolute, stats), handle);
    if (size < lfsPointerBytes) await refusePointer(source);
    return source;
  } catch (error) {
    await handle.close();
    throw asCheckpointError(error, file);
  }
}

/** The identity of a file's source; who opens the path again compares. @param file its absolute path */
export function fileIdentity(file: string, { size, mtimeMs, dev, ino }: Stats): string {
  return `${file}:${size}:${mtimeMs}:${dev}:${ino}`;
}

class FileSource implements ByteSource {
  constructor(
    readonly name: string,
    readonly path: string,
    readonly size: number,
    readonly identity: string,
    private readonly handle: FileHandle,
  ) {}

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    checkRange(this, offset, length);
    const bytes = new Uint8Array(length);
    let done = 0;
    try {
      while (done < length) {
        const { bytesRead } = await this.handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) {
          throw new CheckpointError(
            this.name,
            `ends at byte ${offset + done}, though it had ${this.size} when it was opened: it was changed meanwhile, open it again`,
          );
        }
        done += bytesRead;
        signal?.throwIfAborted();
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      throw asCheckpointError(error, this.name);
    }
    return bytes;
  }

  async beside(relative: string): Promise<ByteSource> {
    const folder = path.dirname(this.path);
    // what is checked is what is opened: on POSIX a backslash in the name as it stands would be another file
    const held = pathBeside(this.name, relative);
    const target = path.join(folder, held);
    const shown = path.join(path.dirname(this.name), held);
    try {
      // a symbolic link may point anywhere; the file itself may be one too (caches link to their blobs), so that both
      // the folder it was named in and the folder it lies in count as its own
      const homes = [await realpath(folder), path.dirname(await realpath(this.path))];
      const real = await realpath(target);
      if (!homes.some(home => isInside(real, home))) {
        throw new CheckpointError(this.name, `${JSON.stringify(relative)} is a link that leads out of its folder`);
      }
    } catch (error) {
      throw asCheckpointError(error, shown);
    }
    return openFile(shown);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** @throws CheckpointError unless [offset, offset + length) lies in the source */
export function checkRange(
  source: { readonly name: string; readonly size: number },
  offset: number,
  length: number,
): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!whole || offset + length > source.size) {
    throw new CheckpointError(
      source.name,
      `bytes ${offset} to ${offset + length} are wanted, but it has ${source.size}: it is cut short or damaged`,
    );
  }
}

/** The first 4,096 bytes, or all there are: what readers recognise a format by. */
export async function readHead(source: ByteSource): Promise<Uint8Array> {
  return source.read(0, Math.min(source.size, 4096));
}

async function refusePointer(source: ByteSource): Promise<void> {
  const text = new TextDecoder().decode(await source.read(0, source.size));
  if (!text.startsWith(lfsVersion)) return;
  const size = /^size (\d+)$/m.exec(text)?.[1];
  throw new CheckpointError(
    source.name,
    `a Git LFS pointer, not the file itself${size ? ` (of ${size} bytes)` : ''}: run \`git lfs pull\``,
  );
}

/** Both without links. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'not readable: permission denied',
  EPERM: 'not readable: permission denied',
  EISDIR: 'a folder, not a file',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
};

function asCheckpointError(error: unknown, file: string): CheckpointError {
  if (error instanceof CheckpointError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = reasons[code] ?? `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  return new CheckpointError(file, reason);
}
