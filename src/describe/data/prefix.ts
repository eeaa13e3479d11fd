/** The beginning of a file, decoded where it is gzipped: never more than was asked for. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../data/dataset';
import { isGzip } from '../../data/files';

export interface Prefix {
  /** Decoded; as many as there are, up to `most`. */
  readonly bytes: Uint8Array;
  /** Of all, decoded: as the file says; modulo 2³² where it is gzipped. */
  readonly size: number;
}

/** @throws DataError where the file cannot be read, or not be decoded */
export async function readPrefix(file: string, most: number): Promise<Prefix> {
  try {
    const zipped = await readRange(file, 0, 2);
    const { size } = await stat(file);
    if (!isGzip(zipped)) return { bytes: await readRange(file, 0, Math.min(most, size)), size };
    const tail = await readRange(file, Math.max(0, size - 4), 4);
    const announced = tail.length < 4 ? 0 : new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true);
    return { bytes: await firstBytes(createReadStream(file), most), size: announced };
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(file, `cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Bytes [offset, offset + length) of a file, fewer where it ends before. */
export async function readRange(file: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await handle.close();
  }
}

async function firstBytes(stream: Readable, most: number): Promise<Uint8Array> {
  const decoded = stream.pipe(createGunzip());
  stream.on('error', error => decoded.destroy(error));
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of decoded as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= most) break;
  }
  stream.destroy();
  return Buffer.concat(parts).subarray(0, most);
}
