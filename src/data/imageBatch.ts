/** Images side by side in one array. */
import { readFile, stat } from 'node:fs/promises';
import { DataError } from './dataset';
import { readImage, type Size } from './imageFile';

/** Bytes of one image at most, encoded. */
const largestImage = 2 ** 26;

export interface EncodedImage {
  /** For messages, and to be read from where there are no bytes. */
  readonly file: string;
  readonly bytes: Uint8Array | null;
}

/** [images × height × width × channels], or the first image that cannot be decoded, and why. */
export type DecodedBatch = { readonly pixels: Uint8Array } | { readonly file: string; readonly reason: string };

export async function decodeBatch(images: readonly EncodedImage[], size: Size): Promise<DecodedBatch> {
  const each = size.height * size.width * size.channels;
  const pixels = new Uint8Array(images.length * each);
  for (const [i, { file, bytes }] of images.entries()) {
    try {
      readImage(
        file,
        bytes ? bounded(file, bytes) : await readBytes(file),
        size,
        pixels.subarray(i * each, (i + 1) * each),
      );
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { file, reason: error.message.slice(file.length + 2) };
    }
  }
  return { pixels };
}

function bounded(file: string, bytes: Uint8Array): Buffer {
  if (bytes.length > largestImage) throw tooLarge(file, bytes.length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** @throws DataError where the file is too large for an image, or cannot be read */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > largestImage) throw tooLarge(file, size);
    return await readFile(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(file, `cannot be read (${(error as Error).message})`);
  }
}

function tooLarge(file: string, size: number): DataError {
  return new DataError(file, `has ${size} bytes; images of up to ${largestImage} bytes can be used`);
}
