/**
 * Data sets in NumPy's files: .npz with the arrays of both splits, as Keras' mnist.npz, or a .npy for each array. Headers,
 * zip archives and values are read by src/checkpoints, which bounds them.
 */
import path from 'node:path';
import { CheckpointError } from '../checkpoints/checkpointError';
import { readNpyHeader } from '../checkpoints/numpyHeader';
import { openFile } from '../checkpoints/source';
import { openZip, type Zip } from '../checkpoints/zip';
import type { DataConfig } from '../shared/experiment';
import { DataError, type DataSource } from './dataset';
import { countClasses, packLabels } from './labels';
import { inputBytes, readInputs, readLabels, type ArrayFile, type Inputs } from './numpyArrays';
import type { Storage } from './storage';
import { storeArray } from './storedArrays';

type NpzConfig = Extract<DataConfig, { format: 'npz' }>;
type NpyConfig = Extract<DataConfig, { format: 'npy' }>;
type Channels = NpzConfig['channels'];

/** What is what: names of arrays, or of files. */
interface Names {
  readonly trainingInputs: string;
  readonly trainingLabels: string;
  readonly testInputs?: string | undefined;
  readonly testLabels?: string | undefined;
}

/**
 * Training inputs, training labels, test inputs, test labels: Keras' names, MedMNIST's, and what people write. Test
 * arrays may be missing.
 */
const usualNames: readonly (readonly [string, string, string, string])[] = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['X_train', 'y_train', 'X_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
  ['train_x', 'train_y', 'test_x', 'test_y'],
  ['x', 'y', 'x_test', 'y_test'],
  ['X', 'y', 'X_test', 'y_test'],
  ['images', 'labels', 'test_images', 'test_labels'],
  ['data', 'labels', 'test_data', 'test_labels'],
  ['data', 'target', 'test_data', 'test_target'],
];
/** Names of arrays that a message lists at most. */
const mostListed = 12;

/** @throws DataError that names the file and the array */
export async function readNpz(file: string, { arrays, channels }: NpzConfig, storage: Storage): Promise<DataSource> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const zip = await openZip(source);
      const open = (name: string): Promise<ArrayFile> => openEntry(file, zip, name);
      return await readSplits(chooseNames(file, zip, arrays), channels, 'data.arrays', open, storage);
    } finally {
      await source.close();
    }
  });
}

/** @param at path of a file that the experiment names. @throws DataError that names the file */
export async function readNpy(
  { files, channels }: NpyConfig,
  at: (file: string) => string,
  storage: Storage,
): Promise<DataSource> {
  return readSplits(files, channels, 'data.files', name => openArray(at(name)), storage);
}

/** Opens a .npy file. @throws DataError that names it */
export function openArray(file: string): Promise<ArrayFile> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const header = await readNpyHeader(source);
      return { file, label: '', source, header, begin: 0, close: () => source.close() };
    } catch (error) {
      await source.close();
      throw error;
    }
  });
}

/** @throws DataError where there is no array of this name, CheckpointError where it cannot be read */
export async function openEntry(file: string, zip: Zip, name: string): Promise<ArrayFile> {
  const entry = entryOf(zip, name);
  if (entry === null) {
    throw new DataError(
      file,
      `holds no array ${JSON.stringify(name)}, only ${listed(arraysOf(zip))}; correct "data.arrays"`,
    );
  }
  const source = await zip.source(entry);
  const header = await readNpyHeader(source);
  const begin = (await zip.raw(entry))?.offset ?? null;
  return { file, label: `${name}: `, source, header, begin, close: () => source.close() };
}

/** NumPy adds ".npy" to the names that it is given. */
function entryOf(zip: Zip, name: string): string | null {
  return [`${name}.npy`, name].find(entry => zip.entry(entry) !== null) ?? null;
}

/** Which array is what: as given, else by the usual names. @throws DataError where none has a usual name */
export function chooseNames(file: string, zip: Zip, given: NpzConfig['arrays']): Names {
  return given ?? usualArrays(file, arraysOf(zip), 'data.arrays');
}

/**
 * Of the names that there are, those that are usual.
 * @param field of the experiment that names them
 * @throws DataError where none are
 */
