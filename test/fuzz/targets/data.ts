/** Data sets of every format, through the same door as an experiment's. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { DecodedCache } from '../../../src/data/cache';
import { DataError } from '../../../src/data/dataset';
import { loadData } from '../../../src/data/load';
import { featuresOf, inputPieces } from '../../../src/data/stored';
import type { DataConfig } from '../../../src/shared/experiment';
import type { Random } from '../../../src/shared/random';
import { npyBytes, safetensorsBytes, zipBytes } from '../../support/checkpoints';
import { parquetFile, type ParquetColumn } from '../../support/parquetFiles';
import { damageBytes, type Field } from '../bytes';
import { demand, pick, reading, type Files, type Target } from '../target';

const examples = 12;

function drawn(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.nextBelow(256));
}

function floats(random: Random, length: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length }, () => random.nextGaussian()).buffer);
}

const classes = Uint8Array.from({ length: examples }, (_, i) => i % 3);

function npy(descr: string, shape: readonly number[], values: Uint8Array): Uint8Array {
  return npyBytes(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`, values);
}

function png(random: Random): Buffer {
  const image = new PNG({ width: 1 + random.nextBelow(6), height: 1 + random.nextBelow(6) });
  image.data.set(drawn(random, image.data.length));
  return PNG.sync.write(image);
}

function picture(random: Random): Buffer {
  const data = Buffer.from(drawn(random, 4 * 64));
  return random.nextBelow(2) === 0 ? png(random) : encode({ width: 8, height: 8, data }, 80).data;
}

function parquet(random: Random, columns: readonly ParquetColumn[]): Buffer {
  return parquetFile(columns, {
    codec: pick(random, ['none', 'snappy', 'gzip', 'brotli']),
    pageVersion: pick(random, [1, 2]),
    rowsPerGroup: pick(random, [5, examples]),
    rowsPerPage: pick(random, [3, examples]),
    notes: { huggingface: JSON.stringify({ info: { features: { label: { names: ['a', 'b', 'c'] } } } }) },
  });
}

function csv(random: Random): Buffer {
  const lines = Array.from({ length: examples }, (_, i) => {
    const fields = Array.from({ length: 3 }, () => (random.nextGaussian() * 10).toFixed(random.nextBelow(4)));
    return [...fields, '"a"bc'[i % 5] === '"' ? '"a"' : 'bc'[i % 2]].join(',');
  });
  return Buffer.from(['x,y,z,label', ...lines, ''].join('\n'));
}

interface Format {
  readonly name: string;
  readonly config: object;
  readonly make: (random: Random) => Files;
  /** Of the files that are damaged, where lengths stand. */
  readonly fields?: readonly Field[];
}

const parquetConfig = { format: 'parquet', path: 'train.parquet', ignore: [], colour: 'rgb' };
const labelColumn: ParquetColumn = { path: ['label'], type: 'int64', values: [...classes] };

const formats: readonly Format[] = [
  { name: 'csv', config: { format: 'csv', file: 'a.csv', ignore: [] }, make: random => ({ 'a.csv': csv(random) }) },
  {
    name: 'csv, gzip',
    config: { format: 'csv', file: 'a.csv', ignore: [] },
    make: random => ({ 'a.csv': gzipSync(csv(random)) }),
  },
  {
    name: 'npz',
    config: { format: 'npz', file: 'a.npz' },
    make: random => ({
      'a.npz': zipBytes([
        { name: 'x_train.npy', data: npy('<f4', [examples, 5], floats(random, examples * 5)), deflate: true },
        { name: 'y_train.npy', data: npy('|u1', [examples], classes) },
      ]),
    }),
  },
  {
    name: 'npy',
    config: { format: 'npy', files: { trainingInputs: 'x.npy', trainingLabels: 'y.npy' } },
    make: random => ({
      'x.npy': npy('|u1', [examples, 4, 4], drawn(random, examples * 16)),
      'y.npy': npy('|u1', [examples], classes),
    }),
  },
  {
    name: 'safetensors data',
    config: { format: 'safetensors', file: 'a.safetensors' },
    make: random => {
      const inputs = floats(random, examples * 5);
      const header = {
        x_train: { dtype: 'F32', shape: [examples, 5], data_offsets: [0, inputs.length] },
        y_train: { dtype: 'U8', shape: [examples], data_offsets: [inputs.length, inputs.length + examples] },
      };
      return { 'a.safetensors': safetensorsBytes(header, Buffer.concat([inputs, classes])) };
    },
    fields: [{ offset: 0, bytes: 8, littleEndian: true }],
  },
  {
    name: 'cifar',
    config: { format: 'cifar10', directory: '.' },
    make: random => {
      const records = (count: number): Buffer =>
        Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.concat([Buffer.of(i % 10), drawn(random, 3072)])));
      return { 'data_batch_1.bin': records(3), 'data_batch_2.bin': gzipSync(records(2)), 'test_batch.bin': records(1) };
    },
  },
  {
    name: 'images',
    config: { format: 'images', directory: '.', size: [3, 2], colour: 'rgb' },
    make: random =>
      Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${'ab'[i % 2]!}/${i}.png`, picture(random)])),
  },
  {
    name: 'parquet images',
    config: { ...parquetConfig, size: 3 },
    make: random => ({
      'train.parquet': parquet(random, [
        { path: ['image', 'bytes'], type: 'bytes', values: Array.from({ length: examples }, () => picture(random)) },
        { path: ['image', 'path'], type: 'bytes', annotation: 'text', values: new Array<null>(examples).fill(null) },
        labelColumn,
      ]),
    }),
  },
  {
    name: 'parquet table',
    config: parquetConfig,
    make: random => ({
      'train.parquet': parquet(random, [
        { path: ['x'], type: 'double', values: Array.from({ length: examples }, () => random.nextGaussian()) },
        { path: ['n'], type: 'int32', dictionary: true, values: [...classes] },
        { path: ['b'], type: 'boolean', values: [...classes].map(value => value & 1) },
        labelColumn,
      ]),
    }),
  },
];

async function load(files: Files, directory: string, config: object): Promise<void> {
  const folder = path.join(directory, 'data');
  await rm(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes);
  }
  const cache = new DecodedCache(path.join(directory, 'cache'));
  // in memory, and from files as if there were little of it
  const prints = [];
  for (const memory of [1, 0]) {
    const data = await loadData({ ...config, memory } as DataConfig, folder, { cache });
    const size = data.inputShape.reduce((product, n) => product * n, 1);
    for (const split of [data.training, data.validation, data.test]) {
      demand(split.labels.length === split.count, 'a label for each example');
      demand(split.count === 0 || featuresOf(split) === size, 'examples of the shape that is given');
      demand(
        [...split.labels].every(label => label >= 0 && label < data.classes),
        'labels of a class',
      );
      for (const piece of inputPieces(split)) demand(piece.every(Number.isFinite), 'finite inputs');
    }
    demand([...data.mean, ...data.std].every(Number.isFinite), 'finite statistics');
    demand(
      data.std.every(std => std > 0),
      'deviations above 0',
    );
    prints.push(data.fingerprint);
  }
  demand(prints[0] === prints[1], 'the same data in memory and from files');
}

function target({ name, config, make, fields }: Format): Target {
  return {
    name: `data: ${name}`,
    sound: make,
    damaged: random => {
      const files = make(random);
      const harmed = pick(random, Object.keys(files));
      return { ...files, [harmed]: damageBytes(files[harmed]!, random, fields) };
    },
    read: (files, directory) => reading([DataError], directory, () => load(files, directory, config)),
  };
}

export const dataTargets: readonly Target[] = formats.map(target);
