/** Reads data files whole, plain or gzipped, and never more than they announce. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { DataError } from './dataset';

/** Bytes of one file at most, decoded or not. MNIST's largest has 47 MB, CIFAR-10's 31 MB. */
export const largestFile = 2 ** 30;
/** Deflate cannot do better than this (zlib's "Maximally Compressed" note), so a larger claim is a lie. */
const largestRatio = 1032;
/** Enough of a gzip file to hold its own header and the first block's, and so the header of what it holds. */
const gzipHead = 4096;

/** @throws DataError where there is no such folder; @param purpose what `data.directory` names */
export async function listFolder(directory: string, purpose: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(directory));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'there is no such folder' : code === 'ENOTDIR' ? 'is a file, not a folder' : message;
    throw new DataError(directory, `${reason}; "data.directory" names the folder with ${purpose}`);
  }
}

/** @throws DataError where the file cannot be read or is too large */
export async function readBounded(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > largestFile) {
      throw new DataError(file, `has ${size} bytes; files of up to ${largestFile} bytes can be used`);
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(file, `cannot be read (${(error as Error).message})`);
  }
}

/** The first bytes of a file, at most `bytes`, and how many it has. @throws DataError where it cannot be read */
export async function readHead(
  file: string,
  bytes: number,
): Promise<{ readonly head: Uint8Array; readonly size: number }> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(new Uint8Array(bytes), 0, bytes, 0);
      return { head: buffer.subarray(0, bytesRead), size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new DataError(file, `cannot be read (${(error as Error).message})`);
  }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The first decoded bytes, to know from the header in them how many there are before room is made for them. */
export function unzipHead(file: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes.subarray(0, gzipHead), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw corrupt(file, error);
  }
}

/** How many bytes a gzip file says that it holds: its last four (RFC 1952). */
export function announcedByGzip(bytes: Uint8Array): number {
  return bytes.length < 18 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
}

/**
 * Decodes to one buffer of the announced size on zlib's own thread, and stops as soon as there is more.
 * @returns the announced bytes, or fewer where there are fewer
 */
export async function unzip(file: string, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  if (size > largestRatio * bytes.length) {
    throw new DataError(
      file,
      `its header announces ${size} bytes, more than ${bytes.length} gzipped bytes can hold; fetch it again`,
    );
  }
  try {
    // one byte more than announced, so that zlib need not make a second buffer to find the end
    return await promisify(gunzip)(bytes, { chunkSize: Math.max(size + 1, 64), maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw trailing(file, size);
    throw corrupt(file, error);
  }
}

export function trailing(file: string, size: number): DataError {
  return new DataError(file, `holds more than the ${size} bytes its header announces; fetch it again`);
}

function corrupt(file: string, error: unknown): DataError {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'Z_BUF_ERROR'
    ? new DataError(file, 'is truncated: the gzip stream ends too early; fetch it again')
    : new DataError(file, `is corrupt: gzip says "${message}"; fetch it again`);
}
