/**
 * Reads a file whole, with a bound. A folder may come from anywhere, so that a name in it may lead to a pipe, on which opening
 * waits, or to a device, which never ends: only files are read, and no more of them than their size was.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

// not on Windows, where nothing waits at opening
const withoutWaiting = (constants.O_NONBLOCK as number | undefined) ?? 0;

/** @throws an error of the file system, or RangeError where it is no file, or has more than `mostBytes` */
export async function readFileBounded(file: string, mostBytes: number): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | withoutWaiting);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new RangeError(`${file} is a folder, device, pipe or socket, not a file`);
    if (stats.size > mostBytes) throw new RangeError(`${file} is larger than ${mostBytes} bytes`);
    const bytes = Buffer.alloc(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}