export function usualArrays(file: string, names: readonly string[], field: string): Names {
  const there = new Set(names);
  const has = (name: string): boolean => there.has(name);
  const found = usualNames.find(([inputs, labels]) => has(inputs) && has(labels));
  if (!found) {
    throw new DataError(
      file,
      `holds no x_train with y_train, nor other usual names, but ${listed(names)}; say in "${field}" which is which`,
    );
  }
  const [trainingInputs, trainingLabels, testInputs, testLabels] = found;
  // one without the other is told when splits are read
  return {
    trainingInputs,
    trainingLabels,
    ...(has(testInputs) && { testInputs }),
    ...(has(testLabels) && { testLabels }),
  };
}

function arraysOf(zip: Zip): string[] {
  return zip.entries.filter(({ name }) => name.endsWith('.npy')).map(({ name }) => name.slice(0, -4));
}

/** For messages. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no arrays at all';
  const shown = names.slice(0, mostListed).map(name => JSON.stringify(name.slice(0, 80)));
  return shown.join(', ') + (names.length > mostListed ? `, … (${names.length} arrays)` : '');
}

/** @param field of the experiment that names the arrays. @throws DataError, CheckpointError */
export async function readSplits(
  names: Names,
  channels: Channels,
  field: string,
  open: (name: string) => Promise<ArrayFile>,
  storage: Storage,
): Promise<DataSource> {
  const { testInputs, testLabels } = names;
  const where = await inputStorage([names.trainingInputs, testInputs], open, storage);
  const training = await readSplit(names.trainingInputs, names.trainingLabels, channels, open, where);
  if ((testInputs === undefined) !== (testLabels === undefined)) {
    const [one, other] = testInputs === undefined ? ['labels', 'inputs'] : ['inputs', 'labels'];
    throw new DataError(
      training.file,
      `there are test ${one} but no test ${other}; name both in "${field}", or neither`,
    );
  }
  const test =
    testInputs === undefined || testLabels === undefined
      ? null
      : await readSplit(testInputs, testLabels, channels, open, where);
  if (test) checkAlike(training, test);
  const classes = countClasses(
    { ...training.labelFile, labels: training.labels },
    test && { ...test.labelFile, labels: test.labels },
  );
  const pack = ({ count, inputs, stored, labels }: ReadSplit): DataSource['training'] => ({
    count,
    inputs,
    ...(stored && { stored }),
    labels: packLabels(labels, classes),
  });
  return { inputShape: training.shape, classes, training: pack(training), test: test && pack(test) };
}

/** @returns null where all inputs together may be in memory */
async function inputStorage(
  names: readonly (string | undefined)[],
  open: (name: string) => Promise<ArrayFile>,
  storage: Storage,
): Promise<Storage | null> {
  let bytes = 0;
  for (const name of names) {
    if (name === undefined) continue;
    const array = await open(name);
    bytes += inputBytes(array.header);
    await array.close();
  }
  return bytes <= storage.memory ? null : storage;
}

interface ReadSplit extends Inputs {
  readonly file: string;
  readonly labelFile: { readonly file: string; readonly label: string };
  readonly labels: Int32Array;
}

async function readSplit(
  inputName: string,
  labelName: string,
  channels: Channels,
  open: (name: string) => Promise<ArrayFile>,
  where: Storage | null,
): Promise<ReadSplit> {
  const inputFile = await open(inputName);
  try {
    const labelFile = await open(labelName);
    try {
      return await translated(inputFile.file, async () => {
        const inputs = where ? await storeArray(inputFile, channels, where) : await readInputs(inputFile, channels);
        const labels = await readLabels(labelFile, { name: path.basename(inputName), count: inputs.count });
        return { ...inputs, file: inputFile.file, labelFile: { file: labelFile.file, label: labelFile.label }, labels };
      });
    } finally {
      await labelFile.close();
    }
  } finally {
    await inputFile.close();
  }
}

function checkAlike(training: ReadSplit, test: ReadSplit): void {
  if (training.shape.join('×') !== test.shape.join('×')) {
    throw new DataError(
      test.file,
      `test examples have the shape ${test.shape.join('×')}, but training examples ${training.shape.join('×')}`,
    );
  }
  if (training.inputs instanceof Uint8Array !== test.inputs instanceof Uint8Array) {
    const word = (inputs: ReadSplit['inputs']): string => (inputs instanceof Uint8Array ? 'bytes' : 'floats');
    throw new DataError(
      test.file,
      `test inputs are ${word(test.inputs)}, but training inputs ${word(training.inputs)}, and only bytes are divided by 255; save both as one type`,
    );
  }
}

/** What the readers of arrays say, as a data error of the file that they are about. */
export async function translated<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const reason = error.message.startsWith(`${file}: `) ? error.message.slice(file.length + 2) : error.message;
    throw new DataError(file, reason);
  }
}
