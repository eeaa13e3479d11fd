/** Looks at folders of images: how many there are of each class, and a few of them to tell their size and colour by. */
import path from 'node:path';
import { readImage } from '../../data/imageFile';
import { classNames, imagesIn, readBytes } from '../../data/imageFolders';
import { listFolder } from '../../data/files';
import type { DataConfig } from '../../shared/dataConfig';
import { pixelSize, sizeFor } from './imageSize';
import type { Look } from './looked';

type ImagesConfig = Extract<DataConfig, { format: 'images' }>;

/** More are not counted one by one. */
const mostFiles = 2_000_000;

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
  const encoded = files.map(({ file }) => ({ file, read: () => readBytes(file) }));
  const config = { ...given, ...(await sizeFor(encoded, wanted)) };
  const size = pixelSize(config.size, config.colour);
  const { height, width, channels } = size;
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
    validation: null,
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
        readImage(file, await readBytes(file), size, pixels);
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
