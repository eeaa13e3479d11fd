/** Reads idx files, the format MNIST comes in (http://yann.lecun.com/exdb/mnist), plain or gzipped. */
import { DataError } from './dataset';
import { isGzip, largestFile, readBounded, readHead, trailing, unzip, unzipHead } from './files';

export interface IdxFile {
  /** [count] of labels, [count, rows, columns] of images. */
  readonly shape: readonly number[];
  /** The values in row-major order; a view into what was read, not a copy. */
  readonly data: Uint8Array;
}

/** 1: labels; 3: images. */
export type IdxRank = 1 | 3;

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
  const zipped = isGzip(bytes);
  const shape = readHeader(file, zipped ? unzipHead(file, bytes) : bytes, rank);
  const offset = headerSize(rank);
  const size = offset + shape.reduce((product, n) => product * n, 1);
  if (size > largestFile) throw tooLarge(file, shape);
  const decoded = zipped ? await unzip(file, bytes, size) : bytes;
  if (decoded.length < size) throw truncated(file, size, shape, decoded.length);
  if (decoded.length > size) throw trailing(file, size);
  return { shape, data: decoded.subarray(offset) };
}

/**
 * Shape of an uncompressed file, from its header alone; its values begin behind `headerSize` bytes. null: it is gzipped.
 * @throws DataError where the file cannot be read or is not exactly what its header says
 */
export async function lookAtIdx(file: string, rank: IdxRank): Promise<readonly number[] | null> {
  const { head, size } = await readHead(file, headerSize(rank));
  if (isGzip(head)) return null;
  const shape = readHeader(file, head, rank);
  const announced = headerSize(rank) + shape.reduce((product, n) => product * n, 1);
  if (size < announced) {
    throw announced > largestFile ? tooLarge(file, shape) : truncated(file, announced, shape, size);
  }
  if (size > announced) throw trailing(file, announced);
  return shape;
}

function tooLarge(file: string, shape: readonly number[]): DataError {
  return new DataError(
    file,
    `its header announces ${shape.join('×')} values; files of up to ${largestFile} bytes can be used`,
  );
}

function truncated(file: string, announced: number, shape: readonly number[], size: number): DataError {
  return new DataError(
    file,
    `is truncated: its header announces ${announced} bytes (${shape.join('×')}), but it holds ${size}; fetch it again`,
  );
}

export function headerSize(rank: IdxRank): number {
  return 4 + 4 * rank;
}

/** Shape of what an idx file holds. @param bytes decoded, from its beginning @throws DataError where it is no such file */
export function readHeader(file: string, bytes: Uint8Array, rank: IdxRank): number[] {
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
