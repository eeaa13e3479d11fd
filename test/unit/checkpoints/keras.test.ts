/** HDF5 of every kind, Keras' own and others', as tensors; the thread that reads it is the built one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { File, ready } from 'h5wasm';
import { afterAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { concat, text, zipBytes } from '../../support/checkpoints';
import { everyKind, kerasArchive, kerasLegacy, kerasWeights, newestFormat } from '../../support/hdf5Files';

const directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-keras-'));
afterAll(() => rmSync(directory, { recursive: true }));

function onDisk(name: string, bytes: Uint8Array): Promise<Checkpoint> {
  const file = path.join(directory, name);
  writeFileSync(file, bytes);
  return openFile(file).then(openCheckpoint);
}

const inMemory = (bytes: Uint8Array, name = 'folder/a.h5') => openCheckpoint(memorySource(name, bytes));
const namesOf = ({ tensors }: Checkpoint) => tensors.map(({ name }) => name);

async function valuesOf(checkpoint: Checkpoint, name: string): Promise<number[]> {
  const index = checkpoint.tensors.findIndex(tensor => tensor.name === name);
  expect(index, name).toBeGreaterThanOrEqual(0);
  return [...(await checkpoint.values(index, 0, checkpoint.tensors[index]!.count))];
}

/** Written by the library itself. */
async function written(build: (file: File) => void): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new File('made.h5', 'w');
  build(file);
  file.close();
  return Uint8Array.from(FS.readFile('made.h5'));
}

