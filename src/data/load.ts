/** Turns the `data` of an experiment into a data set in memory. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { ExperimentError, type DataConfig } from '../shared/experiment';
import { readCifar10 } from './cifar10';
import type { DataSet } from './dataset';
import { drawDigits } from './digits';
import { readImageFiles, type ImageFiles } from './mnist';
import { holdOut, standardisation } from './split';

/**
 * Loads and splits a data set. Paths are relative to `baseDirectory`, the folder of the experiment file.
 * @throws DataError where a file cannot be used, ExperimentError where the configuration does not fit the data
 */
export async function loadData(config: DataConfig, baseDirectory: string): Promise<DataSet> {
  const source = await read(config, baseDirectory);
  const channels = source.inputShape[2];
  const held = validationCount(config.validation, source.training.count);
  const { training, validation } = holdOut(source.training, held);
  const measured =
    config.mean === undefined || config.std === undefined ? standardisation(training.inputs, channels) : null;
  const mean = perChannel('data.mean', config.mean, channels) ?? measured!.mean;
  const std = perChannel('data.std', config.std, channels) ?? measured!.std;

  const { inputShape, classes, test } = source;
  const hash = createHash('sha256').update(
    JSON.stringify({ inputShape, classes, mean, std, counts: [training.count, held, test.count] }),
  );
  for (const part of [training, validation, test]) hash.update(part.inputs).update(part.labels);
  return {
    name: source.name,
    inputShape,
    classes,
    training,
    validation,
    test,
    mean,
    std,
    fingerprint: hash.digest('hex'),
  };
}

async function read(config: DataConfig, baseDirectory: string): Promise<ImageFiles & { name: string }> {
  switch (config.format) {
    case 'idx': {
      const directory = path.resolve(baseDirectory, config.directory);
      return { name: `${path.basename(directory)} (idx)`, ...(await readImageFiles(directory)) };
    }
    case 'cifar10': {
      const directory = path.resolve(baseDirectory, config.directory);
      return { name: `${path.basename(directory)} (CIFAR-10)`, ...(await readCifar10(directory)) };
    }
    case 'digits':
      return {
        name: 'digits (built in)',
        inputShape: [28, 28, 1],
        classes: 10,
        training: drawDigits('training', config.training),
        test: drawDigits('test', config.test),
      };
  }
}

function validationCount(wanted: number | undefined, available: number): number {
  const count = wanted ?? Math.floor(available / 10);
  if (count >= available) {
    throw new ExperimentError(
      'data.validation',
      `holds ${count} examples back, but there are only ${available} training examples: at least one must be left to train on`,
    );
  }
  return count;
}

/** One value for all channels, or one each; null where the configuration leaves it out. */
function perChannel(field: string, value: number | number[] | undefined, channels: number): number[] | null {
  if (value === undefined) return null;
  if (typeof value === 'number') return new Array<number>(channels).fill(value);
  if (value.length !== channels) {
    throw new ExperimentError(
      field,
      `has ${value.length} values, but the data has ${channels} channel${channels === 1 ? '' : 's'}`,
    );
  }
  return value;
}
