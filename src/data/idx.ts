/** Reads idx files, the format MNIST comes in (http://yann.lecun.com/exdb/mnist), plain or gzipped. */
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { DataError } from './dataset';

export interface IdxFile {
  /** [count] of labels, [count, rows, columns] of images. */
  readonly shape: readonly number[];
  /** The values in row-major order; a view into what was read, not a copy. */
  readonly data: Uint8Array;
}

/** 1: labels; 3: images. */
export type IdxRank = 1 | 3;

/** Decoded bytes of one file at most. MNIST's largest has 47 MB. */
const largest = 2 ** 30;
/** Deflate cannot do better than this (zlib's "Maximally Compressed" note), so a larger claim is a lie. */
const largestRatio = 1032;
/** Enough of a gzip file to hold its own header and the first block's, and so the idx header. */
const gzipHead = 4096;
const typeNames: Readonly<Record<number, string>> = {
  0x09: 'signed bytes',
  0x0b: '16-bit integers',
  0x0c: '32-bit integers',
  0x0d: '32-bit floats',
  0x0e: '64-bit floats',
};
const contents: Readonly<Record<IdxRank, string>> = { 1: 'labels', 3: 'images' };

/**
 * Reads a file of unsigned bytes. Whether it is gzipped is told by its first bytes, not by its name.
 * @throws DataError where the file cannot be read or is not exactly what its header says
 */
export async function readIdx(file: string, rank: IdxRank): Promise<IdxFile> {
  const bytes = await readBounded(file);
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const shape = readHeader(file, zipped ? unzipHead(file, bytes) : bytes, rank);
  const offset = headerSize(rank);
  const size = offset + shape.reduce((product, n) => product * n, 1);
  if (size > largest) {
    throw new DataError(
      file,
      `its header announces ${shape.join('×')} values; files of up to ${largest} bytes can be used`,
    );
  }
  const decoded = zipped ? await unzip(file, bytes, size) : bytes;
  if (decoded.length < size) {
    throw new DataError(
      file,
      `is truncated: its header announces ${size} bytes (${shape.join('×')}), but it holds ${decoded.length}; fetch it again`,
    );
  }
  if (decoded.length > size) throw trailing(file, size);
  return { shape, data: decoded.subarray(offset) };
}

function headerSize(rank: IdxRank): number {
  return 4 + 4 * rank;
}

async function readBounded(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > largest) throw new DataError(file, `has ${size} bytes; files of up to ${largest} bytes can be used`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(file, `cannot be read (${(error as Error).message})`);
  }
}

function readHeader(file: string, bytes: Uint8Array, rank: IdxRank): number[] {
  const expected = `an idx file of ${contents[rank]}`;
  if (bytes.length < headerSize(rank)) {
    throw new DataError(file, `is truncated: ${bytes.length} bytes are too few for ${expected}; fetch it again`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const [type, found] = [(magic >>> 8) & 0xff, magic & 0xff];
  if (magic >>> 16 !== 0 || (type !== 0x08 && !(type in typeNames))) {
    const hex = magic.toString(16).padStart(8, '0');
    throw new DataError(file, `is not ${expected}: it starts with ${hex}, not 0000080${rank}`);
  }
  if (type !== 0x08) throw new DataError(file, `holds ${typeNames[type]!}; only unsigned bytes can be used`);
  if (found !== rank) {
    throw new DataError(
      file,
      `is not ${expected}: it has ${found} dimensions, not ${rank}; are images and labels swapped?`,
    );
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (shape.includes(0)) throw new DataError(file, `is empty: its header announces ${shape.join('×')} values`);
  return shape;
}

/** The first decoded bytes, to know from the idx header how many there are before room is made for them. */
function unzipHead(file: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes.subarray(0, gzipHead), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw corrupt(file, error);
  }
}

/** Decodes to one buffer of the announced size on zlib's own thread, and stops as soon as there is more. */
async function unzip(file: string, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  if (size > largestRatio * bytes.length) {
    throw new DataError(
      file,
      `its header announces ${size} bytes, more than ${bytes.length} gzipped bytes can hold; fetch it again`,
    );
  }
  try {
    // one byte more than announced, so that zlib need not make a second buffer to find the end
    return await promisify(gunzip)(bytes, { chunkSize: Math.max(size + 1, 64), maxOutputLength: size });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw trailing(file, size);
    throw corrupt(file, error);
  }
}

function trailing(file: string, size: number): DataError {
  return new DataError(file, `holds more than the ${size} bytes its header announces; fetch it again`);
}

function corrupt(file: string, error: unknown): DataError {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'Z_BUF_ERROR'
    ? new DataError(file, 'is truncated: the gzip stream ends too early; fetch it again')
    : new DataError(file, `is corrupt: gzip says "${message}"; fetch it again`);
}
