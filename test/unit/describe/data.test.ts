import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { loadData } from '../../../src/data/load';
import { answer } from '../../../src/describe/answer';
import type { DataConfig } from '../../../src/shared/dataConfig';
import type { DataDescription } from '../../../src/shared/describeMessages';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { parquetFile } from '../../support/parquetFiles';
import { batch } from '../data/cifarFiles';
import { folder, good, gzipped } from '../data/idxFiles';
import { flat, tree } from '../data/imageFiles';
import { keras, npy, npz } from '../data/numpyFiles';

type Partly<T> = T extends { format: infer F } ? { format: F } & Partial<T> : never;

async function look(directory: string, config: Partly<DataConfig>, wanted: readonly number[] | null = null) {
  const whole = { ...(config.format === 'csv' && { ignore: [] }), ...config } as DataConfig;
  const said = await answer({ type: 'data', id: 1, config: whole, folder: directory, wanted, sample: true });
  if (said.type === 'failed') throw new Error(said.message);
  if (said.type !== 'data') throw new Error(said.type);
  return said.data;
}

/** What is said of the data is what the job will load. */
async function expectAsLoaded(directory: string, found: DataDescription): Promise<void> {
  const loss = found.task === 'regression' ? 'mean-squared-error' : 'cross-entropy';
  const data = await loadData(found.config, directory, { loss });
  expect(found.data).toEqual({ inputShape: data.inputShape, classes: data.classes });
  expect(found.task).toBe(data.task);
  const { training, validation, test } = data;
  expect(found.splits).toEqual({ training: training.count, validation: validation.count, test: test.count });
}

const pixels = (picture: string): number[][] => {
  const { data } = PNG.sync.read(Buffer.from(picture.replace('data:image/png;base64,', ''), 'base64'));
  return Array.from({ length: data.length / 4 }, (_, i) => [...data.subarray(4 * i, 4 * i + 3)]);
};
const pictures = ({ sample }: DataDescription) => (sample?.kind === 'images' ? sample.images : []);
const table = ({ sample }: DataDescription) => (sample?.kind === 'table' ? sample : null);

describe('image sets of bytes', () => {
  it.each([
    ['plain', good],
    ['gzipped', gzipped(good)],
  ])('idx, %s: shape, classes, splits, and pictures of every class', async (_, files) => {
    const directory = folder(files);
    const found = await look(directory, { format: 'idx', directory: '.' });
    await expectAsLoaded(directory, found);
    expect(found).toMatchObject({ training: 20, test: 6, exact: true, classCounts: [7, 7, 6], counted: 20 });
    const shown = pictures(found);
    expect(new Set(shown.map(({ label }) => label))).toEqual(new Set(['0', '1', '2']));
    // image i is full of the value i: that of class 0 comes first
    expect(pixels(shown[1]!.picture)).toEqual(Array.from({ length: 16 }, () => [3, 3, 3]));
  });

  it('CIFAR-10: counted by the size of its files, colours side by side', async () => {
    const directory = folder({
      'data_batch_1.bin': batch([3, 9, 3]),
      'data_batch_2.bin': batch([1]),
      'test_batch.bin': batch([0, 1]),
    });
    const found = await look(directory, { format: 'cifar10', directory: '.' });
    await expectAsLoaded(directory, found);
    expect(found).toMatchObject({ training: 4, test: 2, counted: 3 });
    expect(found.classCounts[3]).toBe(2);
    expect(pixels(pictures(found)[0]!.picture)[0]).toEqual([3, 53, 103]);
  });

  it('a file that is none says so', async () => {
    const directory = folder({ ...good, 'train-images-idx3-ubyte': Buffer.from('nonsense, and long enough') });
    await expect(look(directory, { format: 'idx', directory: '.' })).rejects.toThrow(/is not an idx file of images/);
  });
});

describe('arrays of NumPy', () => {
  it.each([false, true])('in an archive, deflated: %s', async deflated => {
    const directory = folder({ 'a.npz': npz(keras, deflated) });
    const found = await look(directory, { format: 'npz', file: 'a.npz' });
    await expectAsLoaded(directory, found);
    expect(pictures(found)).toHaveLength(20);
  });

  it('a file each, with channels first and floats, spread from black to white', async () => {
    const inputs = Float32Array.from({ length: 4 * 3 * 8 * 8 }, (_, i) => (i % 64 === 0 ? -1 : 3));
    const directory = folder({
      'x.npy': npy([4, 3, 8, 8], inputs),
      'y.npy': npy([4], Int32Array.of(0, 1, 0, 1)),
    });
    const files = { trainingInputs: 'x.npy', trainingLabels: 'y.npy' };
    const found = await look(directory, { format: 'npy', files });
    await expectAsLoaded(directory, found);
    expect(found.data.inputShape).toEqual([8, 8, 3]);
    expect(pixels(pictures(found)[0]!.picture).slice(0, 2)).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ]);
  });

  it('an archive of weights is none', async () => {
    const directory = folder({ 'w.npz': npz({ kernel: npy([2, 2], Float32Array.of(1, 2, 3, 4)) }) });
    await expect(look(directory, { format: 'npz', file: 'w.npz' })).rejects.toThrow(/holds no x_train.*"kernel"/);
  });
});

