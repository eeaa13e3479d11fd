import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { text } from '../../support/checkpoints';

const name = 'model.safetensors.index.json';
const shard = (tensor: string, ...values: number[]) =>
  encodeSafetensors([{ name: tensor, dtype: 'F32', shape: [values.length], data: Float32Array.from(values) }]);

const open = (index: unknown, files: Readonly<Record<string, Uint8Array>> = {}) =>
  openCheckpoint(memorySource(name, text(typeof index === 'string' ? index : JSON.stringify(index)), files));

describe('an index of shards', () => {
  it('gives the tensors of all shards in its own order', async () => {
    const files = { '1.safetensors': shard('b', 1, 2), '2.safetensors': shard('a', 3) };
    const checkpoint = await open(
      { metadata: { total_size: 12 }, weight_map: { a: '2.safetensors', b: '1.safetensors' } },
      files,
    );
    expect(checkpoint.format).toBe('safetensors, 2 shards');
    expect(checkpoint.metadata).toEqual([['total_size', '12']]);
    expect(checkpoint.tensors.map(tensor => tensor.name)).toEqual(['a', 'b']);
    expect([...(await checkpoint.values(1, 1, 2))]).toEqual([2]);
    const raw = checkpoint.raw(0)!;
    expect(raw.source.name).toBe('2.safetensors');
    expect(await raw.source.read(raw.offset, raw.length)).toEqual(new Uint8Array(Float32Array.of(3).buffer));
    expect(checkpoint.bytes).toBeGreaterThan(files['1.safetensors'].length + files['2.safetensors'].length);
    expect(checkpoint.notes).toEqual([]);
    await checkpoint.close();
  });

  it.each<[string, string, RegExp]>([
    ['missing', 'none.safetensors', /none\.safetensors: there is no such file/],
    ['damaged', 'damaged.safetensors', /damaged\.safetensors: the header claims/],
    ['outside of the folder', '../secret', /leads out of its folder/],
    ['the index itself', name, /no checkpoint format that is known/],
    ['without the tensor', 'other.safetensors', /other\.safetensors does not hold it/],
  ])('shows the tensors of other shards where one is %s', async (_, path, reason) => {
    const weight_map = { a: 'good.safetensors', b: path };
    const index = JSON.stringify({ weight_map });
    const checkpoint = await open(index, {
      'good.safetensors': shard('a', 1),
      'other.safetensors': shard('c', 1),
      'damaged.safetensors': shard('b', 1).fill(200, 0, 3),
      [name]: text(index),
    });
    expect(checkpoint.tensors[0]).toMatchObject({ name: 'a', error: null });
    expect(checkpoint.tensors[1]!.name).toBe('b');
    expect(checkpoint.tensors[1]!.error).toMatch(reason);
    expect(checkpoint.raw(1)).toBeNull();
    await expect(checkpoint.values(1, 0, 1)).rejects.toThrow(CheckpointError);
    expect(checkpoint.notes.length).toBe(1);
  });

  it.each<[string, string, RegExp]>([
    ['that is no JSON', '{"weight_map":', /not valid JSON/],
    ['without a map', '{"weight_map":[]}', /weight_map is not an object/],
    ['with a file that is no name', '{"weight_map":{"a":1}}', /names no file for "a"/],
    ['with a name twice', '{"weight_map":{"a":"x","a":"y"}}', /holds the name "a" twice/],
    ['nested without end', `{"weight_map":${'['.repeat(100_000)}`, /nested deeper than 8/],
    [
      'of more shards than can be open',
      JSON.stringify({ weight_map: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`t${i}`, `f${i}`])) }),
      /1001 shards, and 1000 are the limit/,
    ],
  ])('%s is refused', async (_, index, reason) => {
    await expect(open(index)).rejects.toThrow(CheckpointError);
    await expect(open(index)).rejects.toThrow(reason);
  });
});
