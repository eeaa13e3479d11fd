/**
 * Decoded examples, kept between starts: one file for the inputs of a split, raw bytes and behind them a mark, their number
 * and their SHA-256. A file is written under a temporary name, flushed and renamed; what does not verify is as good as not
 * there. The folder can be deleted at any time.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

const mark = Buffer.from('WTDECOD1', 'latin1');
const digestBytes = 32;
const tailBytes = mark.length + 8 + digestBytes;
const suffix = '.decoded';
/** Nothing else in the folder is touched, wherever it may lead. */
const entryName = /^[0-9a-f]{32}\.decoded$/;
const temporaryName = /^[0-9a-f]{32}\.decoded\.\d+\.\d+\.tmp$/;
/** Of all files together, unless one alone is larger. */
const defaultLimit = 2 ** 35;
/** A temporary file that nobody has written to for so long (ms) is left over. */
const abandonedAfter = 3_600_000;
const pieceBytes = 2 ** 22;
let temporaries = 0;

/** Of the folder, by what is said to be in it. */
export interface CacheFile {
  readonly name: string;
  readonly bytes: number;
  /** Was read or written last, ms since 1970. */
  readonly used: number;
  /** Nobody goes on writing it. */
  readonly isLeftOver: boolean;
}

export class DecodedCache {
  /** @param limit bytes at most; what was used longest ago goes first */
  constructor(
    private readonly directory: string,
    private readonly limit = defaultLimit,
  ) {}

  /** @param key 32 hexadecimal digits. @returns the file that begins with `bytes` bytes under this key, checked; else null */
  async find(key: string, bytes: number): Promise<string | null> {
    const file = this.path(key);
    try {
      const handle = await open(file, 'r');
      try {
        if (!(await isWhole(handle, bytes))) return null;
      } finally {
        await handle.close();
      }
      await markUsed(file);
      return file;
    } catch {
      // not there, or not to be read: decoded anew
      return null;
    }
  }

  /**
   * @param fill hands over the bytes in order
   * @returns the file that begins with them
   * @throws whatever `fill` throws, or the file system
   */
  async write(key: string, fill: (append: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<string> {
    await mkdir(this.directory, { recursive: true });
    const file = this.path(key);
    const temporary = `${file}.${process.pid}.${++temporaries}.tmp`;
    try {
      const handle = await open(temporary, 'wx');
      try {
        const hash = createHash('sha256');
        let length = 0;
        await fill(async bytes => {
          hash.update(bytes);
          await writeAll(handle, bytes, length);
          length += bytes.length;
        });
        await writeAll(handle, tail(length, hash), length);
        await handle.sync();
        await this.makeRoom(length, path.basename(file));
      } finally {
        await handle.close();
      }
      await markUsed(temporary);
      await rename(temporary, file);
      return file;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Deletes what was not used for `milliseconds`, and what was left over.
   * @param dryRun only tells of it
   * @returns what went
   */
  async dropUnused(milliseconds: number, dryRun: boolean): Promise<readonly CacheFile[]> {
    const gone: CacheFile[] = [];
    for (const { name } of await this.files()) {
      // looked at again: somebody may have used it while others were deleted
      const file = await this.look(name);
      if (!file || (!file.isLeftOver && Date.now() - file.used <= milliseconds)) continue;
      if (dryRun || (await this.drop(file))) gone.push(file);
    }
    return gone;
  }

  private path(key: string): string {
    return path.join(this.directory, key + suffix);
  }

  /** Deletes what was used longest ago until `bytes` more fit, and what was left over. */
  private async makeRoom(bytes: number, own: string): Promise<void> {
    const files = (await this.files()).filter(({ name }) => name !== own);
    const leftOver = files.filter(({ isLeftOver }) => isLeftOver);
    const kept = files.filter(({ name }) => entryName.test(name)).sort((a, b) => a.used - b.used);
    let total = bytes + kept.reduce((sum, file) => sum + file.bytes, 0);
    const tooMany = kept.filter(file => {
      if (total <= this.limit) return false;
      total -= file.bytes;
      return true;
    });
    await Promise.all([...leftOver, ...tooMany].map(file => this.drop(file)));
  }

  /** In the order of their names; none where there is no folder. */
  private async files(): Promise<CacheFile[]> {
    const names = await readdir(this.directory).catch(() => []);
    return (await Promise.all(names.sort().map(name => this.look(name)))).filter(file => file !== null);
  }

  /** @returns null for what is not of the cache, or gone */
  private async look(name: string): Promise<CacheFile | null> {
    const isTemporary = temporaryName.test(name);
    if (!isTemporary && !entryName.test(name)) return null;
    const found = await lstat(path.join(this.directory, name)).catch(() => null);
    if (!found?.isFile()) return null;
    const isLeftOver = isTemporary && Date.now() - found.mtimeMs > abandonedAfter;
    return { name, bytes: found.size, used: Math.max(found.atimeMs, found.mtimeMs), isLeftOver };
  }

  /** @returns false where it stays: one that another process has open may refuse to go */
  private async drop({ name }: CacheFile): Promise<boolean> {
    return rm(path.join(this.directory, name), { force: true }).then(
      () => true,
      () => false,
    );
  }
}

/**
 * By the time of access: who has begun with a file knows it by the time when it was changed, which stays. That is of whole
 * seconds, which can be set again to the bit.
 */
async function markUsed(file: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(file);
    await utimes(file, new Date(), Math.floor(mtimeMs / 1000));
  } catch {
    // read-only: it may go before its time, and is made again
  }
}

function tail(length: number, hash: Hash): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([mark, size, hash.digest()]);
}

async function isWhole(handle: FileHandle, bytes: number): Promise<boolean> {
  if ((await handle.stat()).size !== bytes + tailBytes) return false;
  const hash = createHash('sha256');
  const piece = Buffer.alloc(Math.min(bytes, pieceBytes));
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, bytes - at), at);
    if (bytesRead === 0) return false;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  const found = Buffer.alloc(tailBytes);
  await handle.read(found, 0, tailBytes, bytes);
  return found.equals(tail(bytes, hash));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
