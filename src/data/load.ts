/** Turns the `data` of an experiment into a data set: in memory, or where it is too large for that in files. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { ExperimentError, type DataConfig, type Loss } from '../shared/experiment';
import { readCifar10, readCifar100 } from './cifar';
import { readCsv } from './csv';
import type { DecodedCache } from './cache';
import { DataError, type DataSet, type DataSource, type Split } from './dataset';
import { drawDigits } from './digits';
import { readImageFolders } from './imageFolders';
import { readImageFiles } from './mnist';
import { readNpy, readNpz } from './numpy';
import { readParquet } from './parquetData';
import { readSafetensors } from './safetensorsData';
import { holdOut } from './split';
import { standardisation } from './standardisation';
import { defaultMemory, type Storage } from './storage';
import { inputPieces } from './stored';

const defaultTestShare = 0.2;

export interface LoadOptions {
  /** That the data is for: tells whether labels that may be either are classes or numbers to predict. */
  readonly loss?: Loss;
  /** Keeps decoded examples between starts; null: nowhere. */
  readonly cache?: DecodedCache | null;
}

/**
 * Loads and splits a data set. Paths are relative to `baseDirectory`, the folder of the experiment file.
 * @throws DataError where a file cannot be used, ExperimentError where the configuration does not fit the data
 */
export async function loadData(
  config: DataConfig,
  baseDirectory: string,
  { loss = 'cross-entropy', cache = null }: LoadOptions = {},
): Promise<DataSet> {
  const mebibytes = 'memory' in config ? config.memory : undefined;
  const memory = mebibytes === undefined ? defaultMemory() : mebibytes * 2 ** 20;
  const { name, ...source } = await read(config, baseDirectory, loss, { cache, memory });
  const { rest, test } = withTest(source, 'testShare' in config ? config.testShare : undefined, name);
  const channels = source.inputShape.at(-1)!;
  const { training, validation } = withValidation(rest, source.validation ?? null, config.validation);
  const measured = config.mean === undefined || config.std === undefined ? standardisation(training, channels) : null;
  const mean = perChannel('data.mean', config.mean, channels) ?? measured!.mean;
  const std = perChannel('data.std', config.std, channels) ?? measured!.std;

  const { inputShape, classes, labelNames, task = 'classification' } = source;
  const counts = [training.count, validation.count, test.count];
  const hash = createHash('sha256').update(
    JSON.stringify({ inputShape, classes, mean, std, counts, ...typesOf(training) }),
  );
  for (const part of [training, validation, test]) {
    for (const piece of inputPieces(part)) hash.update(piece);
    hash.update(part.labels);
  }
  return {
    name,
    inputShape,
    task,
    classes,
    ...(labelNames && areNames(labelNames) && { labelNames }),
    training,
    validation,
    test,
    mean,
    std,
    fingerprint: hash.digest('hex'),
  };
}

/** Labels that are numbers in order from 0 say no more than the number of a class. */
function areNames(names: readonly string[]): boolean {
  return names.some((name, number) => name !== String(number));
}

/** What is not bytes says so, so that the same bytes in memory are another data set. */
function typesOf({ inputs, labels }: Split): object {
  return {
    ...(inputs instanceof Float32Array && { inputs: 'float32' }),
    ...(labels instanceof Int32Array && { labels: 'int32' }),
    ...(labels instanceof Float32Array && { labels: 'float32' }),
  };
}

async function read(
  config: DataConfig,
  baseDirectory: string,
  loss: Loss,
  storage: Storage,
): Promise<DataSource & { readonly name: string }> {
  const at = (relative: string): string => path.resolve(baseDirectory, relative);
  switch (config.format) {
    case 'idx': {
      const directory = at(config.directory);
      return { name: `${path.basename(directory)} (idx)`, ...(await readImageFiles(directory, storage)) };
    }
    case 'cifar10': {
      const directory = at(config.directory);
      return { name: `${path.basename(directory)} (CIFAR-10)`, ...(await readCifar10(directory, storage)) };
    }
    case 'cifar100': {
      const directory = at(config.directory);
      return {
        name: `${path.basename(directory)} (CIFAR-100)`,
        ...(await readCifar100(directory, config.labels, storage)),
      };
    }
    case 'digits':
      return {
        name: 'digits (built in)',
        inputShape: [28, 28, 1],
        classes: 10,
        training: drawDigits('training', config.training),
        test: drawDigits('test', config.test),
      };
    case 'csv':
      return { name: `${path.basename(config.file)} (CSV)`, ...(await readCsv(config, at, loss)) };
    case 'images': {
      const directory = at(config.directory);
      return { name: `${path.basename(directory)} (images)`, ...(await readImageFolders(directory, config, storage)) };
    }
    case 'parquet': {
      const place = at(config.path);
      return { name: `${path.basename(place)} (Parquet)`, ...(await readParquet(place, config, storage)) };
    }
    case 'npz':
      return {
        name: `${path.basename(config.file)} (NumPy)`,
        ...(await readNpz(at(config.file), config, loss, storage)),
      };
    case 'safetensors':
      return {
        name: `${path.basename(config.file)} (safetensors)`,
        ...(await readSafetensors(at(config.file), config, loss, storage)),
      };
    case 'npy': {
      const { trainingInputs } = config.files;
      return { name: `${path.basename(trainingInputs)} (NumPy)`, ...(await readNpy(config, at, loss, storage)) };
    }
  }
}

/** @throws ExperimentError where a share is asked for though there are test data, DataError where there is but one example */
function withTest(
  { training, test }: DataSource,
  share: number | undefined,
  name: string,
): { readonly rest: Split; readonly test: Split } {
  if (test) {
    if (share === undefined) return { rest: training, test };
    throw new ExperimentError('data.testShare', 'holds nothing out, since there are test data already: remove it');
  }
  if (training.count < 2) throw new DataError(name, 'holds one example; at least two are needed to train and to test');
  const wanted = Math.round(training.count * (share ?? defaultTestShare));
  const { rest, held } = holdOut(training, Math.min(training.count - 1, Math.max(1, wanted)), 'test');
  return { rest, test: held };
}

/** @throws ExperimentError where examples are to be held back though there are validation data, or none would be left */
function withValidation(
  rest: Split,
  own: Split | null,
  wanted: number | undefined,
): { readonly training: Split; readonly validation: Split } {
  if (!own) {
    const { rest: training, held: validation } = holdOut(rest, validationCount(wanted, rest.count), 'validation');
    return { training, validation };
  }
  if (wanted === undefined) return { training: rest, validation: own };
  throw new ExperimentError(
    'data.validation',
    'holds nothing back, since there are validation data already: remove it',
  );
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
