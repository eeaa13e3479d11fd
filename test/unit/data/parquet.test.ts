import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parquetReadObjects, snappyUncompress } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { unsnap } from '../../../src/data/parquet/snappy';
import { readHybrid } from '../../../src/data/parquet/levels';
import { readPages } from '../../../src/data/parquet/pages';
import { withParquet } from '../../../src/data/parquet/shards';
import { Random } from '../../../src/shared/random';
import { hybrid, parquetFile, snap, type ParquetColumn, type ParquetOptions } from '../../support/parquetFiles';
import { folder } from './idxFiles';
import { type Colour, flat, jpeg, tree } from './imageFiles';
import { fromPyArrow } from './parquetPyArrow';

const red: Colour = [200, 0, 0];
const blue: Colour = [0, 0, 100];
const noted = (names: readonly string[]) => ({
  huggingface: JSON.stringify({ info: { features: { label: { names, _type: 'ClassLabel' } } } }),
});

function imageSet(images: readonly (Uint8Array | null)[], labels: readonly number[], options: ParquetOptions = {}) {
  const columns: ParquetColumn[] = [
    { path: ['image', 'bytes'], type: 'bytes', values: images },
    { path: ['image', 'path'], type: 'bytes', annotation: 'text', values: images.map((_, i) => `${i}.png`) },
    { path: ['label'], type: 'int64', values: labels },
  ];
  return parquetFile(columns, options);
}

const numbers: ParquetColumn[] = [
  { path: ['x'], type: 'double', values: Array.from({ length: 40 }, (_, i) => i / 4) },
  { path: ['n'], type: 'int32', annotation: 'unsigned', values: Array.from({ length: 40 }, (_, i) => 4e9 + (i % 3)) },
  { path: ['y'], type: 'bytes', annotation: 'text', values: Array.from({ length: 40 }, (_, i) => 'cab'[i % 3]!) },
];

const load = (files: Readonly<Record<string, Uint8Array>>, more: object = {}) =>
  loadData({ format: 'parquet', path: '.', ignore: [], colour: 'rgb', validation: 0, ...more }, tree(files));

describe('sets of images', () => {
  it('as the hub stores them: shards in order, classes by the names that are noted', async () => {
    const options = { notes: noted(['cat', 'dog', 'eel']), rowsPerGroup: 2 };
    const data = await load({
      'data/train-00000-of-00002.parquet': imageSet([flat(red), flat(blue), jpeg(red)], [0, 1, 0], options),
      'data/train-00001-of-00002.parquet': imageSet([flat(blue)], [1], options),
      'data/test-00000-of-00001.parquet': imageSet([flat(red)], [2], options),
    });
    expect(data).toMatchObject({ inputShape: [4, 6, 3], classes: 3, labelNames: ['cat', 'dog', 'eel'] });
    expect(Array.from(data.training.labels)).toEqual([0, 1, 0, 1]);
    expect(Array.from(data.test.labels)).toEqual([2]);
    const first = Array.from({ length: 4 }, (_, i) => Array.from(data.training.inputs.subarray(72 * i, 72 * i + 3)));
    expect([first[0], first[1], first[3]]).toEqual([red, blue, blue]);
    expect(Math.abs(first[2]![0]! - 200)).toBeLessThan(4);
  });

  it('as PyArrow writes them', async () => {
    const data = await load({ 'train-00000-of-00001.parquet': fromPyArrow, 'test.parquet': fromPyArrow });
    expect(data).toMatchObject({ inputShape: [1, 2, 3], classes: 2 });
    expect(Array.from(data.training.labels)).toEqual([0, 1, 0, 1, 0, 1]);
    const image = (i: number) => [40 * i, 40 * i, 40 * i, i, 2 * i, 255 - i];
    expect(Array.from(data.training.inputs)).toEqual([0, 1, 2, 3, 4, 5].flatMap(image));
  });

  it('have the size and colour that are asked for, whatever the column is called', async () => {
    const columns: ParquetColumn[] = [
      { path: ['picture'], type: 'bytes', values: [flat(red), flat(red), flat(blue)] },
      { path: ['fine_label'], type: 'int32', values: [7, 7, 9] },
    ];
    const data = await load(
      { 'train.parquet': parquetFile(columns) },
      { path: 'train.parquet', image: 'picture', size: [1, 2], colour: 'grey', testShare: 0.34 },
    );
    expect(data).toMatchObject({ inputShape: [1, 2, 1], classes: 2 });
    expect([data.training.count, data.test.count]).toEqual([2, 1]);
  });

  it('keep their own validation data, and test on these where there is nothing else', async () => {
    const set = imageSet([flat(red), flat(blue), flat(red)], [0, 1, 0]);
    const few = imageSet([flat(red)], [0]);
    const both = { 'train/0000.parquet': set, 'validation/0000.parquet': few, 'test/0000.parquet': few };
    const data = await load(both, { validation: undefined });
    expect([data.training, data.validation, data.test].map(({ count }) => count)).toEqual([3, 1, 1]);
    await expect(load(both, { validation: 1 })).rejects.toThrow(/data.validation.*there are validation data already/);
    const one = await load({ 'train.parquet': set, 'dev.parquet': few });
    expect([one.training, one.validation, one.test].map(({ count }) => count)).toEqual([3, 0, 1]);
  });

  it.each([
    ['an image that is none', imageSet([Buffer.from('none'), flat(red)], [0, 1]), /row 0: is neither PNG nor JPEG/],
    ['a path in place of an image', imageSet([flat(red), null], [0, 1]), /row 1 holds no bytes of an image/],
    [
      'labels that are held back',
      imageSet([flat(red), flat(red)], [0, -1], { notes: noted(['a', 'b']) }),
      /holds rows without a label \(-1\)/,
    ],
  ])('refuse %s', async (_, bytes, words) => {
    await refused({ 'train.parquet': bytes }, words);
  });
});

