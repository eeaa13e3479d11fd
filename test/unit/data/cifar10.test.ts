import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCifar10 } from '../../../src/data/cifar';
import { DataError } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { batch } from './cifarFiles';
import { folder, resident, gzipped } from './idxFiles';

const load = (directory: string, more: object = {}) => loadData({ format: 'cifar10', directory, ...more }, '/');

const good = {
  'data_batch_1.bin': batch([0, 1, 2]),
  'data_batch_2.bin': batch([3, 4]),
  'data_batch_10.bin': batch([5]),
  'test_batch.bin': batch([9, 8]),
  'readme.html': Buffer.from('other files are left alone'),
};

describe('CIFAR-10', () => {
  it('reads batches in the order of their numbers, pixels with their colours side by side', async () => {
    const { inputShape, classes, training, test } = await readCifar10(folder(good), resident);
    expect([inputShape, classes]).toEqual([[32, 32, 3], 10]);
    expect(Array.from(training.labels)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(Array.from(test.labels)).toEqual([9, 8]);
    const image = training.inputs.subarray(2 * 3072, 3 * 3072);
    expect(Array.from(image.subarray(0, 6))).toEqual([2, 52, 102, 3, 53, 103]);
    expect(Array.from(image.subarray(3 * 1023))).toEqual([(1023 + 2) % 256, (1023 + 52) % 256, (1023 + 102) % 256]);
  });

  it('gives the same data set, fingerprint too, from gzipped files', async () => {
    const plain = await load(folder(good));
    expect((await load(folder(gzipped(good)))).fingerprint).toBe(plain.fingerprint);
  });

  it('takes a plain file before the gzipped one of the same name', async () => {
    const both = { ...good, 'data_batch_1.bin.gz': gzipSync(batch([7])) };
    expect((await readCifar10(folder(both), resident)).training.count).toBe(6);
  });

  it('standardises each channel by the training part alone', async () => {
    const files = { ...good, 'test_batch.bin': Buffer.from(good['test_batch.bin']).fill(9) };
    const { training, validation, mean, std } = await load(folder(files), { validation: 2 });
    expect([training.count, validation.count]).toEqual([4, 2]);
    for (const channel of [0, 1, 2]) {
      const values = Array.from(training.inputs).filter((_, i) => i % 3 === channel);
      const average = values.reduce((sum, value) => sum + value / 255, 0) / values.length;
      expect(mean[channel]).toBeCloseTo(average, 10);
      const variance = values.reduce((sum, value) => sum + (value / 255 - average) ** 2, 0) / values.length;
      expect(std[channel]).toBeCloseTo(Math.sqrt(variance), 10);
    }
  });

  it('standardises by what is given, three values or one', async () => {
    const { mean, std } = await load(folder(good), { mean: [0.49, 0.48, 0.45], std: 0.2 });
    expect([mean, std]).toEqual([
      [0.49, 0.48, 0.45],
      [0.2, 0.2, 0.2],
    ]);
    await expect(load(folder(good), { mean: [0.1, 0.2] })).rejects.toThrow(/data.mean: has 2 values.*3 channels/);
  });
});

/** Files, the one that is wrong, and what the person reads. */
const one = (bytes: Buffer) => ({ ...good, 'data_batch_2.bin': bytes });
const refusals: readonly [string, Readonly<Record<string, Buffer>>, string, RegExp][] = [
  [
    'a truncated file',
    one(batch([1, 2]).subarray(0, 6000)),
    'data_batch_2.bin',
    /truncated.*6000 bytes are no whole number of records of 3073/,
  ],
  ['an empty file', one(Buffer.alloc(0)), 'data_batch_2.bin', /is empty/],
  [
    'a label beyond the classes',
    one(batch([1, 10])),
    'data_batch_2.bin',
    /label 1 is 10, but CIFAR-10 has the classes 0 to 9/,
  ],
  [
    'CIFAR-100',
    { 'train.bin': batch([1]), 'test.bin': batch([1]) },
    'data_batch_1.bin',
    /no such file, nor data_batch_1.bin.gz/,
  ],
  ['no test data', { 'data_batch_1.bin': batch([1]) }, 'test_batch.bin', /no such file, nor test_batch.bin.gz/],
  ['a truncated gzip file', one(gzipSync(batch([1, 2])).subarray(0, -100)), 'data_batch_2.bin', /truncated/],
  ['a corrupt gzip file', one(corrupt(gzipSync(batch([1, 2])))), 'data_batch_2.bin', /corrupt|truncated/],
  [
    'a gzip file of more than it says',
    one(claiming(batch([1, 2, 3]), 3073)),
    'data_batch_2.bin',
    /holds more than the 3073 bytes/,
  ],
  [
    'a gzip file that cannot hold what it says',
    one(claiming(batch([1]), 3073 * 100_000)),
    'data_batch_2.bin',
    /announces 307300000 bytes, more than \d+ gzipped bytes can hold/,
  ],
  ['a gzip file of less than it says', one(claiming(batch([1]), 2 * 3073)), 'data_batch_2.bin', /corrupt|truncated/],
  [
    'a gzip file of too much',
    one(claiming(batch([1]), 3073 * 400_000)),
    'data_batch_2.bin',
    /files of up to 1073741824 bytes/,
  ],
];

function corrupt(bytes: Buffer): Buffer {
  bytes.fill(0xff, 16, 30);
  return bytes;
}

/** A gzip file whose last four bytes, its size, are not true. */
function claiming(bytes: Buffer, size: number): Buffer {
  const zipped = gzipSync(bytes);
  zipped.writeUInt32LE(size, zipped.length - 4);
  return zipped;
}

describe('refusing', () => {
  it.each(refusals)('%s', async (_, files, name, text) => {
    const directory = folder(files);
    const error: unknown = await readCifar10(directory, resident).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).file).toBe(path.join(directory, name));
    expect((error as DataError).message).toMatch(text);
  });

  it('a folder that is not there, or is a file', async () => {
    const directory = folder({});
    await expect(readCifar10(path.join(directory, 'gone'), resident)).rejects.toThrow(
      /no such folder; "data.directory" names the folder with data_batch_1.bin/,
    );
    writeFileSync(path.join(directory, 'file'), '');
    await expect(readCifar10(path.join(directory, 'file'), resident)).rejects.toThrow(/is a file, not a folder/);
  });
});

const real = path.resolve(import.meta.dirname, '../../../../shared/data/cifar10');
describe.skipIf(!existsSync(real))('the sample of CIFAR-10 (skipped where ../shared/data/cifar10 is absent)', () => {
  it('has 10,000 training and 1,000 test images, with the known statistics of each channel', async () => {
    const { training, validation, test, mean, std } = await load(real, { validation: 1000 });
    expect([training.count, validation.count, test.count]).toEqual([9000, 1000, 1000]);
    const counts = new Array<number>(10).fill(0);
    for (const label of test.labels) counts[label]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(80);
    // of the whole set: .4914 .4822 .4465 and .2470 .2435 .2616
    expect(mean.map(value => value.toFixed(2))).toEqual(['0.49', '0.48', '0.45']);
    expect(std.map(value => value.toFixed(2))).toEqual(['0.25', '0.24', '0.26']);
  });
});
