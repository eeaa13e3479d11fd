/** One PNG or JPEG as pixels of a given size. Decoding is pngjs' and jpeg-js'; what is too large is refused before. */
import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { DataError } from './dataset';

/** Of a decoded image at most. */
const mostPixels = 2 ** 25;
const jpegMegabytes = 768;
const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: Uint8Array;
}

export interface Size {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/**
 * Decodes an image, told by its first bytes, and brings it to a size: bilinear, over all pixels under the filter where it
 * shrinks, as Pillow does. Transparency is left out; grey is luma (ITU-R BT.601).
 * @param out [height × width × channels], filled
 * @throws DataError
 */
export function readImage(file: string, bytes: Buffer, { height, width, channels }: Size, out: Uint8Array): void {
  const image = resize(decode(file, bytes), height, width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [red, green, blue] = [image[3 * pixel]!, image[3 * pixel + 1]!, image[3 * pixel + 2]!];
    if (channels === 1) out[pixel] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else out.set([Math.round(red), Math.round(green), Math.round(blue)], 3 * pixel);
  }
}

/** @throws DataError where it is no image that can be decoded, or one that is too large */
export function decode(file: string, bytes: Buffer): Pixels {
  try {
    if (pngSignature.every((byte, i) => bytes[i] === byte)) {
      checkPng(file, bytes);
      return PNG.sync.read(bytes);
    }
    if (bytes[0] === 0xff && bytes[1] === 0xd8) {
      const limits = { maxResolutionInMP: mostPixels / 1e6, maxMemoryUsageInMB: jpegMegabytes };
      const image = decodeJpeg(bytes, { ...limits, useTArray: true, tolerantDecoding: false });
      if (image.width > 0 && image.height > 0) return image;
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(file, `cannot be decoded (${reason}); mend or remove it`);
  }
  throw new DataError(file, 'is neither PNG nor JPEG, whatever its name says; convert or remove it');
}

function checkPng(file: string, bytes: Buffer): void {
  if (bytes.length < 33) throw new DataError(file, 'is truncated: a PNG has more bytes than these; fetch it again');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width === 0 || height === 0 || width * height > mostPixels) {
    throw new DataError(file, `claims ${width}×${height} pixels; images of 1 to ${mostPixels} pixels can be used`);
  }
  // of these, pngjs inflates whatever there is before it looks at the size
  if (bytes[28] !== 0) throw new DataError(file, 'is interlaced; save it without');
}

/** @returns [height × width × 3] */
function resize({ data, width: fromWidth, height: fromHeight }: Pixels, height: number, width: number): Float32Array {
  const columns = taps(fromWidth, width);
  const rows = taps(fromHeight, height);
  const narrow = new Float32Array(fromHeight * width * 3);
  for (let y = 0; y < fromHeight; y++) {
    for (const [x, { first, weights }] of columns.entries()) {
      const to = 3 * (y * width + x);
      for (let i = 0; i < weights.length; i++) {
        const from = 4 * (y * fromWidth + first + i);
        for (let channel = 0; channel < 3; channel++) narrow[to + channel]! += weights[i]! * data[from + channel]!;
      }
    }
  }
  const result = new Float32Array(height * width * 3);
  for (const [y, { first, weights }] of rows.entries()) {
    for (let i = 0; i < weights.length; i++) {
      const from = 3 * (first + i) * width;
      for (let x = 0; x < 3 * width; x++) result[3 * y * width + x]! += weights[i]! * narrow[from + x]!;
    }
  }
  return result;
}

/** What each new pixel of a line takes of the old ones: a triangle around its middle, as wide as the line shrinks. */
function taps(from: number, to: number): { readonly first: number; readonly weights: readonly number[] }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, place) => {
    const middle = (place + 0.5) * scale;
    const first = Math.max(0, Math.floor(middle - reach));
    const end = Math.min(from, Math.ceil(middle + reach));
    const raw = Array.from({ length: end - first }, (__, i) =>
      Math.max(0, 1 - Math.abs((first + i + 0.5 - middle) / reach)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map(weight => weight / sum) };
  });
}