async function refused(files: Readonly<Record<string, Uint8Array>>, words: RegExp, more: object = {}) {
  const error: unknown = await load(files, more).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toMatch(words);
  expect((error as DataError).message).toContain('.parquet');
}

describe('tables of numbers', () => {
  it.each<[string, ParquetOptions, boolean]>([
    ['plain', {}, false],
    ['with dictionaries and Snappy', { codec: 'snappy' }, true],
    ['in GZIP, several pages and groups', { codec: 'gzip', rowsPerGroup: 15, rowsPerPage: 4 }, false],
    ['in Brotli, pages of version 2', { codec: 'brotli', pageVersion: 2, rowsPerPage: 7 }, true],
  ])('%s', async (_, options, dictionary) => {
    const columns = numbers.map(column => ({ ...column, dictionary }));
    const file = parquetFile(columns, options);
    const data = await load({ 'train.parquet': file }, { testShare: 0.5, mean: 0, std: 1 });
    expect(data).toMatchObject({ inputShape: [2], classes: 3 });
    const rows = [data.training, data.test].flatMap(({ count, inputs, labels }) =>
      Array.from({ length: count }, (__, i) => [inputs[2 * i]!, inputs[2 * i + 1]!, labels[i]!]),
    );
    rows.sort((a, b) => a[0]! - b[0]!);
    expect(rows).toEqual(Array.from({ length: 40 }, (__, i) => [i / 4, Math.fround(4e9 + (i % 3)), [2, 0, 1][i % 3]]));
    const independent = await parquetReadObjects({ file: arrayBuffer(file), compressors });
    expect(independent.map((row): unknown[] => [row['x'], row['n'], row['y']])).toEqual(
      Array.from({ length: 40 }, (__, i) => numbers.map(({ values }) => values[i])),
    );
  });

  it.each([
    ['no label', numbers.slice(0, 2), {}, /has no column label, only "x", "n"; say in "data.label"/],
    [
      'a text as a feature',
      numbers,
      { label: 'n' },
      /column "y" holds text, no numbers; leave it out by "data.ignore"/,
    ],
    ['numbers to predict', numbers, { label: 'x', ignore: ['y'] }, /holds 0.25, no whole number: only classes/],
    [
      'a missing value',
      [...numbers.slice(1), { path: ['m'], type: 'float' as const, values: numbers[0]!.values.with(3, null) }],
      {},
      /row 3, column "m": the value is missing; fill it in, or leave the column out/,
    ],
  ])('refuse %s', async (_, columns, more, words) => {
    await refused({ 'train.parquet': parquetFile(columns) }, words, more);
  });

  it('name a column that is not there', async () => {
    const file = { 'train.parquet': parquetFile(numbers) };
    await expect(load(file, { label: 'z' })).rejects.toThrow(/data.label: there is no column "z", only "x", "n", "y"/);
    await expect(load(file, { image: 'z' })).rejects.toThrow(/data.image/);
    await expect(load(file, { ignore: ['z'] })).rejects.toThrow(/data.ignore/);
  });
});