describe('tables', () => {
  const iris = ['sepal,petal,species', ...Array.from({ length: 30 }, (_, i) => `${i}.5,${i % 7},kind ${i % 3}`)];

  it('show their first lines with names of columns and classes', async () => {
    const directory = folder({ 'iris.csv': Buffer.from(iris.join('\n')) });
    const found = await look(directory, { format: 'csv', file: 'iris.csv' });
    await expectAsLoaded(directory, found);
    expect(found).toMatchObject({ classNames: ['kind 0', 'kind 1', 'kind 2'], classCounts: [10, 10, 10] });
    expect(table(found)).toMatchObject({ columns: ['sepal', 'petal'], columnCount: 2 });
    expect(table(found)!.rows[0]).toEqual({ label: 'kind 0', values: ['0.500', '0'] });
  });

  it('leave out columns of text, and say so', async () => {
    const lines = iris.map((line, i) => (i === 0 ? `id,${line}` : `n${i},${line}`));
    const directory = folder({ 'iris.csv': Buffer.from(lines.join('\n')) });
    const found = await look(directory, { format: 'csv', file: 'iris.csv' });
    expect(found.config).toMatchObject({ ignore: ['id'] });
    expect(found.notes.join()).toContain('"id"');
    await expectAsLoaded(directory, found);
  });

  it('are not tested on lines without labels', async () => {
    const unlabelled = iris.map(line => line.split(',').slice(0, 2).join(',')).join('\n');
    const directory = folder({ 'train.csv': Buffer.from(iris.join('\n')), 'test.csv': Buffer.from(unlabelled) });
    const found = await look(directory, { format: 'csv', file: 'train.csv', testFile: 'test.csv' });
    expect(found.config).not.toHaveProperty('testFile');
    expect(found).toMatchObject({ test: null, notes: [expect.stringContaining('test.csv has other columns')] });
    await expectAsLoaded(directory, found);
  });

  it('of pixels are images', async () => {
    const header = ['label', ...Array.from({ length: 25 }, (_, i) => `pixel${i}`)];
    const lines = Array.from({ length: 30 }, (_, i) => [i % 3, ...new Array<number>(25).fill(i)]);
    const text = [header, ...lines].map(fields => fields.join(',')).join('\n');
    const directory = folder({ 'digits.csv': Buffer.from(text) });
    const found = await look(directory, { format: 'csv', file: 'digits.csv' });
    expect(found.data.inputShape).toEqual([5, 5, 1]);
    expect(pictures(found)).toHaveLength(30);
    await expectAsLoaded(directory, found);
  });

  it('that are long are counted by their size', async () => {
    const line = '0.125,'.repeat(20);
    const text = Array.from({ length: 60_000 }, (_, i) => `${line}${i % 4}`).join('\n');
    const directory = folder({ 'long.csv': Buffer.from(text) });
    const { training, exact } = await look(directory, { format: 'csv', file: 'long.csv' });
    expect(exact).toBe(false);
    expect(Math.abs(training - 60_000)).toBeLessThan(600);
  });

  it('with numbers for labels are predicted, which the experiment says', async () => {
    const text = Array.from({ length: 40 }, (_, i) => `1,${i}.25`).join('\n');
    const directory = folder({ 'prices.csv': Buffer.from(text) });
    const found = await look(directory, { format: 'csv', file: 'prices.csv' });
    expect(found).toMatchObject({
      task: 'regression',
      data: { classes: 1 },
      classNames: ['column 1'],
      classCounts: [],
    });
    expect(found.config).toMatchObject({ task: 'regression' });
    expect(table(found)!.rows[2]).toEqual({ label: '2.25', values: ['1'] });
    await expectAsLoaded(directory, found);
  });

  it('with texts that are no classes say which column was taken for them', async () => {
    const text = Array.from({ length: 40 }, (_, i) => `${i},note ${i}`).join('\n');
    const directory = folder({ 'notes.csv': Buffer.from(text) });
    await expect(look(directory, { format: 'csv', file: 'notes.csv' })).rejects.toThrow(
      /column 1 \(from 0\).*40 lines/,
    );
  });
});

