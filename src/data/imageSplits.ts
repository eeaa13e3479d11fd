/** Splits of encoded images as inputs: decoded once, brought to one size, and kept. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { DataError, type Split } from './dataset';
import type { EncodedImage } from './imageBatch';
import type { Size } from './imageFile';
import { decodeImages } from './imagePool';
import { largestInputs } from './numpyArrays';
import { storeInputs, type Storage } from './storage';

/** Raised whenever the same files give other pixels. */
const decodingVariant = 1;
const statsAtOnce = 64;

export interface EncodedSplit {
  readonly count: number;
  readonly labels: Uint8Array | Int32Array;
  /** Of the files that the images come from, and which of their images. */
  readonly identity: string;
  readonly images: () => AsyncIterable<EncodedImage> | Iterable<EncodedImage>;
}

/**
 * @param where names the data in errors
 * @returns the splits in their order
 * @throws DataError naming the image that cannot be decoded
 */
export async function loadImages(
  where: string,
  encoded: readonly EncodedSplit[],
  size: Size,
  storage: Storage,
): Promise<Split[]> {
  const bytesPerExample = size.height * size.width * size.channels;
  const largest = Math.max(...encoded.map(({ count }) => count * bytesPerExample));
  const total = encoded.reduce((sum, { count }) => sum + count * bytesPerExample, 0);
  const resident = total <= storage.memory;
  if (resident && largest > largestInputs) {
    throw new DataError(
      where,
      `images of ${bytesPerExample} values each are more than the ${largestInputs} bytes that can be held in memory; lower "data.size" or "data.memory"`,
    );
  }
  const splits: Split[] = [];
  for (const { count, labels, identity, images } of encoded) {
    const key = createHash('sha256').update(JSON.stringify({ decodingVariant, size, identity })).digest('hex');
    const inputs = await storeInputs(
      where,
      {
        key: key.slice(0, 32),
        type: 'uint8',
        count,
        bytesPerExample,
        make: append => decodeImages(images(), count, size, append),
      },
      storage,
      resident,
    );
    splits.push({ count, labels, ...inputs });
  }
  return splits;
}

/** Changes whenever a file is another one: names, sizes and times of change. @throws DataError */
export async function identify(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (let first = 0; first < files.length; first += statsAtOnce) {
    const some = files.slice(first, first + statsAtOnce);
    const found = await Promise.all(some.map(async file => ({ file, ...(await look(file)) })));
    hash.update(JSON.stringify(found));
  }
  return hash.digest('hex');
}

async function look(file: string): Promise<{ readonly size: number; readonly modified: number }> {
  try {
    const { size, mtimeMs } = await stat(file);
    return { size, modified: mtimeMs };
  } catch (error) {
    throw new DataError(file, `cannot be read (${(error as Error).message})`);
  }
}