/** Of the other reader, which brings Snappy only. */
const compressors = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliDecompressSync(bytes)),
};

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

describe('what is damaged', () => {
  const sound = imageSet([flat(red), flat(blue), flat(red)], [0, 1, 0], { codec: 'snappy' });

  it.each([
    ['an empty folder', {}, /holds no train\*\.parquet/],
    ['no Parquet', { 'train.parquet': Buffer.from('not Parquet at all') }, /does not begin with PAR1/],
    ['one cut short', { 'train.parquet': sound.subarray(0, sound.length - 5) }, /is cut short/],
    [
      'a footer beyond the file',
      { 'train.parquet': withFooterLength(sound, 2 ** 31) },
      /footer claims 2147483648 bytes/,
    ],
    [
      'a codec that is not read',
      { 'train.parquet': imageSet([flat(red)], [0], { codec: 'zstandard' }) },
      /compressed with Zstandard|cannot be read/,
    ],
  ])('refuses %s', async (_, files, words) => {
    const error: unknown = await load(files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(words);
  });

  it('ends with a sound value or an error that names the file, wherever bytes are changed', async () => {
    const random = new Random('damage');
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(sound);
      for (let i = 0; i < 3; i++) bytes[random.nextBelow(bytes.length)] = random.nextBelow(256);
      const result = await load({ 'train.parquet': bytes }, { testShare: 0.34 }).catch((reason: unknown) => reason);
      if (result instanceof Error)
        expect([result.name, result.message]).toEqual(['DataError', expect.stringContaining('.parquet')]);
    }
  });
});

function withFooterLength(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(length, copy.length - 8);
  return copy;
}

describe('Snappy and runs', () => {
  it('give what went in, as another reader does', () => {
    const random = new Random('snap');
    for (let round = 0; round < 50; round++) {
      const bytes = Uint8Array.from({ length: random.nextBelow(2000) + 1 }, (_, i) =>
        i % 97 < 60 ? 7 : random.nextBelow(256),
      );
      const packed = snap(bytes);
      const other = new Uint8Array(bytes.length);
      snappyUncompress(packed, other);
      expect(other).toEqual(bytes);
      expect(unsnap(packed, bytes.length)).toEqual(bytes);
    }
  });

  it('refuse a literal that claims a negative length, which makes others turn for ever', () => {
    const hostile = Uint8Array.of(10, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0);
    expect(() => unsnap(hostile, 10)).toThrow(/damaged/);
  });

  it.each([1, 3, 8, 13, 20, 31])('of %i bits', width => {
    const random = new Random(width);
    const values = Array.from({ length: 500 }, (_, i) => (i % 50 < 20 ? 1 : random.nextBelow(2 ** width)));
    expect(Array.from(readHybrid(hybrid(values, width), width, values.length))).toEqual(values);
  });

  it('refuse runs that end too early', () => {
    expect(() => readHybrid(Uint8Array.of(0, 1, 0), 1, 5)).toThrow(/ends within its runs/);
    expect(() => readHybrid(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 3, 5)).toThrow(/ends within its runs/);
  });
});

it('hands a column over page by page, with the rows that have no value', async () => {
  const file = path.join(folder({}), 'a.parquet');
  const values = [1, null, 3, null, null, 6];
  writeFileSync(file, parquetFile([{ path: ['v'], type: 'int64', values }], { rowsPerPage: 4 }));
  await withParquet(file, async parquet => {
    const pages = [];
    for await (const page of readPages(parquet, parquet.columns[0]!, 0)) pages.push(page);
    expect(pages.map(({ rows }) => rows)).toEqual([4, 2]);
    expect(pages.map(({ present }) => present && [...present])).toEqual([
      [1, 0, 1, 0],
      [0, 1],
    ]);
    expect(pages.map(page => [...(page.values as Float64Array)])).toEqual([[1, 3], [6]]);
  });
});
