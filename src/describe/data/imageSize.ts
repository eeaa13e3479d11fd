/** To what size and colour images are brought: as the model takes them, else as they are, unless they are large. */
import { decode, type Size } from '../../data/imageFile';

/** An image that can be read again. */
export interface EncodedFile {
  /** For messages. */
  readonly file: string;
  readonly read: () => Promise<Buffer>;
}

export interface SizeChoice {
  readonly size: number | [number, number];
  readonly colour: 'rgb' | 'grey';
}

/** Images that are had at hand to be shown. */
export const imagesToShow = 200;
/** Images that are decoded to tell size and colour. */
const probes = 24;
/** Larger ones are brought down to this side, unless the model says otherwise: what small networks are made for. */
const usualSide = 32;
const largestOwnSide = 64;

/** @param wanted shape that the model takes, [height, width, channels]; null: the images decide */
export async function sizeFor(images: readonly EncodedFile[], wanted: readonly number[] | null): Promise<SizeChoice> {
  if (wanted?.length === 3 && (wanted[2] === 1 || wanted[2] === 3)) {
    return { size: sideOf(wanted[0]!, wanted[1]!), colour: wanted[2] === 1 ? 'grey' : 'rgb' };
  }
  const sizes = new Set<string>();
  let grey = true;
  let [height, width] = [1, 1];
  for (const { file, read } of spread(images, probes)) {
    const image = decode(file, await read());
    sizes.add(`${image.height}×${image.width}`);
    [height, width] = [image.height, image.width];
    grey &&= isGrey(image.data);
  }
  const own = sizes.size === 1 && Math.max(height, width) <= largestOwnSide;
  return { size: own ? sideOf(height, width) : usualSide, colour: grey ? 'grey' : 'rgb' };
}

export function pixelSize(size: number | readonly [number, number] | undefined, colour: 'rgb' | 'grey'): Size {
  const [height, width] = typeof size === 'number' ? [size, size] : (size ?? [usualSide, usualSide]);
  return { height, width, channels: colour === 'grey' ? 1 : 3 };
}

function spread<T>(all: readonly T[], count: number): readonly T[] {
  const few = Math.min(count, all.length);
  return Array.from({ length: few }, (_, i) => all[Math.floor((i * all.length) / few)]!);
}

const sideOf = (height: number, width: number): SizeChoice['size'] => (height === width ? height : [height, width]);

/** @param data RGBA */
function isGrey(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}
