/** What the manifest of a TensorFlow.js model says of its weights: types, quantisation, and what it must not say. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { concat, text } from '../../support/checkpoints';
import { valuesOf } from '../../support/openBytes';
import { bias, errorsOf, kernel, openTfjs } from '../../support/tfjsCheckpoint';
import { entriesOf, manifestOf, type WeightFixture } from '../../support/tfjsModels';

describe('types of weights', () => {
  const one = async (fixture: Partial<WeightFixture>): Promise<Checkpoint> => {
    const { groups, shards } = manifestOf([
      { name: 'w/kernel', shape: [2, 1], data: new Uint8Array(0), ...fixture },
      bias,
    ]);
    return openTfjs(JSON.stringify(groups), shards);
  };
  const data = Uint8Array.of(0, 200);

  it.each<[string, object, Uint8Array, string, number[]]>([
    ['uint8 with scale and min', { dtype: 'uint8', scale: 0.5, min: -100 }, data, 'QU8', [-100, 0]],
    ['uint16', { dtype: 'uint16', scale: 0.25, min: 1 }, Uint8Array.of(0, 0, 1, 1), 'QU16', [1, 65.25]],
    ['scale 0', { dtype: 'uint8', scale: 0, min: 3 }, data, 'QU8', [3, 3]],
    ['float16', { dtype: 'float16' }, Uint8Array.of(0, 0x3c, 0, 0), 'F16', [1, 0]],
  ])('%s', async (_, quantization, bytes, dtype, values) => {
    const checkpoint = await one({ quantization, data: bytes });
    expect(checkpoint.tensors[0]).toMatchObject({ dtype, bytes: bytes.length, prunable: true, error: null });
    expect(await valuesOf(checkpoint, 'w/kernel')).toEqual(values);
    expect(await valuesOf(checkpoint, 'hidden/bias')).toEqual([7, 8, 9]);
    expect(checkpoint.raw(0) === null).toBe(dtype !== 'F16');
    expect(checkpoint.notes.some(note => note.includes('scale + min'))).toBe(dtype !== 'F16');
  });

  it('zeros are where stored × scale + min rounds to 0, as in TensorFlow.js', async () => {
    // of a real file: min is −134 × scale as float64 has it
    const quantization = { dtype: 'uint8', scale: 0.009007044399485869, min: -1.2069439495311063 };
    const checkpoint = await one({ quantization, data: Uint8Array.of(134, 135) });
    expect(await valuesOf(checkpoint, 'w/kernel')).toEqual([0, Math.fround(0.009007044399485869)]);
    const near = await one({ quantization: { ...quantization, min: -1.2 }, data: Uint8Array.of(134, 0) });
    expect((await valuesOf(near, 'w/kernel'))[0]).not.toBe(0);
  });

  it('quantised int32 is whole again, and no weight', async () => {
    const checkpoint = await one({ dtype: 'int32', quantization: { dtype: 'uint8', scale: 0.3, min: 0 }, data });
    expect(await valuesOf(checkpoint, 'w/kernel')).toEqual([0, 60]);
    expect(checkpoint.tensors[0]!.role).toBe('buffer');
  });

  it('bool and whole numbers are buffers', async () => {
    const checkpoint = await one({ dtype: 'bool', data: Uint8Array.of(0, 1) });
    expect(checkpoint.tensors[0]).toMatchObject({ dtype: 'BOOL', role: 'buffer' });
    expect(await valuesOf(checkpoint, 'w/kernel')).toEqual([0, 1]);
  });

  it('complex numbers and texts are passed over: what follows is read', async () => {
    const complex = await one({ dtype: 'complex64', data: new Uint8Array(16) });
    expect(complex.tensors[0]!.error).toMatch(/complex/);
    expect(await valuesOf(complex, 'hidden/bias')).toEqual([7, 8, 9]);
    const texts = await one({
      dtype: 'string',
      data: concat(Uint8Array.of(2, 0, 0, 0), text('ab'), new Uint8Array(4)),
    });
    expect(texts.tensors[0]).toMatchObject({ role: 'other', bytes: 10, prunable: false });
    expect(texts.tensors[0]!.error).toMatch(/text/);
    expect(await valuesOf(texts, 'hidden/bias')).toEqual([7, 8, 9]);
  });

  it.each<[string, Partial<WeightFixture>, RegExp]>([
    ['an unknown type', { dtype: 'float8' }, /dtype "float8" is not known/],
    ['a type that is none', { dtype: 7 as unknown as string }, /no dtype/],
    ['a shape that is none', { shape: [-1] }, /shape is not a list of whole numbers/],
    ['a shape beyond all memory', { shape: [2 ** 50] }, /beyond all memory/],
    ['an unknown quantisation', { quantization: { dtype: 'uint4' } }, /none of uint8, uint16 and float16/],
    ['no scale', { quantization: { dtype: 'uint8', min: 0 } }, /no finite scale and min/],
    ['a quantisation of bools', { dtype: 'bool', quantization: { dtype: 'uint8' } }, /not BOOL/],
    ['a quantisation that is none', { quantization: 5 }, /not an object/],
    ['texts of more than the file', { dtype: 'string', data: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0) }, /text/],
    ['texts by the million', { dtype: 'string', shape: [1e6] }, /text/],
  ])('%s is told of, and that what follows has no place', async (_, fixture, reason) => {
    const checkpoint = await one(fixture);
    expect(checkpoint.tensors[0]!.error).toMatch(reason);
    expect(checkpoint.tensors[1]!.error).toMatch(/its place is not known, because it lies behind "w\/kernel": .+/);
    await expect(checkpoint.values(1, 0, 1)).rejects.toThrow(/^model\.json: tensor "hidden\/bias": /);
    expect(checkpoint.raw(1)).toBeNull();
  });

  it('a scale that is no finite number is told of', async () => {
    const json = JSON.stringify(
      manifestOf([{ ...kernel, quantization: { dtype: 'uint8', scale: 7.5, min: 0 } }]).groups,
    );
    const checkpoint = await openTfjs(json.replace('7.5', '1e999'), { 'group1-shard1of1.bin': new Uint8Array(6) });
    expect(checkpoint.tensors[0]!.error).toMatch(/no finite scale/);
  });
});

describe('what a manifest must not do', () => {
  const entries = entriesOf([kernel]);
  const good = { paths: ['a.bin'], weights: entriesOf([bias]) };

  it.each<[string, string, RegExp]>([
    ['climb out', '../a.bin', /leads out of its folder/],
    ['climb out from below', 'x/../../a.bin', /leads out of its folder/],
    ['be absolute', '/a.bin', /absolute path/],
    ['be absolute on Windows', 'C:\\a.bin', /colon/],
    ['be a URL', 'https://example.com/a.bin', /colon/],
    ['be empty', '', /no file name/],
    ['be another group’s', './a.bin', /a\.bin stands twice in the manifest/],
  ])('a path must not %s', async (_, path, reason) => {
    const checkpoint = await openTfjs(JSON.stringify([good, { paths: [path], weights: entries }]), {
      'a.bin': bias.data,
    });
    expect(await valuesOf(checkpoint, 'hidden/bias')).toEqual([7, 8, 9]);
    expect(checkpoint.tensors[1]!.error).toMatch(reason);
  });

  it('a name stands once, or is listed once as unreadable', async () => {
    const { groups, shards } = manifestOf([bias, { ...kernel, name: bias.name }, kernel]);
    const checkpoint = await openTfjs(JSON.stringify(groups), shards);
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['hidden/bias', 'hidden/kernel']);
    expect(checkpoint.tensors[0]!.error).toMatch(/more than once/);
    expect(await valuesOf(checkpoint, 'hidden/kernel')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[string, string, RegExp]>([
    ['that is no JSON', '{"weightsManifest": [', /not valid JSON/],
    ['nested without end', `{"weightsManifest": ${'['.repeat(100_000)}`, /nested deeper than 100/],
    ['of values without end', `{"weightsManifest": [${'[],'.repeat(300_001)}`, /more than 300000 values/],
    ['with a name twice', '{"weightsManifest": [], "weightsManifest": []}', /the name "weightsManifest" twice/],
    ['that is no list', '{"weightsManifest": {}}', /it is not a list of groups/],
    ['of no groups', '{"weightsManifest": [7]}', /group 0 is not an object/],
    ['without paths', '{"weightsManifest": [{"weights": []}]}', /group 0 has no list of file names/],
    ['without weights', '{"weightsManifest": [{"paths": []}]}', /group 0 has no list in "weights"/],
    [
      'with a weight without name',
      '{"weightsManifest": [{"paths": [], "weights": [{}]}]}',
      /weight 0 of group 0 has no name/,
    ],
    [
      'of more shards than can be open',
      JSON.stringify({ weightsManifest: [{ paths: new Array(1001).fill('a.bin'), weights: [] }] }),
      /1001 shards, and 1000 are the limit/,
    ],
    [
      'with a name without end',
      JSON.stringify([{ weights: [{ ...entries[0], name: 'a'.repeat(5000) }], paths: [] }]),
      /more than 4096 characters/,
    ],
  ])('a manifest %s is refused', async (_, json, reason) => {
    await expect(openTfjs(json)).rejects.toThrow(CheckpointError);
    await expect(openTfjs(json)).rejects.toThrow(reason);
    await expect(openTfjs(json)).rejects.toThrow(/^model\.json: /);
  });

  it('weights without shards have no values', async () => {
    const checkpoint = await openTfjs(JSON.stringify([{ weights: entries, paths: [] }]));
    expect(errorsOf(checkpoint)).toEqual(['its group names no shard that holds bytes 0 to 24 of its group']);
  });
});
