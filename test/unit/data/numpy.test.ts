import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { ExperimentError } from '../../../src/shared/experiment';
import { npyBytes, zipBytes } from '../../support/checkpoints';
import { folder, good } from './idxFiles';
import { images, keras, labels, npy, npz } from './numpyFiles';

const loadFile = (directory: string, more: object = {}) =>
  loadData({ format: 'npz', file: 'data.npz', ...more }, directory);
const load = (arrays: Readonly<Record<string, Uint8Array>>, more: object = {}) =>
  loadFile(folder({ 'data.npz': npz(arrays) }), more);
const range = (length: number, value: (i: number) => number = i => i) =>
  Float32Array.from({ length }, (_, i) => value(i));

describe('loading .npz files', () => {
  it('reads the arrays of Keras as the same data set, fingerprint too, that idx files of the same content are', async () => {
    const data = await load(keras);
    expect(data).toMatchObject({ name: 'data.npz (NumPy)', inputShape: [4, 4, 1], classes: 3 });
    expect([data.training.count, data.validation.count, data.test.count]).toEqual([18, 2, 6]);
    expect(data.training.inputs).toBeInstanceOf(Uint8Array);
    const same = await loadData({ format: 'idx', directory: folder(good) }, '/');
    expect(data.fingerprint).toBe(same.fingerprint);
  });

  it('reads compressed ones too', async () => {
    const compressed = await loadFile(folder({ 'data.npz': npz(keras, true) }));
    expect(compressed.fingerprint).toBe((await load(keras)).fingerprint);
  });

  it.each([
    [['train_images', 'train_labels', 'test_images', 'test_labels']],
    [['X_train', 'y_train', 'X_test', 'y_test']],
    [['x', 'y', 'x_test', 'y_test']],
  ])('finds arrays by other usual names: %s', async names => {
    const renamed = Object.fromEntries(Object.values(keras).map((bytes, i) => [names[i]!, bytes]));
    expect((await load({ ...renamed, extra: labels(1) })).fingerprint).toBe((await load(keras)).fingerprint);
  });

  it('takes the names that the experiment gives', async () => {
    const arrays = { trainingInputs: 'a', trainingLabels: 'b', testInputs: 'c', testLabels: 'd' };
    const renamed = { a: keras['x_train']!, b: keras['y_train']!, c: keras['x_test']!, d: keras['y_test']! };
    expect((await load(renamed, { arrays })).fingerprint).toBe((await load(keras)).fingerprint);
  });

  it('takes floats as they are and standardises each feature of vectors by the training part', async () => {
    const values = range(40, i => (i % 2 === 0 ? i : 1000 + (i % 4)));
    const data = await load({ x_train: npy([20, 2], values), y_train: labels(20) }, { validation: 4 });
    expect(data.inputShape).toEqual([2]);
    expect(data.training.inputs).toBeInstanceOf(Float32Array);
    const { inputs, count } = data.training;
    for (const feature of [0, 1]) {
      const column = Array.from({ length: count }, (_, i) => inputs[2 * i + feature]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / count;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      expect(data.mean[feature]).toBeCloseTo(mean, 9);
      expect(data.std[feature]).toBeCloseTo(Math.sqrt(variance), 9);
    }
  });

  it('takes a deviation of 1 for a feature that is constant, whatever rounding leaves', async () => {
    const data = await load({
      x_train: npy(
        [20, 2],
        range(40, i => (i % 2 === 0 ? i : 0.1)),
      ),
      y_train: labels(20),
    });
    expect(data.std[1]).toBe(1);
  });

  it('holds a fifth out for testing where there are no test arrays, each example with its label in one split only', async () => {
    const arrays = { x_train: npy([50, 1], range(50)), y_train: labels(50) };
    const data = await load(arrays);
    expect([data.training.count, data.validation.count, data.test.count]).toEqual([36, 4, 10]);
    const seen: number[] = [];
    for (const split of [data.training, data.validation, data.test]) {
      for (let i = 0; i < split.count; i++) {
        expect(split.labels[i]).toBe(split.inputs[i]! % 3);
        seen.push(split.inputs[i]!);
      }
    }
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect((await load(arrays, { testShare: 0.5 })).test.count).toBe(25);
    expect((await load(arrays)).fingerprint).toBe(data.fingerprint);
  });

  it('reads one-hot labels and labels in a column as class numbers', async () => {
    const oneHot = (count: number) =>
      npy(
        [count, 3],
        range(3 * count, i => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
      );
    const column = npy([6, 1], Int32Array.from([0, 1, 2, 0, 1, 2]));
    const data = await load({ ...keras, y_train: oneHot(20), y_test: column });
    expect(data.fingerprint).toBe((await load(keras)).fingerprint);
  });

  it('keeps labels of more than 256 classes as 32-bit integers', async () => {
    const numbers = Int32Array.from({ length: 300 }, (_, i) => i);
    const data = await load({ x_train: npy([300, 1], range(300)), y_train: npy([300], numbers) });
    expect(data.classes).toBe(300);
    for (const split of [data.training, data.validation, data.test]) {
      expect(split.labels).toBeInstanceOf(Int32Array);
      expect(Array.from(split.labels)).toEqual(Array.from(split.inputs));
    }
  });

  it('reads a column-major array as the same values', async () => {
    const rows = range(40);
    const columns = range(40, i => rows[(i % 20) * 2 + Math.floor(i / 20)]!);
    const [plain, turned] = await Promise.all([
      load({ x_train: npy([20, 2], rows), y_train: labels(20) }),
      load({ x_train: npy([20, 2], columns, true), y_train: labels(20) }),
    ]);
    expect(turned.fingerprint).toBe(plain.fingerprint);
  });
});

describe('the axis of the channels', () => {
  const last = npy(
    [2, 2, 2, 3],
    Uint8Array.from({ length: 24 }, (_, i) => i),
  );
  // [example][row][column][channel] → [example][channel][row][column]
  const turned = Array.from({ length: 24 }, (_, i) => 12 * Math.floor(i / 12) + 3 * (i % 4) + (Math.floor(i / 4) % 3));
  const first = npy([2, 3, 2, 2], Uint8Array.from(turned));
  const y = labels(2, 2);
  const split = (x: Uint8Array) => ({ x_train: x, y_train: y, x_test: x, y_test: y });
  const plain = { validation: 0 };

  it('is the last, or said to be the first, or the only short one', async () => {
    const data = await load(split(last), plain);
    expect(data.inputShape).toEqual([2, 2, 3]);
    const said = await load(split(first), { ...plain, channels: 'first' });
    expect(said.inputShape).toEqual([2, 2, 3]);
    expect(said.fingerprint).toBe(data.fingerprint);
    const wide = npy([2, 3, 5, 6], new Uint8Array(180));
    expect((await load(split(wide), plain)).inputShape).toEqual([5, 6, 3]);
    expect((await load(split(wide), { ...plain, channels: 'last' })).inputShape).toEqual([3, 5, 6]);
  });
});

describe('loading .npy files', () => {
  const files = { trainingInputs: 'x.npy', trainingLabels: 'y.npy' };
  it('reads one for each array, with test files or a share held out', async () => {
    const directory = folder({
      'x.npy': keras['x_train']!,
      'y.npy': keras['y_train']!,
      'tx.npy': keras['x_test']!,
      'ty.npy': keras['y_test']!,
    });
    const data = await loadData(
      { format: 'npy', files: { ...files, testInputs: 'tx.npy', testLabels: 'ty.npy' } },
      directory,
    );
    expect(data.fingerprint).toBe((await load(keras)).fingerprint);
    expect((await loadData({ format: 'npy', files }, directory)).test.count).toBe(4);
  });

  it('names the file that is missing, is something else or is cut short', async () => {
    const directory = folder({
      'x.npy': images(20).subarray(0, -1),
      'y.npy': labels(20),
      'text.npy': Buffer.from('no array at all'),
    });
    const error = (more: object) =>
      loadData({ format: 'npy', files: { ...files, ...more } }, directory).catch((reason: unknown) => reason);
    const cut = (await error({})) as DataError;
    expect(cut).toBeInstanceOf(DataError);
    expect(cut.message).toMatch(/x\.npy: shape \[20, 4, 4\] of U8 needs 320 bytes, but 319 follow/);
    expect(((await error({ trainingInputs: 'z.npy' })) as DataError).message).toMatch(/z\.npy: there is no such file/);
    expect(((await error({ trainingInputs: 'text.npy' })) as DataError).message).toMatch(
      /text\.npy: not a \.npy array/,
    );
  });
});

const nan = range(20 * 4, i => (i === 30 ? Number.NaN : i));
/** Arrays, and what the person reads. */
const refusals: readonly [string, Readonly<Record<string, Uint8Array>>, RegExp][] = [
  [
    'no known names',
    { a: images(3) },
    /holds no x_train with y_train, nor other usual names, but "a"; say in "data.arrays"/,
  ],
  ['an empty archive', {}, /bytes are|no arrays at all|zip/],
  ['test inputs without labels', { ...without('y_test') }, /there are test inputs but no test labels/],
  ['fewer labels than inputs', { ...keras, y_train: labels(19) }, /y_train: holds 19 labels, but x_train holds 20/],
  ['a negative label', { ...keras, y_test: npy([6], Int8Array.from([0, 1, -2, 0, 0, 0])) }, /y_test: label 2 is -2/],
  [
    'a label that is no whole number',
    {
      ...keras,
      y_test: npy(
        [6],
        range(6, i => i / 2),
      ),
    },
    /y_test: label 1 is 0.5/,
  ],
  ['an enormous label', { ...keras, y_test: npy([6], Int32Array.of(0, 0, 0, 0, 0, 1e9)) }, /label 5 is 1000000000/],
  [
    'a test label of no class',
    { ...keras, y_test: labels(6, 5) },
    /y_test: label 3 is 3, but the training labels only go/,
  ],
  [
    'a class without examples',
    {
      ...keras,
      y_train: npy(
        [20],
        Uint8Array.from({ length: 20 }, (_, i) => 1 + (i % 3)),
      ),
    },
    /y_train: no training example has the label 0, though the labels go up to 3; number the classes from 0/,
  ],
  [
    'labels of two ones',
    {
      ...keras,
      y_train: npy(
        [20, 3],
        range(60, () => 1),
      ),
    },
    /label 0 is not one-hot: it has more/,
  ],
  [
    'labels without a one',
    {
      ...keras,
      y_train: npy(
        [20, 3],
        range(60, () => 0),
      ),
    },
    /label 0 is not one-hot: it has no 1/,
  ],
  [
    'labels of probabilities',
    {
      ...keras,
      y_train: npy(
        [20, 2],
        range(40, () => 0.5),
      ),
    },
    /not one-hot: it has 0.5/,
  ],
  ['labels of three axes', { ...keras, y_train: npy([20, 1, 1], range(20)) }, /y_train: has the shape \[20, 1, 1\]/],
  [
    'inputs of one axis',
    { ...keras, x_train: npy([20], range(20)) },
    /x_train: has the shape \[20\]; inputs are N×feat/,
  ],
  ['inputs of five axes', { ...keras, x_train: npy([20, 1, 1, 1, 1], range(20)) }, /has the shape \[20, 1, 1, 1, 1\]/],
  [
    'no examples',
    { ...keras, x_train: npy([0, 4, 4], range(0)), y_train: labels(0) },
    /x_train: is empty: its shape is/,
  ],
  ['too many features', { ...keras, x_train: npy([1, 70_000], new Uint8Array(70_000)) }, /70000 features; up to 65536/],
  [
    'a value that is no number',
    { x_train: npy([20, 4], nan), y_train: labels(20) },
    /x_train: the value at \[7, 2\] is NaN, not a finite float32; replace it/,
  ],
  [
    'a value beyond float32',
    { x_train: npy([2, 1], Float64Array.of(1, 1e300)), y_train: labels(2) },
    /the value at \[1, 0\] is 1e\+300/,
  ],
  [
    'test inputs of another shape',
    { ...keras, x_test: npy([6, 4, 5], new Uint8Array(120)) },
    /shape 4×5×1, but training/,
  ],
  [
    'test inputs of another type',
    { ...keras, x_test: npy([6, 4, 4], range(96)) },
    /test inputs are floats, but training/,
  ],
  [
    'text',
    { ...keras, y_train: npyBytes("{'descr': '<U3', 'fortran_order': False, 'shape': (20,), }", new Uint8Array(240)) },
    /not one of numbers/,
  ],
  [
    'Python objects',
    { ...keras, y_train: npyBytes("{'descr': '|O', 'fortran_order': False, 'shape': (20,), }", new Uint8Array(240)) },
    /nothing is executed here/,
  ],
  [
    'more values than there are',
    {
      ...keras,
      x_train: npyBytes("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000), }", new Uint8Array(9)),
    },
    /needs 1000000000000 bytes, but 9 follow/,
  ],
];

function without(name: string): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(keras).filter(([other]) => other !== name));
}

describe('refusing', () => {
  it.each(refusals)('%s', async (_, arrays, text) => {
    const directory = folder({ 'data.npz': npz(arrays) });
    const error: unknown = await loadFile(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).file).toBe(path.join(directory, 'data.npz'));
    expect((error as DataError).message).toMatch(text);
  });

  it('an array that the experiment names and the file lacks', async () => {
    const arrays = { trainingInputs: 'images', trainingLabels: 'y_train' };
    await expect(load(keras, { arrays })).rejects.toThrow(
      /holds no array "images", only "x_train", "y_train", "x_test", "y_test"; correct "data.arrays"/,
    );
  });

  it('an entry that claims more than deflate can hold', async () => {
    const bomb = zipBytes([
      { name: 'x_train.npy', data: images(20), deflate: true, forged: { size: 2 ** 31 } },
      { name: 'y_train.npy', data: labels(20) },
    ]);
    const error: unknown = await loadFile(folder({ 'data.npz': bomb })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(/more than deflate can hold/);
  });

  it('a share for testing where there are test arrays', async () => {
    const error: unknown = await load(keras, { testShare: 0.1 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ field: 'data.testShare' });
  });
});
