import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/data/dataset';
import { readIdx } from '../../../src/data/idx';
import { loadData } from '../../../src/data/load';
import { ExperimentError } from '../../../src/shared/experiment';
import { folder, good, gzipped, idx, images, labels } from './idxFiles';

const load = (directory: string, more: object = {}) => loadData({ format: 'idx', directory, ...more }, '/');

function without(name: string): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(good).filter(([other]) => other !== name));
}

describe('loading idx files', () => {
  it('reads plain files as bytes, with a tenth of the training data held back', async () => {
    const data = await load(folder(good));
    expect(data.inputShape).toEqual([4, 4, 1]);
    expect(data.classes).toBe(3);
    expect([data.training.count, data.validation.count, data.test.count]).toEqual([18, 2, 6]);
    expect(data.training.inputs).toBeInstanceOf(Uint8Array);
    expect(data.training.inputs).toHaveLength(18 * 16);
  });

  it('keeps every image with its label, each in one split only', async () => {
    const { training, validation } = await load(folder(good), { validation: 7 });
    const seen: number[] = [];
    for (const split of [training, validation]) {
      for (let i = 0; i < split.count; i++) {
        const pixels = split.inputs.subarray(i * 16, (i + 1) * 16);
        expect(new Set(pixels).size).toBe(1);
        expect(split.labels[i]).toBe(pixels[0]! % 3);
        seen.push(pixels[0]!);
      }
    }
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('holds examples of every class back even where the file is sorted by class', async () => {
    const sorted = { ...good, 'train-images-idx3-ubyte': images(200), 'train-labels-idx1-ubyte': sortedLabels(200, 4) };
    const { validation, training } = await load(folder(sorted), { validation: 40 });
    expect(new Set(validation.labels)).toEqual(new Set([0, 1, 2, 3]));
    expect(new Set(training.labels)).toEqual(new Set([0, 1, 2, 3]));
  });

  it('gives the same data set, fingerprint too, from gzipped files and from the names with a dot', async () => {
    const plain = await load(folder(good));
    const dotted = Object.entries(good).map(([name, bytes]) => [name.replace(/-(idx\d)/, '.$1'), bytes] as const);
    for (const files of [gzipped(good), Object.fromEntries(dotted)]) {
      const other = await load(folder(files));
      expect(other.fingerprint).toBe(plain.fingerprint);
      expect(other.training).toEqual(plain.training);
      expect(other.test).toEqual(plain.test);
    }
  });

  it('standardises by the training part alone, in values from 0 to 1', async () => {
    const { training, mean, std } = await load(folder(good), { validation: 5 });
    const values = Array.from(training.inputs as Uint8Array, value => value / 255);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
    expect(mean).toHaveLength(1);
    expect(mean[0]).toBeCloseTo(average, 12);
    expect(std[0]).toBeCloseTo(Math.sqrt(variance), 12);
  });

  it('takes a deviation of 1 where all pixels are equal', async () => {
    const flat = { ...good, 'train-images-idx3-ubyte': idx([20, 4, 4], new Uint8Array(320).fill(255)) };
    const { mean, std } = await load(folder(flat));
    expect([mean, std]).toEqual([[1], [1]]);
  });

  it('takes mean and deviation from the configuration where they are given', async () => {
    const { mean, std } = await load(folder(good), { mean: 0.1307, std: [0.3081] });
    expect([mean, std]).toEqual([[0.1307], [0.3081]]);
  });

  it('changes the fingerprint with the data, the split and the standardisation', async () => {
    const other = Buffer.from(good['train-images-idx3-ubyte']!);
    other[other.length - 1]! ^= 1;
    const all = await Promise.all([
      load(folder(good)),
      load(folder({ ...good, 'train-images-idx3-ubyte': other })),
      load(folder(good), { validation: 3 }),
      load(folder(good), { mean: 0.5 }),
      load(folder(good), { std: 0.5 }),
    ]);
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(all.length);
  });

  it('knows at least two classes', async () => {
    const one = { ...good, 'train-labels-idx1-ubyte': labels(20, 1), 't10k-labels-idx1-ubyte': labels(6, 1) };
    expect((await load(folder(one))).classes).toBe(2);
  });

  it('takes a directory relative to the experiment file', async () => {
    const directory = folder(good);
    const data = await loadData({ format: 'idx', directory: path.basename(directory) }, path.dirname(directory));
    expect(data.training.count).toBe(18);
  });
});

function sortedLabels(count: number, classes: number): Buffer {
  return idx(
    [count],
    Uint8Array.from({ length: count }, (_, i) => Math.floor((i * classes) / count)),
  );
}

const trainImages = 'train-images-idx3-ubyte';
const trainLabels = 'train-labels-idx1-ubyte';
const zipped = gzipSync(good[trainImages]!);
const lying = idx([2 ** 20, 28, 28], new Uint8Array(100));
const badChecksum = Buffer.from(zipped);
badChecksum[badChecksum.length - 8]! ^= 0xff;
const badBlock = Buffer.from(zipped);
badBlock[10] = 0xff;

/** What is in the folder, and what the person reads. */
const refusals: readonly [string, Record<string, Uint8Array>, string, RegExp][] = [
  [
    'a missing file',
    without(trainImages),
    trainImages,
    /there is no such file, nor train-images-idx3-ubyte\.gz, in .*"data\.directory"/,
  ],
  ['missing test labels', without('t10k-labels-idx1-ubyte'), 't10k-labels-idx1-ubyte', /there is no such file/],
  [
    'an empty file',
    { ...good, [trainImages]: new Uint8Array(0) },
    trainImages,
    /truncated: 0 bytes are too few for an idx file of images/,
  ],
  [
    'a truncated file',
    { ...good, [trainImages]: good[trainImages]!.subarray(0, -1) },
    trainImages,
    /truncated: its header announces 336 bytes \(20×4×4\), but it holds 335/,
  ],
  [
    'trailing bytes',
    { ...good, [trainImages]: Buffer.concat([good[trainImages]!, Buffer.of(0)]) },
    trainImages,
    /more than the 336 bytes its header announces/,
  ],
  [
    'something else',
    { ...good, [trainImages]: Buffer.from('<!DOCTYPE html><html></html>') },
    trainImages,
    /not an idx file of images: it starts with 3c21444f, not 00000803/,
  ],
  [
    'floats',
    { ...good, [trainImages]: idx([20, 4, 4], new Uint8Array(1280), 0x0d) },
    trainImages,
    /holds 32-bit floats; only unsigned bytes/,
  ],
  [
    'labels for images',
    { ...good, [trainImages]: labels(20) },
    trainImages,
    /1 dimensions, not 3; are images and labels swapped/,
  ],
  ['no examples', { ...good, [trainImages]: images(0) }, trainImages, /is empty: its header announces 0×4×4/],
  [
    'a header too large to be true',
    { ...good, [trainImages]: idx([2 ** 31, 2 ** 31, 2 ** 31], new Uint8Array(4)) },
    trainImages,
    /announces 2147483648×2147483648×2147483648 values/,
  ],
  [
    'a gzip file that ends early',
    { ...good, [trainImages]: zipped.subarray(0, -12) },
    trainImages,
    /truncated: the gzip stream ends too early/,
  ],
  [
    'a gzip file with a wrong checksum',
    { ...good, [trainImages]: badChecksum },
    trainImages,
    /corrupt: gzip says "incorrect data check"/,
  ],
  ['a gzip file with a broken block', { ...good, [trainImages]: badBlock }, trainImages, /corrupt: gzip says/],
  [
    'a gzip file with trailing idx bytes',
    { ...good, [trainImages]: gzipSync(Buffer.concat([good[trainImages]!, Buffer.alloc(9)])) },
    trainImages,
    /more than the 336 bytes/,
  ],
  [
    'a gzip file that cannot hold what it announces',
    { ...good, [trainImages]: gzipSync(lying) },
    trainImages,
    /announces 822083600 bytes, more than \d+ gzipped bytes can hold/,
  ],
  [
    'a gzip file with too little in it',
    { ...good, [trainImages]: gzipSync(good[trainImages]!.subarray(0, -1)) },
    trainImages,
    /truncated: its header announces 336 bytes/,
  ],
  [
    'fewer labels than images',
    { ...good, [trainLabels]: labels(19) },
    trainLabels,
    /holds 19 labels, but train-images-idx3-ubyte holds 20 images/,
  ],
  [
    'test labels beyond the classes',
    { ...good, 't10k-labels-idx1-ubyte': labels(6, 5) },
    't10k-labels-idx1-ubyte',
    /label 3 is 3, but the training labels only go up to 2/,
  ],
  [
    'test images of another size',
    { ...good, 't10k-images-idx3-ubyte': idx([6, 4, 5], new Uint8Array(120)) },
    't10k-images-idx3-ubyte',
    /4×5 pixels, but the training images have 4×4/,
  ],
];

describe('refusing', () => {
  it.each(refusals)('%s', async (_, files, name, text) => {
    const directory = folder(files);
    const error: unknown = await load(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).file).toBe(path.join(directory, name));
    expect((error as DataError).message).toMatch(text);
  });

  it('a folder that is not there', async () => {
    await expect(load('/nowhere/mnist')).rejects.toThrow('/nowhere/mnist: there is no such folder; "data.directory"');
  });

  it('to hold everything back', async () => {
    const error: unknown = await load(folder(good), { validation: 20 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ field: 'data.validation' });
  });

  it('a mean for another number of channels', async () => {
    const error: unknown = await load(folder(good), { mean: [1, 2, 3] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ field: 'data.mean', reason: 'has 3 values, but the data has 1 channel' });
  });
});

describe('any damage to a file', () => {
  it.each([
    ['plain', good[trainImages]!],
    ['gzipped', zipped],
  ])('%s: gives a data error, or values as many as announced', async (_, bytes) => {
    const file = path.join(folder({}), 'damaged');
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(bytes.length), async (edits, length) => {
        const damaged = Buffer.from(bytes.subarray(0, length + 16));
        for (const [at, value] of edits) if (at < damaged.length) damaged[at] = value;
        writeFileSync(file, damaged);
        try {
          const { shape, data } = await readIdx(file, 3);
          expect(data).toHaveLength(shape.reduce((product, n) => product * n, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('MNIST', () => {
  const directory = path.resolve(__dirname, '../../../../shared/data/mnist');
  const there = existsSync(directory);
  it.runIf(there)('loads whole, with the mean and deviation everybody uses', { timeout: 30_000 }, async () => {
    const data = await load(directory, { validation: 5000 });
    expect([data.training.count, data.validation.count, data.test.count]).toEqual([55_000, 5_000, 10_000]);
    expect(data.classes).toBe(10);
    expect(data.mean[0]).toBeCloseTo(0.1307, 3);
    expect(data.std[0]).toBeCloseTo(0.3081, 3);
    // the first test image is a 7
    expect(data.test.labels[0]).toBe(7);
  });
  it.skipIf(there)(`is not tested: there is no ${directory}`, () => undefined);
});
