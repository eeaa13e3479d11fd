import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, type DataSet } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { ExperimentError } from '../../../src/shared/experiment';
import { folder } from './idxFiles';

const config = (more: object) => ({ format: 'csv' as const, file: 'table.csv', ignore: [], ...more });
const load = (text: string | Uint8Array, more: object = {}, test?: string): Promise<DataSet> =>
  loadData(
    config({ validation: 0, ...(test !== undefined && { testFile: 'test.csv' }), ...more }),
    folder({ 'table.csv': Buffer.from(text), ...(test !== undefined && { 'test.csv': Buffer.from(test) }) }),
  );
/** Inputs and labels of the training examples; with a test file, and so in the order of the file. */
const examples = ({ training, inputShape }: DataSet): [number[], number][] => {
  const size = inputShape.reduce((product, n) => product * n, 1);
  return Array.from(training.labels, (label, i) => [
    Array.from(training.inputs.subarray(i * size, (i + 1) * size)),
    label,
  ]);
};

const flowers = 'width,height,kind\n1,2.5,rose\n3,-4e1,aster\n.5,+6,rose\n';

describe('loading tables', () => {
  it('takes the last column as the class, text in sorted order, and the others as numbers', async () => {
    const data = await load(flowers, {}, flowers);
    expect(data).toMatchObject({ name: 'table.csv (CSV)', inputShape: [2], classes: 2 });
    expect(data.labelNames).toEqual(['aster', 'rose']);
    expect(examples(data)).toEqual([
      [[1, 2.5], 1],
      [[3, -40], 0],
      [[0.5, 6], 1],
    ]);
  });

  it('takes a column called label, class, target or y, wherever it stands', async () => {
    for (const name of ['label', 'Class', 'target', 'Y']) {
      const text = `a,${name},b\n1,no,2\n3,yes,4\n`;
      expect(examples(await load(text, {}, text))).toEqual([
        [[1, 2], 0],
        [[3, 4], 1],
      ]);
    }
  });

  it('takes the column that the experiment names, by name or number, and leaves out the ignored ones', async () => {
    const text = 'id,kind,a,b\nx7,2,1,0\nx8,4,0,1\n';
    const data = await load(text, { label: 'kind', ignore: ['id', 3] }, text);
    expect(examples(data)).toEqual([
      [[1], 0],
      [[0], 1],
    ]);
    expect((await load(text, { label: 1, ignore: [0, 'b'] }, text)).fingerprint).toBe(data.fingerprint);
  });

  it('tells a header by text above numbers, and takes the word of the experiment for it', async () => {
    const bare = '1,2,0\n3,4,1\n';
    expect((await load(bare, {}, bare)).training.count).toBe(2);
    expect((await load(`5,6,7\n${bare}`, { header: true }, `5,6,7\n${bare}`)).training.count).toBe(2);
    const iris = '1,2,setosa\n3,4,virginica\n';
    expect((await load(iris, {}, iris)).training.count).toBe(2);
  });

  it('sorts whole numbers by value', async () => {
    const text = 'a,label\n1,10\n2,9\n3,-1\n';
    const data = await load(text, {}, text);
    expect(examples(data).map(([, label]) => label)).toEqual([2, 1, 0]);
    expect(data.labelNames).toEqual(['-1', '9', '10']);
  });

  it('has no names where classes are numbered from 0 already', async () => {
    const text = 'a,label\n1,1\n2,0\n';
    expect(await load(text, {}, text)).not.toHaveProperty('labelNames');
  });

  it.each([
    ['carriage returns alone', 'a,b,y\r1,2,0\r3,4,1\r5,6,0\r7,8,1', {}],
    ['an empty column that is left out', 'a,b,y,z\n1,2,0,\n3,4,1,\n5,6,0,\n7,8,1,\n', { label: 'y', ignore: ['z'] }],
  ])('reads every line with %s', async (_, text, more) => {
    const data = await load(text, more);
    const rows = [data.training, data.test].flatMap(({ inputs }) => [...inputs]).sort((one, other) => one - other);
    expect(rows).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('reads quoted fields, delimiters and line breaks in them, a byte order mark, blanks and empty lines', async () => {
    const text = '\uFEFF"a, b","say ""x""" , kind\r\n\r\n"1", 2 ,"two\nlines"\r\n3,4,"x,y"\r\n\n';
    const data = await load(text, { label: 'kind' }, text);
    expect(examples(data)).toEqual([
      [[1, 2], 0],
      [[3, 4], 1],
    ]);
  });

  it.each([';', '\t'])('guesses the delimiter %j, or takes the one that is given', async delimiter => {
    const text = flowers.replaceAll(',', delimiter);
    const { fingerprint } = await load(flowers, {}, flowers);
    expect((await load(text, {}, text)).fingerprint).toBe(fingerprint);
    const bars = flowers.replaceAll(',', '|');
    expect((await load(bars, { delimiter: '|' }, bars)).fingerprint).toBe(fingerprint);
  });

  it('reads gzipped tables', async () => {
    const zipped = await load(gzipSync(flowers), {}, flowers);
    expect(zipped.fingerprint).toBe((await load(flowers, {}, flowers)).fingerprint);
  });

  it('sees columns as the pixels of an image where a shape is given', async () => {
    const text = 'a,b,c,d,label\n1,2,3,4,0\n5,6,7,8,1\n';
    expect((await load(text, { shape: [2, 2, 1] }, text)).inputShape).toEqual([2, 2, 1]);
    expect((await load(text, { shape: [2, 2] }, text)).inputShape).toEqual([2, 2, 1]);
    await expect(load(text, { shape: [3, 2] }, text)).rejects.toThrow(/data.shape: 3×2 are 6 values, but there are 4/);
  });

  it('standardises each column by what is left to train on, and holds out a share for testing', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `${i},${1000 - 3 * i},${i % 2}`);
    const data = await load(['a,b,y', ...lines].join('\n'), { validation: 10 });
    expect([data.training.count, data.validation.count, data.test.count]).toEqual([70, 10, 20]);
    const first = Array.from({ length: 70 }, (_, i) => data.training.inputs[2 * i]!);
    const mean = first.reduce((sum, value) => sum + value, 0) / 70;
    expect(data.mean).toEqual([expect.closeTo(mean, 9), expect.closeTo(1000 - 3 * mean, 9)]);
    const deviation = Math.sqrt(first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 70);
    expect(data.std).toEqual([expect.closeTo(deviation, 9), expect.closeTo(3 * deviation, 9)]);
  });
});

