/** Numbers to predict: how they are told from classes, and what is read. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { ExperimentError, type Loss } from '../../../src/shared/experiment';
import { folder } from './idxFiles';
import { keras, npy, npz } from './numpyFiles';

const squared: Loss = 'mean-squared-error';

function loadCsv(text: string, more: object = {}, loss: Loss = squared, test = text): Promise<DataSet> {
  const directory = folder({ 'table.csv': Buffer.from(text), 'test.csv': Buffer.from(test) });
  const config = {
    format: 'csv' as const,
    file: 'table.csv',
    testFile: 'test.csv',
    ignore: [],
    validation: 0,
    ...more,
  };
  return loadData(config, directory, { loss });
}

function loadNpz(arrays: Readonly<Record<string, Uint8Array>>, more: object = {}, loss: Loss = squared) {
  const config = { format: 'npz' as const, file: 'data.npz', validation: 0, ...more };
  return loadData(config, folder({ 'data.npz': npz({ ...keras, ...arrays }) }), { loss });
}

async function errorOf(loading: Promise<DataSet>): Promise<Error> {
  return loading.then(
    () => {
      throw new Error('expected an error');
    },
    (error: unknown) => error as Error,
  );
}

const prices = 'area,rooms,price\n50,2,1.5\n80,3,2\n65,2,-0.25\n';
/** `count` rows of `width` numbers, of which some are no whole ones. */
const rows = (count: number, width: number): Uint8Array =>
  npy(
    [count, width],
    Float64Array.from({ length: count * width }, (_, i) => i / 2 - 3),
  );

