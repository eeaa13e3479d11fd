/** Looks at image sets whose files hold nothing but bytes: idx as MNIST comes, CIFAR's binary versions, the built-in digits. */
import path from 'node:path';
import { cifar10, cifar100, findBatches, type Version } from '../../data/cifar';
import { DataError } from '../../data/dataset';
import { drawDigits } from '../../data/digits';
import { headerSize, readHeader } from '../../data/idx';
import { findImageFiles } from '../../data/mnist';
import { interleave } from '../../data/numpyArrays';
import type { DataConfig } from '../../shared/dataConfig';
import { mostInputBytes, type Examples, type Look } from './looked';
import { readPrefix } from './prefix';

/** Labels of one byte each. */
const mostLabels = 4 * 2 ** 20;

export async function lookAtIdx(config: Extract<DataConfig, { format: 'idx' }>, directory: string): Promise<Look> {
  const files = await findImageFiles(directory);
  const images = await idxPrefix(files.trainingImages, 3, mostInputBytes);
  const labels = await idxPrefix(files.trainingLabels, 1, mostLabels);
  const test = await idxPrefix(files.testImages, 3, headerSize(3));
  const [training, rows, columns] = images.shape as [number, number, number];
  if (labels.shape[0] !== training) {
    throw new DataError(
      files.trainingLabels,
      `holds ${labels.shape[0]!} labels, but ${path.basename(files.trainingImages)} holds ${training} images`,
    );
  }
  return {
    ...plain,
    config,
    inputShape: [rows, columns, 1],
    classes: null,
    training,
    test: test.shape[0]!,
    labels: labels.values,
    examples: pixelExamples(images.values, rows * columns, labels.values),
  };
}

const plain = { classNames: null, validation: null, task: 'classification', exact: true, notes: [] } as const;

async function idxPrefix(
  file: string,
  rank: 1 | 3,
  most: number,
): Promise<{ readonly shape: readonly number[]; readonly values: Uint8Array }> {
  const { bytes } = await readPrefix(file, most);
  return { shape: readHeader(file, bytes, rank), values: bytes.subarray(headerSize(rank)) };
}

const side = 32;
const plane = side * side;

export async function lookAtCifar(
  config: Extract<DataConfig, { format: 'cifar10' | 'cifar100' }>,
  directory: string,
): Promise<Look> {
  const version = config.format === 'cifar10' ? cifar10 : cifar100(config.labels);
  const files = await findBatches(directory, version);
  const record = version.labelBytes + 3 * plane;
  const { bytes } = await readPrefix(files.training[0]!, mostInputBytes);
  const count = Math.floor(bytes.length / record);
  const labels = Uint8Array.from({ length: count }, (_, i) => bytes[i * record + version.labelAt]!);
  const beyond = labels.findIndex(label => label >= version.classes);
  if (beyond >= 0) {
    throw new DataError(
      files.training[0]!,
      `label ${beyond} is ${labels[beyond]!}, but ${version.name} has the classes 0 to ${version.classes - 1}; is this another data set?`,
    );
  }
  return {
    ...plain,
    config,
    inputShape: [side, side, 3],
    classes: version.classes,
    classNames: version.labelNames ?? null,
    training: await recordsIn(files.training, record, version),
    test: await recordsIn(files.test, record, version),
    labels,
    examples: {
      count,
      columns: null,
      labelAt: i => labels[i]!,
      valuesAt: i => {
        const pixels = bytes.slice(i * record + version.labelBytes, (i + 1) * record);
        interleave(pixels, 1, 3, plane);
        return Promise.resolve(pixels);
      },
    },
  };
}

async function recordsIn(files: readonly string[], record: number, { name }: Version): Promise<number> {
  let records = 0;
  for (const file of files) {
    const { size } = await readPrefix(file, 1);
    if (size === 0 || size % record !== 0) {
      throw new DataError(
        file,
        `is truncated, or not in the binary version of ${name}: ${size} bytes are no whole number of records of ${record}; fetch it again`,
      );
    }
    records += size / record;
  }
  return records;
}

const digitsLooked = 200;

export function lookAtDigits(config: Extract<DataConfig, { format: 'digits' }>): Look {
  const { inputs, labels, count } = drawDigits('training', Math.min(digitsLooked, config.training));
  return {
    ...plain,
    config,
    inputShape: [28, 28, 1],
    classes: 10,
    training: config.training,
    test: config.test,
    labels,
    examples: pixelExamples(inputs, inputs.length / count, labels),
  };
}

/** Of as many examples as are whole. */
function pixelExamples(inputs: Uint8Array, size: number, labels: Uint8Array): Examples {
  return {
    count: Math.min(Math.floor(inputs.length / size), labels.length),
    columns: null,
    labelAt: i => labels[i]!,
    valuesAt: i => Promise.resolve(inputs.subarray(i * size, (i + 1) * size)),
  };
}
