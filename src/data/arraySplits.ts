/** Splits of a data set whose inputs and labels are arrays, each with a name: in NumPy's files, in safetensors. */
import path from 'node:path';
import { CheckpointError } from '../checkpoints/checkpointError';
import type { DataConfig, Loss } from '../shared/experiment';
import { DataError, type DataSource, type Split } from './dataset';
import { countClasses, packLabels } from './labels';
import {
  holdsFractions,
  inputBytes,
  readInputs,
  readLabels,
  readTargets,
  type ArrayFile,
  type Inputs,
} from './numpyArrays';
import type { Storage } from './storage';
import { storeArray } from './storedArrays';
import { readingOf, type Reading } from './task';

type SplitConfig = Pick<Extract<DataConfig, { format: 'npz' }>, 'channels' | 'task'>;
type Channels = SplitConfig['channels'];

/** What is what: names of arrays, or of files. */
export interface Names {
  readonly trainingInputs: string;
  readonly trainingLabels: string;
  readonly testInputs?: string | undefined;
  readonly testLabels?: string | undefined;
}

/** @param loss that the data is for; @param field of the experiment that names the arrays. @throws DataError, CheckpointError */
export async function readSplits(
  names: Names,
  config: SplitConfig,
  loss: Loss,
  field: string,
  open: (name: string) => Promise<ArrayFile>,
  storage: Storage,
): Promise<DataSource> {
  const { testInputs, testLabels } = names;
  const where = await inputStorage([names.trainingInputs, testInputs], open, storage);
  const { channels } = config;
  const wanted = { channels, reading: readingOf(config, loss) };
  const training = await readSplit(names.trainingInputs, names.trainingLabels, wanted, open, where);
  if ((testInputs === undefined) !== (testLabels === undefined)) {
    const [one, other] = testInputs === undefined ? ['labels', 'inputs'] : ['inputs', 'labels'];
    throw new DataError(
      training.file,
      `there are test ${one} but no test ${other}; name both in "${field}", or neither`,
    );
  }
  const reading = hasClasses(training) ? 'classes' : 'numbers';
  const test =
    testInputs === undefined || testLabels === undefined
      ? null
      : await readSplit(testInputs, testLabels, { channels, reading }, open, where);
  if (test) checkAlike(training, test);
  const inputShape = training.shape;
  if (!hasClasses(training) || (test && !hasClasses(test))) {
    const targets = targetsOf(training);
    return { inputShape, task: 'regression', classes: targets, training: split(training), test: test && split(test) };
  }
  const classes = countClasses(
    { ...training.labelFile, labels: training.labels },
    test && { ...test.labelFile, labels: test.labels },
  );
  return {
    inputShape,
    classes,
    training: split(training, packLabels(training.labels, classes)),
    test: test && split(test, packLabels(test.labels, classes)),
  };
}

function split({ count, inputs, stored, labels }: ReadSplit, packed: Split['labels'] = labels): Split {
  return { count, inputs, ...(stored && { stored }), labels: packed };
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
  /** Class numbers, or numbers to predict. */
  readonly labels: Int32Array | Float32Array;
}

function hasClasses(one: ReadSplit): one is ReadSplit & { readonly labels: Int32Array } {
  return one.labels instanceof Int32Array;
}

/** Numbers to predict of each example. */
function targetsOf({ labels, count }: ReadSplit): number {
  return labels.length / count;
}

async function readSplit(
  inputName: string,
  labelName: string,
  { channels, reading }: { readonly channels: Channels; readonly reading: Reading },
  open: (name: string) => Promise<ArrayFile>,
  where: Storage | null,
): Promise<ReadSplit> {
  const inputFile = await open(inputName);
  try {
    const labelFile = await open(labelName);
    try {
      return await translated(inputFile.file, async () => {
        const inputs = where ? await storeArray(inputFile, channels, where) : await readInputs(inputFile, channels);
        const labelled = { name: path.basename(inputName), count: inputs.count };
        const isNumbers = reading === 'numbers' || (reading === 'either' && (await holdsFractions(labelFile)));
        const labels = await (isNumbers ? readTargets : readLabels)(labelFile, labelled);
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
  if (!hasClasses(training) && targetsOf(training) !== targetsOf(test)) {
    throw new DataError(
      test.labelFile.file,
      `${test.labelFile.label}holds ${targetsOf(test)} to predict for each example, but for training there are ${targetsOf(training)}; save as many`,
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