describe('numbers to predict in tables', () => {
  it('are labels with a fraction, where the loss is the mean squared error', async () => {
    const data = await loadCsv(prices);
    expect(data).toMatchObject({ task: 'regression', classes: 1, inputShape: [2] });
    expect(data.training.labels).toEqual(Float32Array.of(1.5, 2, -0.25));
    expect(Array.from(data.training.inputs)).toEqual([50, 2, 80, 3, 65, 2]);
  });

  it('are whole ones where the experiment says so; else these are classes as ever', async () => {
    const text = 'a,y\n1,7\n2,5\n3,7\n';
    expect((await loadCsv(text, { task: 'regression' })).training.labels).toEqual(Float32Array.of(7, 5, 7));
    for (const [more, loss] of [
      [{}, squared],
      [{ task: 'classification' }, squared],
      [{}, 'cross-entropy'],
    ] as const) {
      const { task, classes, training } = await loadCsv(text, more, loss);
      expect([task, classes, training.labels]).toEqual(['classification', 2, Uint8Array.of(1, 0, 1)]);
    }
  });

  it('are in the columns that the experiment names, in its order', async () => {
    const text = 'id,x,u,v\n9,1,3,4\n8,2,5,6\n';
    const data = await loadCsv(text, { targets: ['v', 2], ignore: ['id'] });
    expect(data).toMatchObject({ task: 'regression', classes: 2, inputShape: [1], labelNames: ['v', 'u'] });
    expect(data.training.labels).toEqual(Float32Array.of(4, 3, 6, 5));
    expect(Array.from(data.training.inputs)).toEqual([1, 2]);
  });

  it('go with their examples where some are held out', async () => {
    const lines = Array.from({ length: 50 }, (_, i) => `${i},${i + 0.5},${100 - i}`);
    const text = ['x,u,v', ...lines].join('\n');
    const { training, validation, test } = await loadCsv(text, {
      targets: ['u', 'v'],
      testFile: undefined,
      validation: 8,
    });
    expect([training.count, validation.count, test.count]).toEqual([32, 8, 10]);
    const seen: number[] = [];
    for (const { count, inputs, labels } of [training, validation, test]) {
      expect(labels).toHaveLength(2 * count);
      for (let i = 0; i < count; i++) {
        const x = inputs[i]!;
        expect(Array.from(labels.subarray(2 * i, 2 * i + 2))).toEqual([x + 0.5, 100 - x]);
        seen.push(x);
      }
    }
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('make another data set than classes of the same content', async () => {
    const text = 'a,y\n1,0\n2,1\n';
    const classes = await loadCsv(text);
    const numbers = await loadCsv(text, { task: 'regression' });
    expect(numbers.fingerprint).not.toBe(classes.fingerprint);
  });

  it.each<[string, object, Loss, RegExp]>([
    [
      prices,
      { task: 'regression' },
      'cross-entropy',
      /^training.loss: is "cross-entropy", a loss for classes, .*set it to "mean-squared-error"/,
    ],
    [prices, { targets: ['price'] }, 'cross-entropy', /^training.loss: is "cross-entropy"/],
    [
      prices,
      { targets: ['price'], task: 'classification' },
      squared,
      /^data.targets: .*"data.task" is "classification": remove/,
    ],
    [prices, { targets: ['price'], label: 'price' }, squared, /^data.targets: stand beside "data.label".*remove one/],
    [prices, { targets: ['price', 2] }, squared, /^data.targets: name the column "price" twice/],
    [prices, { targets: ['cost'] }, squared, /^data.targets: there is no column "cost"/],
    [
      prices,
      { targets: ['rooms', 'price'], ignore: ['rooms'] },
      squared,
      /^data.ignore: leaves out the column of the labels, "rooms"/,
    ],
  ])('are refused where the experiment contradicts itself: %j %j', async (text, more, loss, words) => {
    const error = await errorOf(loadCsv(text, more, loss));
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error.message).toMatch(words);
  });

  it.each<[string, object, Loss, RegExp]>([
    [
      'a,y\n1,2\n2,high\n',
      { task: 'regression' },
      squared,
      /table\.csv: line 3, column "y": "high" is no finite number/,
    ],
    [
      'a,y\n1,2\n2,1e39\n',
      { task: 'regression' },
      squared,
      /table\.csv: line 3, column "y": "1e39" is no finite number/,
    ],
    ['a,y\n1,2\n2,\n', { task: 'regression' }, squared, /table\.csv: line 3, column "y": the value is missing/],
    [
      prices,
      {},
      'cross-entropy',
      /"price", holds "1.5", no whole number: .*set "data.task" to "regression" and "training.loss" to "mean-squared-error"/,
    ],
    [prices, { task: 'classification' }, squared, /"price", holds "1.5", no whole number: these are no classes/],
  ])('are refused with file and line, or with what to do: %j', async (text, more, loss, words) => {
    expect((await errorOf(loadCsv(text, more, loss))).message).toMatch(words);
  });

  it('must be numbers in the test file too', async () => {
    const test = 'area,rooms,price\n1,2,cheap\n';
    expect((await errorOf(loadCsv(prices, {}, squared, test))).message).toMatch(
      /test\.csv: line 2, column "price": "cheap"/,
    );
  });
});

describe('numbers to predict in arrays', () => {
  it('are floats with a fraction, one or several of an example', async () => {
    for (const width of [1, 3]) {
      const data = await loadNpz({ y_train: rows(20, width), y_test: rows(6, width) });
      expect(data).toMatchObject({ task: 'regression', classes: width });
      expect(data.training.labels).toEqual(Float32Array.from({ length: 20 * width }, (_, i) => i / 2 - 3));
      expect(data.test.labels).toHaveLength(6 * width);
    }
    const flat = (count: number): Uint8Array =>
      npy(
        [count],
        Float32Array.from({ length: count }, (_, i) => i / 4),
      );
    expect(await loadNpz({ y_train: flat(20), y_test: flat(6) })).toMatchObject({ task: 'regression', classes: 1 });
  });

  it('are whole ones of any type where the experiment says so', async () => {
    const data = await loadNpz({}, { task: 'regression' });
    expect(data.task).toBe('regression');
    expect(data.training.labels).toEqual(Float32Array.from({ length: 20 }, (_, i) => i % 3));
    expect((await loadNpz({})).task).toBe('classification');
  });

  it('come from .npy files too', async () => {
    const files = { trainingInputs: 'x.npy', trainingLabels: 'y.npy' };
    const directory = folder({ 'x.npy': keras['x_train']!, 'y.npy': rows(20, 2) });
    const data = await loadData({ format: 'npy', files, validation: 0 }, directory, { loss: squared });
    expect(data).toMatchObject({ task: 'regression', classes: 2 });
    // 4 are held out to test on
    expect(data.training.labels).toHaveLength(2 * 16);
  });

  it.each<[Readonly<Record<string, Uint8Array>>, object, Loss, RegExp]>([
    [{ y_train: rows(20, 1) }, {}, 'cross-entropy', /y_train: label 0 is -3; .*set "data.task" to "regression"/],
    [
      { y_train: rows(20, 2), y_test: rows(6, 1) },
      {},
      squared,
      /y_test: holds 1 to predict for each example, but for training there are 2/,
    ],
    [
      { y_train: npy([20, 1, 1], new Float32Array(20)) },
      { task: 'regression' },
      squared,
      /y_train: has the shape \[20, 1, 1\]; numbers to predict/,
    ],
    [
      {
        y_train: npy(
          [20],
          Float32Array.from({ length: 20 }, () => NaN),
        ),
      },
      { task: 'regression' },
      squared,
      /y_train: the value at \[0\] is NaN/,
    ],
    [{}, { task: 'regression' }, 'cross-entropy', /training.loss: is "cross-entropy"/],
  ])('are refused with file and array: %#', async (arrays, more, loss, words) => {
    expect((await errorOf(loadNpz(arrays, more, loss))).message).toMatch(words);
  });
});
