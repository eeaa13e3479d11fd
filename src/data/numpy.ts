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
import { readInputs, readLabels, type ArrayFile } from './numpyArrays';

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
export async function readNpz(file: string, { arrays, channels }: NpzConfig): Promise<DataSource> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      const zip = await openZip(source);
      return await readSplits(chooseNames(file, zip, arrays), channels, 'data.arrays', name =>
        openEntry(file, zip, name),
      );
    } finally {
      await source.close();
    }
  });
}

/** @param at path of a file that the experiment names. @throws DataError that names the file */
export async function readNpy({ files, channels }: NpyConfig, at: (file: string) => string): Promise<DataSource> {
  return readSplits(files, channels, 'data.files', name => openArray(at(name)));
}

/** Opens a .npy file. @throws DataError that names it */
export function openArray(file: string): Promise<ArrayFile> {
  return translated(file, async () => {
    const source = await openFile(file);
    try {
      return { file, label: '', source, header: await readNpyHeader(source), close: () => source.close() };
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
    throw new DataError(file, `holds no array ${JSON.stringify(name)}, only ${listed(zip)}; correct "data.arrays"`);
  }
  const source = await zip.source(entry);
  return { file, label: `${name}: `, source, header: await readNpyHeader(source), close: () => source.close() };
}

/** NumPy adds ".npy" to the names that it is given. */
function entryOf(zip: Zip, name: string): string | null {
  return [`${name}.npy`, name].find(entry => zip.entry(entry) !== null) ?? null;
}

/** Which array is what: as given, else by the usual names. @throws DataError where none has a usual name */
export function chooseNames(file: string, zip: Zip, given: NpzConfig['arrays']): Names {
  if (given) return given;
  const has = (name: string): boolean => entryOf(zip, name) !== null;
  const found = usualNames.find(([inputs, labels]) => has(inputs) && has(labels));
  if (!found) {
    throw new DataError(
      file,
      `holds no x_train with y_train, nor other usual names, but ${listed(zip)}; say in "data.arrays" which is which`,
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

function listed(zip: Zip): string {
  const names = zip.entries.filter(({ name }) => name.endsWith('.npy')).map(({ name }) => name.slice(0, -4));
  if (names.length === 0) return 'no arrays at all';
  const shown = names.slice(0, mostListed).map(name => JSON.stringify(name.slice(0, 80)));
  return shown.join(', ') + (names.length > mostListed ? `, … (${names.length} arrays)` : '');
}

async function readSplits(
  names: Names,
  channels: Channels,
  field: string,
  open: (name: string) => Promise<ArrayFile>,
): Promise<DataSource> {
  const training = await readSplit(names.trainingInputs, names.trainingLabels, channels, open);
  const { testInputs, testLabels } = names;
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
      : await readSplit(testInputs, testLabels, channels, open);
  if (test) checkAlike(training, test);
  const classes = countClasses(
    { ...training.labelFile, labels: training.labels },
    test && { ...test.labelFile, labels: test.labels },
  );
  const pack = ({ count, inputs, labels }: ReadSplit): DataSource['training'] => ({
    count,
    inputs,
    labels: packLabels(labels, classes),
  });
  return { inputShape: training.shape, classes, training: pack(training), test: test && pack(test) };
}

interface ReadSplit {
  readonly file: string;
  readonly labelFile: { readonly file: string; readonly label: string };
  readonly shape: readonly number[];
  readonly count: number;
  readonly inputs: Uint8Array | Float32Array;
  readonly labels: Int32Array;
}

async function readSplit(
  inputName: string,
  labelName: string,
  channels: Channels,
  open: (name: string) => Promise<ArrayFile>,
): Promise<ReadSplit> {
  const inputFile = await open(inputName);
  try {
    const labelFile = await open(labelName);
    try {
      return await translated(inputFile.file, async () => {
        const { shape, inputs, count } = await readInputs(inputFile, channels);
        const labels = await readLabels(labelFile, { name: path.basename(inputName), count });
        return {
          file: inputFile.file,
          labelFile: { file: labelFile.file, label: labelFile.label },
          shape,
          count,
          inputs,
          labels,
        };
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
