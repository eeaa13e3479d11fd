import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { batch, records } from './cifarFiles';
import { folder, gzipped } from './idxFiles';

const good = {
  'train.bin': records([
    [19, 99],
    [0, 3],
    [4, 0],
  ]),
  'test.bin': records([[1, 50]]),
};
const load = (files: Readonly<Record<string, Buffer>>, labels: 'fine' | 'coarse' = 'fine') =>
  loadData({ format: 'cifar100', directory: folder(files), labels, validation: 0 }, '/');

describe('CIFAR-100', () => {
  it('reads the fine labels of a hundred classes, or the coarse ones of twenty, with the same pixels', async () => {
    const fine = await load(good);
    expect(fine).toMatchObject({ inputShape: [32, 32, 3], classes: 100 });
    expect([Array.from(fine.training.labels), Array.from(fine.test.labels)]).toEqual([[99, 3, 0], [50]]);
    const coarse = await load(good, 'coarse');
    expect(coarse.classes).toBe(20);
    expect([Array.from(coarse.training.labels), Array.from(coarse.test.labels)]).toEqual([[19, 0, 4], [1]]);
    expect(coarse.training.inputs).toEqual(fine.training.inputs);
    expect(Array.from(fine.training.inputs.subarray(3072, 3078))).toEqual([3, 53, 103, 4, 54, 104]);
  });

  it('gives the same data set, fingerprint too, from gzipped files', async () => {
    expect((await load(gzipped(good))).fingerprint).toBe((await load(good)).fingerprint);
  });

  it.each([
    ['CIFAR-10', { 'data_batch_1.bin': batch([1]) }, 'train.bin', /no such file, nor train.bin.gz.*CIFAR-100/],
    [
      'records of CIFAR-10',
      { ...good, 'train.bin': batch([1, 2]) },
      'train.bin',
      /6146 bytes are no whole number of records of 3074/,
    ],
    [
      'a fine label beyond the classes',
      { ...good, 'test.bin': records([[1, 100]]) },
      'test.bin',
      /label 0 is 100, but/,
    ],
  ] as const)('refuses %s', async (_, files, name, words) => {
    const error: unknown = await load(files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(path.basename((error as DataError).file)).toBe(name);
    expect((error as DataError).message).toMatch(words);
  });
});