describe('folders of images', () => {
  const files = {
    'train/ant/1.png': flat([9, 9, 9], 12, 10),
    'train/bee/1.png': flat([200, 200, 200], 12, 10),
    'train/bee/2.png': flat([90, 90, 90], 12, 10),
    'test/bee/1.png': flat([1, 1, 1], 12, 10),
  };

  it('have the size and colour of their images', async () => {
    const directory = tree(files);
    const found = await look(directory, { format: 'images', directory: '.', size: 32, colour: 'rgb' });
    expect(found.config).toMatchObject({ size: [10, 12], colour: 'grey' });
    expect(found).toMatchObject({ classNames: ['ant', 'bee'], classCounts: [1, 2], training: 3, test: 1 });
    expect(pictures(found).map(({ label }) => label)).toEqual(['ant', 'bee', 'bee']);
    await expectAsLoaded(directory, found);
  });

  it('are brought to what the model takes', async () => {
    const directory = tree(files);
    const config = { format: 'images', directory: '.', size: 32, colour: 'rgb' } as const;
    const found = await look(directory, config, [28, 28, 3]);
    expect(found.data.inputShape).toEqual([28, 28, 3]);
    await expectAsLoaded(directory, found);
  });

  it('of different or large size are brought to what small networks take', async () => {
    const directory = tree({ ...files, 'train/ant/2.png': flat([200, 10, 10], 300, 200) });
    const found = await look(directory, { format: 'images', directory: '.', size: 8, colour: 'grey' });
    expect(found.config).toMatchObject({ size: 32, colour: 'rgb' });
  });
});

describe('Parquet', () => {
  it('with images: size, names of classes and pictures', async () => {
    const notes = {
      huggingface: JSON.stringify({ info: { features: { label: { names: ['ant', 'bee'], _type: 'ClassLabel' } } } }),
    };
    const set = (labels: readonly number[]) => {
      const values = labels.map(label => flat([label, label, label], 12, 10));
      return parquetFile(
        [
          { path: ['image', 'bytes'], type: 'bytes', values },
          { path: ['label'], type: 'int64', values: labels },
        ],
        { notes },
      );
    };
    const directory = tree({ 'data/train-0.parquet': set([0, 1, 1]), 'data/test-0.parquet': set([1]) });
    const found = await look(directory, { format: 'parquet', path: 'data', ignore: [], colour: 'rgb' });
    expect(found.config).toMatchObject({ size: [10, 12], colour: 'grey' });
    expect(found).toMatchObject({ classNames: ['ant', 'bee'], classCounts: [1, 2], training: 3, test: 1 });
    expect(pictures(found).map(({ label }) => label)).toEqual(['ant', 'bee', 'bee']);
    await expectAsLoaded(directory, found);
  });

  it('with numbers: first rows, columns of text left out', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => i);
    const file = parquetFile([
      { path: ['name'], type: 'bytes', annotation: 'text', values: rows.map(i => `n${i}`) },
      { path: ['x'], type: 'double', values: rows.map(i => i / 4) },
      { path: ['label'], type: 'int32', values: rows.map(i => i % 3) },
    ]);
    const directory = tree({ 'a.parquet': file });
    const found = await look(directory, { format: 'parquet', path: 'a.parquet', ignore: [], colour: 'rgb' });
    expect(found.config).toMatchObject({ ignore: ['name'] });
    expect(table(found)).toMatchObject({ columns: ['x'], columnCount: 1 });
    await expectAsLoaded(directory, found);
  });
});

it('tensors of safetensors', async () => {
  const labels = Float32Array.from({ length: 12 }, (_, i) => i % 3);
  const tensors = [
    { name: 'x_train', dtype: 'F32', shape: [12, 5], data: Float32Array.from({ length: 60 }, (_, i) => i) },
    { name: 'y_train', dtype: 'F32', shape: [12], data: labels },
  ] as const;
  const directory = folder({ 'data.safetensors': encodeSafetensors(tensors) });
  const found = await look(directory, { format: 'safetensors', file: 'data.safetensors' });
  expect(found.data).toEqual({ inputShape: [5], classes: 3 });
  await expectAsLoaded(directory, found);
});

it('the built-in digits', async () => {
  const found = await look('/', { format: 'digits', training: 200, test: 50 });
  await expectAsLoaded('/', found);
  expect(pictures(found)).toHaveLength(30);
});