describe('an HDF5 file', () => {
  it.each(['memory', 'disk'])('in %s gives values of every type and storage', async place => {
    const checkpoint = await (place === 'disk' ? onDisk('every.h5', everyKind) : inMemory(everyKind));
    expect(checkpoint.format).toBe('HDF5');
    const numbers = [1, -2, 0, 0.5, 0, 4];
    const dtypes = { big32: 'F32', big64: 'F64', half: 'F16', big16chunks: 'F16', brain: 'BF16', committed: 'F32' };
    for (const [name, dtype] of Object.entries({ ...dtypes, compact: 'F32', checked: 'F32' })) {
      // the same dataset lies in a group as well, and is listed where it comes first
      expect(await valuesOf(checkpoint, name), name).toEqual(numbers);
      expect(
        checkpoint.tensors.find(tensor => tensor.name === name),
        name,
      ).toMatchObject({ dtype, shape: [2, 3] });
    }
    expect(await valuesOf(checkpoint, 'scaled')).toEqual(numbers.map(value => 10 * value));
    expect(await valuesOf(checkpoint, 'flags')).toEqual([1, 0, 1]);
    expect(await valuesOf(checkpoint, 'one')).toEqual([7]);
    expect(await valuesOf(checkpoint, 'none')).toEqual([]);
    expect(checkpoint.tensors.find(({ name }) => name === 'half')).toMatchObject({ tiedTo: 'group/again', bytes: 0 });
    await checkpoint.close();
  });

  it('says of each tensor that cannot be read why, and what to do', async () => {
    const checkpoint = await inMemory(everyKind);
    const errors = Object.fromEntries(checkpoint.tensors.map(({ name, error }) => [name, error]));
    const reasons: Record<string, RegExp> = {
      lzf: /^its values are packed by filter 32000 \(lzf\), which is not known here: save it without, or with gzip$/,
      outside: /^its values lie in other files, which are not opened: copy it with h5repack$/,
      joined: /^its values are put together from other datasets, which is not followed/,
      unwritten: /^its values were never written$/,
      unwrittenChunks: /^its values were never written$/,
      complex: /^it holds records, not numbers/,
      texts: /^it holds text, not numbers/,
      nothing: /^it holds no values/,
      away: /^a link to another file, "\/etc\/passwd", which is not opened$/,
      soft: /^a link to "\/one", which is not followed$/,
    };
    for (const [name, reason] of Object.entries(reasons)) expect(errors[name], name).toMatch(reason);
    expect(
      Object.keys(errors)
        .filter(name => errors[name] !== null)
        .sort(),
    ).toEqual(Object.keys(reasons).sort());
    const index = checkpoint.tensors.findIndex(({ name }) => name === 'lzf');
    await expect(checkpoint.values(index, 0, 1)).rejects.toThrow(/^folder\/a\.h5: tensor "lzf": its values are packed/);
    expect(checkpoint.raw(index)).toBeNull();
    expect(checkpoint.notes).toEqual([
      '"group/self" is a group that is listed already: left out',
      '"group/up" is a group that is listed already: left out',
      '"type" is neither group nor dataset: left out',
    ]);
    await checkpoint.close();
  });

  it('of the newest format gives the same values whatever the index of its chunks', async () => {
    const checkpoint = await inMemory(newestFormat);
    const values = Array.from({ length: 24 }, (_, i) => i - 5);
    for (const name of ['whole', 'single', 'fixed', 'extensible', 'tree']) {
      expect(await valuesOf(checkpoint, name), name).toEqual(values);
    }
    expect(checkpoint.tensors.filter(({ name }) => name.startsWith('layers/'))).toHaveLength(10);
    await checkpoint.close();
  });

  it('is found behind a block of the user’s own', async () => {
    const checkpoint = await onDisk('user.h5', concat(new Uint8Array(1024), newestFormat));
    const whole = checkpoint.tensors.findIndex(({ name }) => name === 'whole');
    expect(await valuesOf(checkpoint, 'whole')).toEqual(Array.from({ length: 24 }, (_, i) => i - 5));
    const raw = checkpoint.raw(whole)!;
    expect(new Float32Array(Uint8Array.from(await raw.source.read(raw.offset, 8)).buffer)).toEqual(
      Float32Array.of(-5, -4),
    );
    await checkpoint.close();
  });

  it('in chunks gives any range, and in place the same bytes as values', async () => {
    const shape = [7, 5, 3];
    const data = Float32Array.from({ length: 105 }, (_, i) => Math.fround(Math.sin(i)));
    const bytes = await written(file => {
      file.create_dataset({ name: 'chunked', data, shape, chunks: [2, 3, 2], compression: 4 });
      file.create_dataset({ name: 'plain', data, shape });
      file.create_dataset({ name: 'wide', data: Float64Array.from(data), shape });
    });
    const checkpoint = await onDisk('ranges.h5', bytes);
    expect(namesOf(checkpoint)).toEqual(['chunked', 'plain', 'wide']);
    expect(checkpoint.raw(0)).toBeNull();
    expect(checkpoint.places!(0)).toBeNull();
    for (let begin = 0; begin <= 105; begin += 13) {
      for (let end = begin; end <= 105; end += 8) {
        for (const index of [0, 1, 2]) {
          expect([...(await checkpoint.values(index, begin, end))]).toEqual([...data.subarray(begin, end)]);
        }
      }
    }
    const raw = checkpoint.raw(1)!;
    expect(raw.source.path).toBe(path.join(directory, 'ranges.h5'));
    expect(Buffer.from(await raw.source.read(raw.offset, raw.length))).toEqual(Buffer.from(data.buffer));
    await checkpoint.close();
  });

  it.each<[string, (bytes: Buffer) => Uint8Array, RegExp]>([
    ['cut short', bytes => bytes.subarray(0, 12_000), /HDF5 structure cannot be read: truncated file/],
    ['cut in its superblock', bytes => bytes.subarray(0, 40), /HDF5 structure cannot be read/],
    ['of a superblock of version 9', bytes => Buffer.from(bytes.fill(9, 8, 9)), /HDF5 structure cannot be read/],
    ['without a root', bytes => Buffer.from(bytes.fill(0xee, 64, 72)), /HDF5 structure cannot be read/],
  ])('%s is refused with the reason', async (_, damage, reason) => {
    const bytes = damage(Buffer.from(kerasLegacy));
    await expect(inMemory(bytes)).rejects.toThrow(CheckpointError);
    await expect(inMemory(bytes)).rejects.toThrow(reason);
    await expect(inMemory(bytes)).rejects.toThrow(/^folder\/a\.h5: /);
  });

  it('without a dataset is no checkpoint', async () => {
    const bytes = await written(file => void file.create_group('empty'));
    await expect(inMemory(bytes)).rejects.toThrow(/^folder\/a\.h5: HDF5 without a dataset: no checkpoint$/);
  });

  it('stops with the signal’s reason', async () => {
    const checkpoint = await inMemory(newestFormat);
    const reason = new Error('enough');
    for (const index of [0, checkpoint.tensors.length - 1]) {
      await expect(checkpoint.values(index, 0, 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    }
    await checkpoint.close();
  });
});

describe('a model of Keras', () => {
  const roles = (checkpoint: Checkpoint): string[] =>
    checkpoint.tensors.map(({ name, kind, role, outputAxis: o, inputAxis: i }) =>
      role === 'weight' ? `${name} ${kind!} ${o}/${i}` : `${name} ${role}`,
    );

  const stemAndNorm = [
    'stem/kernel convolution 3/2',
    'stem/bias bias null/null',
    'norm/beta normalization null/null',
    'norm/moving_mean buffer',
    'norm/moving_variance buffer',
  ];

  it('as .h5 has names, roles and axes by its configuration, layers in order', async () => {
    const checkpoint = await inMemory(kerasLegacy);
    expect(checkpoint.format).toBe('Keras (.h5)');
    expect(checkpoint.metadata).toEqual([
      ['keras_version', '2.15.0'],
      ['backend', 'tensorflow'],
    ]);
    expect(roles(checkpoint)).toEqual([
      ...stemAndNorm,
      'deep/depthwise_kernel convolution 2/null',
      'deep/bias bias null/null',
      'drop/seed_generator_state other',
      'head/kernel head 1/0',
      'head/bias bias null/null',
      'optimizer_weights/Adam/iter optimizer',
      'optimizer_weights/Adam/m/head/kernel optimizer',
    ]);
    await checkpoint.close();
  });

  it('as .weights.h5 has the names of groups, and of variables where their class tells', async () => {
    const checkpoint = await inMemory(kerasWeights);
    expect(checkpoint.format).toBe('Keras weights (.weights.h5)');
    expect(roles(checkpoint)).toEqual([
      // which of the four is left out only the configuration would tell
      'batch_normalization/vars/0 normalization null/null',
      'batch_normalization/vars/1 normalization null/null',
      'batch_normalization/vars/2 normalization null/null',
      'conv2d/kernel convolution 3/2',
      'conv2d/bias bias null/null',
      'dense/kernel dense 1/0',
      'dense/bias bias null/null',
      'depthwise_conv2d/kernel convolution 2/null',
      'depthwise_conv2d/bias bias null/null',
      'dropout/seed_generator/vars/0 other',
      'optimizer/vars/0 optimizer',
      'optimizer/vars/1 optimizer',
    ]);
    await checkpoint.close();
  });

  it.each([false, true])('as .keras has the names of its configuration (deflated: %s)', async deflate => {
    const checkpoint = await onDisk(`model-${deflate}.keras`, kerasArchive(kerasWeights, deflate));
    expect(checkpoint.format).toBe('Keras (.keras)');
    expect(checkpoint.metadata).toEqual([
      ['keras_version', '3.15.1'],
      ['date_saved', '2026-01-01'],
    ]);
    expect(roles(checkpoint)).toEqual([
      ...stemAndNorm,
      'deep/kernel convolution 2/null',
      'deep/bias bias null/null',
      'drop/seed_generator/vars/0 other',
      'head/kernel head 1/0',
      'head/bias bias null/null',
      'optimizer/vars/0 optimizer',
      'optimizer/vars/1 optimizer',
    ]);
    const alone = await inMemory(kerasWeights);
    expect(await valuesOf(checkpoint, 'head/kernel')).toEqual(await valuesOf(alone, 'dense/kernel'));
    expect(checkpoint.raw(0) === null).toBe(deflate);
    await alone.close();
    await checkpoint.close();
  });

  it('as .keras is shown without a configuration that cannot be read, and refused without weights', async () => {
    const weights = { name: 'model.weights.h5', data: kerasWeights };
    const broken = await inMemory(zipBytes([weights, { name: 'config.json', data: text('[[[{') }]), 'a.keras');
    expect(namesOf(broken)).toContain('dense/kernel');
    await broken.close();
    const without = zipBytes(['config.json', 'metadata.json'].map(name => ({ name, data: text('{}') })));
    await expect(inMemory(without, 'a.keras')).rejects.toThrow(/^a\.keras: an archive without model\.weights\.h5/);
    const damaged = zipBytes([{ ...weights, data: kerasWeights.subarray(0, 5000) }]);
    await expect(inMemory(damaged, 'a.keras')).rejects.toThrow(/^a\.keras: its HDF5 structure cannot be read: trunc/);
  });
});
