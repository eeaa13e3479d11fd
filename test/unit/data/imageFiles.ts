/** Small images, and folders of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { folder } from './idxFiles';

export type Colour = readonly [number, number, number];

export function png(width: number, height: number, colour: (x: number, y: number) => Colour): Buffer {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set([...colour(x, y), 255], 4 * (y * width + x));
  }
  return PNG.sync.write(image);
}
export const flat = (colour: Colour, width = 6, height = 4) => png(width, height, () => colour);
export const jpeg = (colour: Colour) =>
  encode({ width: 8, height: 8, data: Buffer.from(Array.from({ length: 64 }, () => [...colour, 255]).flat()) }, 95)
    .data;

/** @param files by their path in the folder */
export function tree(files: Readonly<Record<string, Uint8Array>>): string {
  const directory = folder({});
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), bytes);
  }
  return directory;
}
