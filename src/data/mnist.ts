/** A folder with the four MNIST file names: MNIST itself, Fashion-MNIST, KMNIST and their like. */
import path from 'node:path';
import { DataError, type Split, type StoredInputs } from './dataset';
import { listFolder } from './files';
import { headerSize, lookAtIdx, readIdx, type IdxFile, type IdxRank } from './idx';
import type { Storage } from './storage';
import { storedPart } from './stored';

export interface ImageFiles {
  /** Shape of one example: [rows, columns, channels]. */
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  readonly training: ByteSplit;
  readonly test: ByteSplit;
}

/** A split as idx files hold it: one byte a pixel, one byte a label. */
export interface ByteSplit extends Split {
  readonly inputs: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads the four files side by side; there are as many classes as the largest training label says, at least 2.
 * @throws DataError that names the file, or the folder
 */
export async function readImageFiles(directory: string, { memory }: Storage): Promise<ImageFiles> {
  const files = await findImageFiles(directory);
  const [trainingImages, testImages] = await readImages([files.trainingImages, files.testImages], memory);
  const [trainingLabels, testLabels] = await Promise.all([
    readIdx(files.trainingLabels, 1),
    readIdx(files.testLabels, 1),
  ]);
  const pair = (images: StoredIdx, labels: IdxFile, names: [string, string]): ByteSplit => {
    const count = images.shape[0]!;
    if (labels.data.length !== count) {
      throw new DataError(
        names[1],
        `holds ${labels.data.length} labels, but ${path.basename(names[0])} holds ${count} images`,
      );
    }
    return { count, inputs: images.data, labels: labels.data, ...(images.stored && { stored: images.stored }) };
  };
  const training = pair(trainingImages, trainingLabels, [files.trainingImages, files.trainingLabels]);
  const test = pair(testImages, testLabels, [files.testImages, files.testLabels]);

  const [, rows, columns] = trainingImages.shape as [number, number, number];
  const [, testRows, testColumns] = testImages.shape as [number, number, number];
  if (rows !== testRows || columns !== testColumns) {
    throw new DataError(
      files.testImages,
      `holds images of ${testRows}×${testColumns} pixels, but the training images have ${rows}×${columns}`,
    );
  }
  const classes = Math.max(2, 1 + training.labels.reduce((most, label) => Math.max(most, label), 0));
  const beyond = test.labels.findIndex(label => label >= classes);
  if (beyond >= 0) {
    throw new DataError(
      files.testLabels,
      `label ${beyond} is ${test.labels[beyond]!}, but the training labels only go up to ${classes - 1}`,
    );
  }
  return { inputShape: [rows, columns, 1], classes, training, test };
}

interface StoredIdx extends IdxFile {
  /** Where they stay in the file: then there are no data. */
  readonly stored?: StoredInputs;
}

/** Images of both splits: in memory, or where they are more than may be there, and not gzipped, in their files. */
async function readImages(files: readonly [string, string], memory: number): Promise<[StoredIdx, StoredIdx]> {
  const [training, test] = await Promise.all([lookAtIdx(files[0], 3), lookAtIdx(files[1], 3)]);
  if (training && test && sizeOf(training) + sizeOf(test) > memory) {
    return [await storedIdx(files[0], training), await storedIdx(files[1], test)];
  }
  return Promise.all([readIdx(files[0], 3), readIdx(files[1], 3)]);
}

async function storedIdx(file: string, shape: readonly number[]): Promise<StoredIdx> {
  const bytesPerExample = shape[1]! * shape[2]!;
  const parts = [await storedPart(file, { offset: headerSize(3), stride: bytesPerExample, count: shape[0]! })];
  return { shape, data: new Uint8Array(0), stored: { type: 'uint8', bytesPerExample, planes: 1, parts, rows: null } };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Paths of the four files. @throws DataError naming the one that is missing */
export async function findImageFiles(
  directory: string,
): Promise<Readonly<Record<'trainingImages' | 'trainingLabels' | 'testImages' | 'testLabels', string>>> {
  const there = await listFolder(directory, 'the four MNIST files');
  return {
    trainingImages: find(directory, there, 'train', 3),
    trainingLabels: find(directory, there, 'train', 1),
    testImages: find(directory, there, 't10k', 3),
    testLabels: find(directory, there, 't10k', 1),
  };
}

/** The name that is there, plain before gzipped, with the hyphen of the original before the dot of some copies. */
function find(directory: string, there: ReadonlySet<string>, split: 'train' | 't10k', rank: IdxRank): string {
  const kind = rank === 3 ? 'images' : 'labels';
  const name = `${split}-${kind}-idx${rank}-ubyte`;
  const dotted = `${split}-${kind}.idx${rank}-ubyte`;
  const found = [name, `${name}.gz`, dotted, `${dotted}.gz`].find(candidate => there.has(candidate));
  if (found === undefined) {
    throw new DataError(
      path.join(directory, name),
      `there is no such file, nor ${name}.gz, in ${directory}; put it there or correct "data.directory"`,
    );
  }
  return path.join(directory, found);
}
