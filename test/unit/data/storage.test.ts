/** Data sets larger than they may be in memory are the same data sets, with inputs that stay in files. */
import { appendFileSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { DecodedCache } from '../../../src/data/cache';
import { DataError, type DataSet } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { StoredReader } from '../../../src/data/stored';
import { Random } from '../../../src/shared/random';
import type { DataConfig } from '../../../src/shared/experiment';
import { inMemory } from '../../support/inMemory';
import { parquetFile } from '../../support/parquetFiles';
import { batch } from './cifarFiles';
import { folder, good } from './idxFiles';
import { flat, tree } from './imageFiles';
import { keras, labels, npy, npz } from './numpyFiles';

const random = new Random('storage');
const bytes = Uint8Array.from({ length: 24 * 18 }, () => random.nextBelow(256));
const floats = Float32Array.from({ length: 24 * 18 }, () => random.nextGaussian());
const colours = [...Array(24).keys()].map(i => [(40 * i) % 250, (90 * i) % 250, 7] as const);
const images = Object.fromEntries(colours.map((colour, i) => [`${'abc'[i % 3]!}/${i}.png`, flat(colour)]));
const classes = colours.map((_, i) => i % 3);

const arrays = (inputs: Uint8Array): Readonly<Record<string, Uint8Array>> => ({ 'x.npy': inputs, 'y.npy': labels(24) });
const npyConfig = { format: 'npy', files: { trainingInputs: 'x.npy', trainingLabels: 'y.npy' } };

const cases: readonly (readonly [string, Readonly<Record<string, Uint8Array>>, object])[] = [
  ['idx', good, { format: 'idx', directory: '.' }],
  [
    'CIFAR-10 in several files',
    {
      'data_batch_1.bin': batch([0, 1, 2, 3]),
      'data_batch_2.bin': batch([9, 8, 7]),
      'test_batch.bin': batch([1, 5]),
    },
    { format: 'cifar10', directory: '.', validation: 2 },
  ],
  ['.npy of bytes, channels first', arrays(npy([24, 2, 3, 3], bytes)), { ...npyConfig, channels: 'first' }],
  ['.npy of floats', arrays(npy([24, 18], floats)), npyConfig],
  [
    '.npy of doubles, converted',
    arrays(npy([24, 2, 3, 3], Float64Array.from(floats))),
    { ...npyConfig, channels: 'first' },
  ],
  ['.npy in column-major order', arrays(npy([24, 18], floats, true)), npyConfig],
  ['.npz as it is', { 'a.npz': npz(keras) }, { format: 'npz', file: 'a.npz' }],
  ['.npz compressed', { 'a.npz': npz(keras, true) }, { format: 'npz', file: 'a.npz' }],
  [
    'safetensors',
    {
      'a.safetensors': encodeSafetensors([
        { name: 'x_train', dtype: 'F32', shape: [24, 18], data: floats },
        { name: 'y_train', dtype: 'I32', shape: [24], data: Int32Array.from(classes) },
      ]),
    },
    { format: 'safetensors', file: 'a.safetensors' },
  ],
  ['folders of images', images, { format: 'images', directory: '.', size: 3, colour: 'rgb' }],
  [
    'images in Parquet',
    {
      'train.parquet': parquetFile([
        { path: ['image', 'bytes'], type: 'bytes', values: colours.map(colour => flat(colour)) },
        { path: ['label'], type: 'int64', values: classes },
      ]),
    },
    { format: 'parquet', path: '.', ignore: [], colour: 'rgb', size: 3 },
  ],
  [
    'a table in Parquet',
    {
      'train.parquet': parquetFile(
        [
          { path: ['a'], type: 'float', values: [...floats.subarray(0, 24)] },
          { path: ['b'], type: 'float', values: [...floats.subarray(24, 48)] },
          { path: ['label'], type: 'int64', values: classes },
        ],
        { rowsPerGroup: 5 },
      ),
    },
    { format: 'parquet', path: '.', ignore: [], colour: 'rgb' },
  ],
];

const load = (config: object, directory: string, memory: number | undefined, cache: DecodedCache | null = null) =>
  loadData({ ...config, ...(memory !== undefined && { memory }) } as DataConfig, directory, { cache });

describe('beyond what may be in memory', () => {
  it.each(cases)('%s', async (_, files, config) => {
    const directory = tree(files);
    const cache = new DecodedCache(folder({}));
    const resident = await load(config, directory, undefined);
    const stored = await load(config, directory, 0, cache);
    const splits = ({ training, validation, test }: DataSet) => [training, validation, test];
    for (const { stored: place, inputs, count } of splits(stored)) {
      expect(place).toBeDefined();
      expect(inputs.length).toBe(0);
      expect(place!.rows?.length ?? place!.parts.reduce((sum, part) => sum + part.count, 0)).toBe(count);
    }
    for (const { stored: place } of splits(resident)) expect(place).toBeUndefined();
    const again = inMemory(stored);
    // a Buffer is as good as any array of bytes
    const plain = (data: DataSet) => splits(data).map(split => ({ ...split, inputs: Array.from(split.inputs) }));
    expect(plain(again)).toEqual(plain(resident));
    expect({ ...again, training: 0, validation: 0, test: 0 }).toEqual({
      ...resident,
      training: 0,
      validation: 0,
      test: 0,
    });
    // and from the cache alone
    expect((await load(config, directory, 0, cache)).fingerprint).toBe(resident.fingerprint);
  });

  it('what has to be decoded needs a cache', async () => {
    const [, files, config] = cases[9]!;
    await expect(load(config, tree(files), 0)).rejects.toThrow(
      /has 648 bytes of inputs once decoded; up to 0 can be held/,
    );
  });

  it.each([
    [Number.NaN, /x.npy: the value at \[1, 2\] is NaN, not a finite float32/],
    [Number.POSITIVE_INFINITY, /is Infinity/],
  ])('%f is refused in the file too', async (value, words) => {
    const wrong = Float32Array.from(floats);
    wrong[20] = value;
    await expect(load(npyConfig, tree(arrays(npy([24, 18], wrong))), 0)).rejects.toThrow(words);
  });

  it('labels of no class are refused in the file too', async () => {
    const files = { 'data_batch_1.bin': batch([0, 1, 12]), 'test_batch.bin': batch([1]) };
    await expect(load({ format: 'cifar10', directory: '.' }, tree(files), 0)).rejects.toThrow(
      /data_batch_1.bin: label 2 is 12, but CIFAR-10 has the classes 0 to 9/,
    );
  });
});

describe('a reader of inputs in files', () => {
  it('gives any examples in any order, across files and in runs', async () => {
    const [, files, config] = cases[1]!;
    const { training } = await load({ ...config, validation: 0 }, tree(files), 0);
    const all = inMemory({ ...emptyData, training }).training.inputs;
    const reader = new StoredReader(training.stored!);
    for (const wanted of [[6], [0, 1, 2, 3, 4, 5, 6], [3, 4, 2, 2, 0, 1], []]) {
      const out = new Uint8Array(wanted.length * 3072);
      reader.read(wanted, out);
      wanted.forEach((example, i) => {
        expect(out.subarray(i * 3072, (i + 1) * 3072)).toEqual(all.subarray(example * 3072, (example + 1) * 3072));
      });
    }
    reader.close();
  });

  it.each([
    ['longer', (file: string) => appendFileSync(file, 'x'), /was changed since it was loaded/],
    ['gone', (file: string) => rmSync(file), /cannot be read/],
  ])('names a file that is %s', async (_, change, words) => {
    const directory = tree(good);
    const { training } = await load({ format: 'idx', directory: '.' }, directory, 0);
    change(path.join(directory, 'train-images-idx3-ubyte'));
    expect(() => new StoredReader(training.stored!).read([0], new Uint8Array(16))).toThrow(words);
  });

  it('names a file that is cut short after it was opened', async () => {
    const directory = tree(good);
    const { training } = await load({ format: 'idx', directory: '.', validation: 0 }, directory, 0);
    const reader = new StoredReader(training.stored!);
    reader.read([0], new Uint8Array(16));
    truncateSync(path.join(directory, 'train-images-idx3-ubyte'), 100);
    expect(() => reader.read([19], new Uint8Array(16))).toThrow(/it was cut short while it was read/);
    reader.close();
  });
});

const nothing = { count: 0, inputs: new Uint8Array(0), labels: new Uint8Array(0) };
const emptyData: DataSet = {
  name: '',
  inputShape: [],
  task: 'classification',
  classes: 2,
  training: nothing,
  validation: nothing,
  test: nothing,
  mean: [],
  std: [],
  fingerprint: '',
};

describe('the cache of decoded examples', () => {
  const [, files, config] = cases[9]!;
  /** The images as they were by name, size and time, but damaged: only the cache knows what they show. */
  function damage(directory: string): void {
    for (const name of Object.keys(files)) {
      const file = path.join(directory, name);
      writeFileSync(file, Buffer.alloc(statSync(file).size));
    }
    setTimes(directory);
  }
  function setTimes(directory: string): void {
    for (const name of Object.keys(files)) utimesSync(path.join(directory, name), 1e9, 1e9);
  }
  function folders(): [directory: string, kept: string] {
    const directory = tree(files);
    setTimes(directory);
    return [directory, folder({})];
  }

  it('spares decoding at the second start', async () => {
    const [directory, kept] = folders();
    const first = await load(config, directory, undefined, new DecodedCache(kept));
    damage(directory);
    expect(await load(config, directory, undefined, new DecodedCache(kept))).toEqual(first);
    await expect(load({ ...config, size: 4 }, directory, undefined, new DecodedCache(kept))).rejects.toThrow(DataError);
  });

  it.each([
    ['damaged', (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size))],
    ['cut short', (file: string) => truncateSync(file, 30)],
    ['deleted', (file: string) => rmSync(file)],
  ])('is as good as not there where it is %s', async (_, harm) => {
    const [directory, kept] = folders();
    const first = await load(config, directory, undefined, new DecodedCache(kept));
    harm(path.join(kept, readdirSync(kept)[0]!));
    expect(await load(config, directory, undefined, new DecodedCache(kept))).toEqual(first);
    damage(directory);
    expect(await load(config, directory, undefined, new DecodedCache(kept))).toEqual(first);
  });

  it('leaves nothing behind where decoding fails, and does without where it cannot be written', async () => {
    const [directory, kept] = folders();
    damage(directory);
    await expect(load(config, directory, 0, new DecodedCache(kept))).rejects.toThrow(DataError);
    expect(readdirSync(kept)).toEqual([]);
    const inTheWay = path.join(folder({ file: Buffer.from('') }), 'file');
    expect((await load(config, tree(files), undefined, new DecodedCache(inTheWay))).training.count).toBeGreaterThan(0);
  });

  it('is used by a second start without a change for the one that has begun with it and opens it later', async () => {
    const [directory, kept] = folders();
    const cache = new DecodedCache(kept);
    const { training } = await load(config, directory, 0, cache);
    await new Promise(resolve => setTimeout(resolve, 20));
    await load(config, directory, 0, new DecodedCache(kept));
    const reader = new StoredReader(training.stored!);
    expect(() => {
      reader.check();
    }).not.toThrow();
    reader.close();
  });

  it('stays below its limit: what was used longest ago goes first', async () => {
    const kept = folder({});
    const cache = new DecodedCache(kept, 250);
    const key = (i: number) => String(i).repeat(32);
    const write = (i: number) => cache.write(key(i), append => append(new Uint8Array(100).fill(i)));
    const past = (i: number, seconds: number) => {
      const time = new Date(Date.now() - seconds * 1000);
      utimesSync(path.join(kept, `${key(i)}.decoded`), time, time);
    };
    await write(1);
    past(1, 20);
    await write(2);
    past(2, 30);
    // used, and so the younger one
    expect(await cache.find(key(2), 100)).not.toBeNull();
    await write(3);
    expect(await cache.find(key(1), 100)).toBeNull();
    expect(await cache.find(key(2), 100)).not.toBeNull();
    expect(await cache.find(key(3), 100)).not.toBeNull();
    expect(await cache.find(key(3), 99)).toBeNull();
  });
});
