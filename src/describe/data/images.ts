/** Looks at folders of images: how many there are of each class, and a few of them to tell their size and colour by. */
import path from 'node:path';
import { decode, readImage } from '../../data/imageFile';
import { classNames, imagesIn, readBytes } from '../../data/imageFolders';
import { listFolder } from '../../data/files';
import type { DataConfig } from '../../shared/dataConfig';
import type { Look } from './looked';

type ImagesConfig = Extract<DataConfig, { format: 'images' }>;

/** More are not counted one by one. */
const mostFiles = 2_000_000;
/** Images that are decoded to tell size and colour. */
const probes = 24;
/** Larger ones are brought down to this side, unless the model says otherwise: what small networks are made for. */
const usualSide = 32;
const largestOwnSide = 64;

/** @param wanted shape that the model takes, [height, width, channels]; null: the images decide */
export async function lookAtImages(
  given: ImagesConfig,
  directory: string,
  wanted: readonly number[] | null,
): Promise<Look> {
  const there = await listFolder(directory, 'train/ and test/, or with a folder for each class');
  const divided = there.has('train') && there.has('test');
  const folder = divided ? path.join(directory, 'train') : directory;
  const names = await classNames(folder, 2);
  const files = await filesOf(folder, names);
  const config = await withSize(given, spread(files, probes), wanted);
  const [height, width] = typeof config.size === 'number' ? [config.size, config.size] : config.size;
  const channels = config.colour === 'grey' ? 1 : 3;
  const test = divided
    ? await filesOf(path.join(directory, 'test'), await classNames(path.join(directory, 'test'), 1))
    : null;
  return {
    config,
    inputShape: [height, width, channels],
    classes: names.length,
    classNames: names,
    task: 'classification',
    training: files.length,
    test: test?.length ?? null,
    exact: true,
    labels: files.map(({ label }) => label),
    examples: {
      count: files.length,
      columns: null,
      labelAt: i => files[i]!.label,
      valuesAt: async i => {
        const { file } = files[i]!;
        const pixels = new Uint8Array(height * width * channels);
        readImage(file, await readBytes(file), { height, width, channels }, pixels);
        return pixels;
      },
    },
    notes: [],
  };
}

interface LabelledFile {
  readonly file: string;
  readonly label: number;
}

async function filesOf(folder: string, names: readonly string[]): Promise<readonly LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const [label, name] of names.entries()) {
    for (const file of await imagesIn(path.join(folder, name), mostFiles - files.length)) files.push({ file, label });
  }
  return files;
}

function spread<T>(all: readonly T[], count: number): readonly T[] {
  const few = Math.min(count, all.length);
  return Array.from({ length: few }, (_, i) => all[Math.floor((i * all.length) / few)]!);
}

async function withSize(
  config: ImagesConfig,
  files: readonly LabelledFile[],
  wanted: readonly number[] | null,
): Promise<ImagesConfig> {
  if (wanted?.length === 3 && (wanted[2] === 1 || wanted[2] === 3)) {
    const [height, width, channels] = wanted as [number, number, number];
    return { ...config, size: sizeOf(height, width), colour: channels === 1 ? 'grey' : 'rgb' };
  }
  const sizes = new Set<string>();
  let grey = true;
  let largest: readonly [number, number] = [1, 1];
  for (const { file } of files) {
    const { width, height, data } = decode(file, await readBytes(file));
    sizes.add(`${height}×${width}`);
    if (height * width > largest[0] * largest[1]) largest = [height, width];
    grey &&= isGrey(data);
  }
  const [height, width] = largest;
  const own = sizes.size === 1 && Math.max(height, width) <= largestOwnSide;
  return { ...config, size: own ? sizeOf(height, width) : usualSide, colour: grey ? 'grey' : 'rgb' };
}

function sizeOf(height: number, width: number): ImagesConfig['size'] {
  return height === width ? height : [height, width];
}

/** @param data RGBA */
function isGrey(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}
