/** What a data set holds, told from headers and a bounded part of its files. */
import path from 'node:path';
import type { DataConfig } from '../../shared/dataConfig';
import { sampleLimits, type DataDescription, type HostToDescriber } from '../../shared/describeMessages';
import { lookAtCsv } from './csv';
import { lookAtCifar, lookAtDigits, lookAtIdx } from './imageSets';
import { lookAtImages } from './images';
import type { Look } from './looked';
import { lookAtNpy, lookAtNpz, lookAtSafetensors } from './numpy';
import { lookAtParquet } from './parquet';
import { sampleOf } from './sample';

type Request = Extract<HostToDescriber, { type: 'data' }>;

/** Where there are no test data; as src/data/load.ts divides. */
const defaultTestShare = 0.2;

/** @throws DataError, ExperimentError where the data cannot be used */
export async function describeData({ config, folder, wanted, sample }: Request): Promise<DataDescription> {
  const look = await lookAt(config, file => path.resolve(folder, file), wanted);
  const counts = classCounts(look);
  const classes = look.classes ?? Math.max(2, counts.length);
  return {
    config: look.config,
    data: { inputShape: look.inputShape, classes },
    task: look.task,
    training: look.training,
    test: look.test,
    exact: look.exact,
    splits: splitsOf(look),
    classNames: look.classNames,
    classCounts: look.task === 'regression' ? [] : Array.from({ length: classes }, (_, label) => counts[label] ?? 0),
    counted: look.labels.length,
    notes: look.notes,
    sample: sample ? await sampleOf(look) : null,
  };
}

function lookAt(
  config: DataConfig,
  at: (file: string) => string,
  wanted: readonly number[] | null,
): Promise<Look> | Look {
  switch (config.format) {
    case 'idx':
      return lookAtIdx(config, at(config.directory));
    case 'cifar10':
    case 'cifar100':
      return lookAtCifar(config, at(config.directory));
    case 'digits':
      return lookAtDigits(config);
    case 'npz':
      return lookAtNpz(config, at(config.file));
    case 'npy':
      return lookAtNpy(config, at);
    case 'safetensors':
      return lookAtSafetensors(config, at(config.file));
    case 'csv':
      return lookAtCsv(config, at);
    case 'images':
      return lookAtImages(config, at(config.directory), wanted);
    case 'parquet':
      return lookAtParquet(config, at(config.path), wanted);
  }
}

function classCounts({ labels }: Look): number[] {
  const counts: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= sampleLimits.classes) continue;
    while (counts.length <= label) counts.push(0);
    counts[label]!++;
  }
  return counts;
}

function splitsOf({ config, training, validation: own, test }: Look): DataDescription['splits'] {
  const share = 'testShare' in config ? config.testShare : undefined;
  const held = test ?? Math.min(training - 1, Math.max(1, Math.round(training * (share ?? defaultTestShare))));
  const rest = test === null ? training - held : training;
  if (own !== null) return { training: rest, validation: own, test: held };
  const validation = config.validation ?? Math.floor(rest / 10);
  return { training: rest - validation, validation, test: held };
}