/** A table, what the experiment says, and what the person reads. */
const refusals: readonly [string, string, RegExp, object?][] = [
  ['nothing', '', /holds no examples: it is empty/],
  ['a header alone', 'a,b\n', /holds no examples below its header/, { header: true }],
  ['one column', 'a\n1\n2\n', /has a single column, so no inputs beside the labels; is "data.delimiter" another one/],
  ['text', 'a,b,y\n1,2,0\n3,Paris,1\n', /line 3, column "b": "Paris" is no finite number; turn text.*"data.ignore"/],
  ['text without a header', '1,2,0\n3,Paris,1\n', /line 2, column 1 \(from 0\): "Paris" is no finite number/],
  ['a missing value', 'a,b,y\n1,2,0\n\n3,,1\n', /line 4, column "b": the value is missing; fill it in, or remove/],
  ['NaN', 'a,b,y\n1,2,0\nNaN,1,1\n', /line 3, column "a": the value is missing/],
  ['an infinite number', 'a,y\n1,0\n1e99,1\n', /line 3, column "a": "1e99" is no finite number/],
  ['a missing label', 'a,y\n1,0\n2,?\n', /line 3, column "y": the value is missing/],
  ['a short line', 'a,b,y\n1,2,0\n1,2\n', /line 3 has 2 fields, but the first has 3/],
  ['a long line', 'a,b,y\n1,2,0\n1,2,3,4\n', /line 3 has 4 fields, but the first has 3/],
  ['an open quote', 'a,y\n1,"0\n2,1\n', /a quote that is opened after line 1 is never closed; close it, or double it/],
  ['a quote within a field', 'a,y\n1,0\n2,x"1\n', /is no table of separated values: Invalid Opening Quote.*line 3/],
  ['one class', 'a,y\n1,0\n2,0\n', /the labels, "y", holds "0" only; at least two classes are needed/],
  ['numbers to predict', 'a,price\n1,0.5\n2,1\n', /the labels, "price", holds "0.5", no whole number: these are no/],
  [
    'a different label on every line',
    Array.from({ length: 30 }, (_, i) => `${i},name${i}`).join('\n'),
    /the labels, 1 \(from 0\), holds 30 different values in 30 lines: these are no classes.*data.label/,
  ],
];

describe('refusing', () => {
  it.each(refusals)('%s', async (_, text, words, more = {}) => {
    const directory = folder({ 'table.csv': Buffer.from(text) });
    const error: unknown = await loadData(config(more), directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).file).toBe(path.join(directory, 'table.csv'));
    expect((error as DataError).message).toMatch(words);
  });

  it.each([
    [{ label: 'none' }, /data.label: there is no column "none", only "width", "height", "kind"/],
    [{ label: 3 }, /data.label: is column 3, but there are 3, counted from 0/],
    [{ ignore: ['kind'] }, /data.ignore: leaves out the column of the labels, "kind"/],
    [
      { header: false, label: 'kind' },
      /data.label: there is no column "kind", since the file has no header: give a number/,
    ],
  ])('columns that are not there: %j', async (more, words) => {
    const error: unknown = await load(flowers, more).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExperimentError);
    expect((error as ExperimentError).message).toMatch(words);
  });

  it.each([
    ['a,b\n1,rose\n', /test\.csv: has 2 columns, but the training file 3/],
    [
      'width,depth,kind\n1,2,rose\n',
      /test\.csv: its column 1 \(from 0\) is "depth", but that of the training file "height"/,
    ],
    ['width,height,kind\n1,2,rose\n1,2,tulip\n', /test\.csv: line 3: no training example has the label "tulip"/],
  ])('a test file that does not fit: %j', async (test, words) => {
    await expect(load(flowers, {}, test)).rejects.toThrow(words);
  });

  it('a file that is not there, and a gzip file that holds more than it says', async () => {
    await expect(loadData(config({}), folder({}))).rejects.toThrow(/table\.csv: cannot be read/);
    const zipped = gzipSync(flowers);
    zipped.writeUInt32LE(10, zipped.length - 4);
    await expect(load(zipped)).rejects.toThrow(/holds more than the 10 bytes|corrupt/);
  });

  it('any damage gives a data error, or finite numbers with labels of a class', async () => {
    const sound = Buffer.from(flowers.repeat(2).replace(/\nwidth.*\n/, '\n'));
    const changes = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async edits => {
        const damaged = Buffer.from(sound);
        for (const [at, value] of edits) damaged[at] = value;
        try {
          const { training, test, classes } = await load(damaged);
          for (const { inputs, labels } of [training, test]) {
            expect(inputs.every(value => Number.isFinite(value))).toBe(true);
            expect(labels.every(label => label < classes)).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
