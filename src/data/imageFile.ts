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
  if (channels === 3) {
    for (let i = 0; i < image.length; i++) out[i] = Math.round(image[i]!);
    return;
  }
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [red, green, blue] = [image[3 * pixel]!, image[3 * pixel + 1]!, image[3 * pixel + 2]!];
    out[pixel] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
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
  for (let y = 0, to = 0; y < fromHeight; y++) {
    for (let x = 0; x < width; x++) {
      let from = 4 * (y * fromWidth + columns.first[x]!);
      let [red, green, blue] = [0, 0, 0];
      for (let tap = columns.begin[x]!; tap < columns.begin[x + 1]!; tap++, from += 4) {
        const weight = columns.weights[tap]!;
        red = Math.fround(red + weight * data[from]!);
        green = Math.fround(green + weight * data[from + 1]!);
        blue = Math.fround(blue + weight * data[from + 2]!);
      }
      narrow[to++] = red;
      narrow[to++] = green;
      narrow[to++] = blue;
    }
  }
  const result = new Float32Array(height * width * 3);
  const line = 3 * width;
  for (let y = 0; y < height; y++) {
    const to = y * line;
    let from = rows.first[y]! * line;
    for (let tap = rows.begin[y]!; tap < rows.begin[y + 1]!; tap++, from += line) {
      const weight = rows.weights[tap]!;
      for (let x = 0; x < line; x++) result[to + x]! += weight * narrow[from + x]!;
    }
  }
  return result;
}

/** Of each new pixel of a line: the first of the old ones that it takes of, and the weights of that one and the next. */
interface Taps {
  readonly first: Int32Array;
  /** Where the weights of each begin; those of the last end at one more. */
  readonly begin: Int32Array;
  readonly weights: Float64Array;
}

/** Images of a set are mostly of one size. */
const known = new Map<string, Taps>();
const mostKnown = 64;

/** What each new pixel of a line takes of the old ones: a triangle around its middle, as wide as the line shrinks. */
function taps(from: number, to: number): Taps {
  const key = `${from} ${to}`;
  const found = known.get(key) ?? makeTaps(from, to);
  if (known.size >= mostKnown) known.clear();
  known.set(key, found);
  return found;
}

function makeTaps(from: number, to: number): Taps {
  const scale = from / to;
  const reach = Math.max(1, scale);
  const first = new Int32Array(to);
  const begin = new Int32Array(to + 1);
  const weights: number[] = [];
  for (let place = 0; place < to; place++) {
    const middle = (place + 0.5) * scale;
    first[place] = Math.max(0, Math.floor(middle - reach));
    const end = Math.min(from, Math.ceil(middle + reach));
    const raw = Array.from({ length: end - first[place]! }, (_, i) =>
      Math.max(0, 1 - Math.abs((first[place]! + i + 0.5 - middle) / reach)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    for (const weight of raw) weights.push(weight / sum);
    begin[place + 1] = weights.length;
  }
  return { first, begin, weights: Float64Array.from(weights) };
}
