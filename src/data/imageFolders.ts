/** A folder for each class, full of images: under train/ and test/, or one set of which a share is held out. */
import { opendir } from 'node:fs/promises';
import path from 'node:path';
import type { DataConfig } from '../shared/experiment';
import { DataError, type DataSource } from './dataset';
import { listFolder } from './files';
import type { Size } from './imageFile';
import { identify, loadImages, type EncodedSplit } from './imageSplits';
import { mostClasses, packLabels } from './labels';
import type { Storage } from './storage';

export { readBytes } from './imageBatch';

type ImagesConfig = Extract<DataConfig, { format: 'images' }>;

const imageName = /^[^.].*\.(png|jpe?g)$/i;
const mostFiles = 2_000_000;

/**
 * Reads the images of all classes, in the order of their names. Classes are numbered in the order of their names too.
 * @throws DataError that names the folder or the image
 */
export async function readImageFolders(directory: string, config: ImagesConfig, storage: Storage): Promise<DataSource> {
  const [height, width] = typeof config.size === 'number' ? [config.size, config.size] : config.size;
  const size: Size = { height, width, channels: config.colour === 'grey' ? 1 : 3 };
  const there = await listFolder(directory, 'train/ and test/, or with a folder for each class');
  const divided = there.has('train') && there.has('test');
  const trainingFolder = divided ? path.join(directory, 'train') : directory;
  const names = await classNames(trainingFolder, 2);
  const listed = [await listSplit(trainingFolder, names, names.length)];
  if (divided) listed.push(await listTest(path.join(directory, 'test'), names));
  const [training, test] = await loadImages(directory, listed, size, storage);
  return {
    inputShape: [height, width, size.channels],
    classes: names.length,
    labelNames: names,
    training: training!,
    test: test ?? null,
  };
}

async function listTest(folder: string, names: readonly string[]): Promise<EncodedSplit> {
  const found = await classNames(folder, 1);
  const unknown = found.find(name => !names.includes(name));
  if (unknown !== undefined) {
    throw new DataError(
      path.join(folder, unknown),
      'is a class that train/ lacks; remove it, or add images of it there',
    );
  }
  return listSplit(
    folder,
    names.map(name => (found.includes(name) ? name : null)),
    names.length,
  );
}

/** Names of the folders in a folder, in order. @throws DataError where there are fewer than `fewest` */
export async function classNames(folder: string, fewest: 1 | 2): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) {
    if (entry.isDirectory() && !entry.name.startsWith('.')) names.push(entry.name);
    if (names.length > mostClasses) throw new DataError(folder, `holds over ${mostClasses} folders; each is a class`);
  }
  if (names.length < fewest) {
    throw new DataError(
      folder,
      `holds ${names.length === 0 ? 'no folders' : 'one folder'}; it must hold one for each class, ${fewest} or more, with PNG or JPEG files in it`,
    );
  }
  return names.sort();
}

/** @param names of each class its folder; null: there are no images of it */
async function listSplit(folder: string, names: readonly (string | null)[], classes: number): Promise<EncodedSplit> {
  const files: { readonly file: string; readonly label: number }[] = [];
  for (const [label, name] of names.entries()) {
    if (name === null) continue;
    const inside = await imagesIn(path.join(folder, name), mostFiles - files.length);
    for (const file of inside) files.push({ file, label });
  }
  const labels = packLabels(
    Int32Array.from(files, ({ label }) => label),
    classes,
  );
  return {
    count: files.length,
    labels,
    identity: await identify(files.map(({ file }) => file)),
    images: () => files.map(({ file }) => ({ file, bytes: null })),
  };
}

/** Paths of the images in a folder, in the order of their names. @throws DataError where there are none, or over `most` */
export async function imagesIn(folder: string, most: number): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) {
    if (entry.isFile() && imageName.test(entry.name)) names.push(entry.name);
    if (names.length > most)
      throw new DataError(folder, `brings the images to over ${mostFiles}, the most that can be used`);
  }
  if (names.length === 0) throw new DataError(folder, 'holds no PNG or JPEG file; add some, or remove the folder');
  return names.sort().map(name => path.join(folder, name));
}
