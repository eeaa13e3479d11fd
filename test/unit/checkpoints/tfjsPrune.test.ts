/** Pruned copies of TensorFlow.js models: in the shards, over several of them, and not where weights are quantised. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { pruneCopy, type PruneResult } from '../../../src/checkpoints/write/pruneCopy';
import type { PruneRule } from '../../../src/checkpoints/write/pruneRule';
import { Random } from '../../../src/shared/random';
import { manifestOf, weight, type WeightFixture } from '../../support/tfjsModels';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-tfjs-'));
  mkdirSync(path.join(directory, 'in'));
  mkdirSync(path.join(directory, 'out'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const half = { method: 'magnitude', scope: 'global', target: { sparsity: 0.5 }, policy: new Map() } satisfies PruneRule;

function write(weights: readonly WeightFixture[], shardBytes?: number): void {
  const { groups, shards } = manifestOf(weights, shardBytes);
  const files = { 'model.json': JSON.stringify({ format: 'graph-model', weightsManifest: groups }), ...shards };
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(directory, 'in', name), content);
}

async function countZeros(checkpoint: Checkpoint, index: number): Promise<number> {
  const values = await checkpoint.values(index, 0, checkpoint.tensors[index]!.count);
  return values.filter(value => value === 0).length;
}

const prune = (exclude: readonly string[] = []): Promise<PruneResult> =>
  pruneCopy({
    file: path.join(directory, 'in/model.json'),
    out: path.join(directory, 'out/model.json'),
    overwrite: false,
    rule: half,
    exclude,
    countZeros,
    onPhase: () => undefined,
    signal: new AbortController().signal,
  });

async function read(): Promise<Record<string, number[]>> {
  const checkpoint = await openCheckpoint(await openFile(path.join(directory, 'out/model.json')));
  const values: Record<string, number[]> = {};
  for (const [index, { name, count }] of checkpoint.tensors.entries()) {
    values[name] = [...(await checkpoint.values(index, 0, count))];
  }
  await checkpoint.close();
  return values;
}

describe('a pruned copy', () => {
  it('has its shards under their names in the other folder', async () => {
    write([weight('a/kernel', [2, 2], [1, 2, 3, 4]), weight('a/bias', [1], [0.5])]);
    const result = await prune();
    expect(await read()).toEqual({ 'a/kernel': [0, 0, 3, 4], 'a/bias': [0.5] });
    expect(readdirSync(path.join(directory, 'out')).sort()).toEqual(['group1-shard1of1.bin', 'model.json']);
    expect(result.files.at(-1)).toBe(path.join(directory, 'out/model.json'));
    expect(readFileSync(path.join(directory, 'out/model.json'))).toEqual(
      readFileSync(path.join(directory, 'in/model.json')),
    );
  });

  it.each([4, 8, 20, 68, 1000])('loses the same weights whatever the size of its shards: %d bytes', async bytes => {
    const random = new Random(7, 'values');
    const drawn = (count: number) => Array.from({ length: count }, () => Math.fround(random.nextGaussian()));
    const weights = [weight('a/kernel', [3, 5], drawn(15)), weight('b/kernel', [4, 2], drawn(8))];
    const all = weights.flatMap(({ data }) => [...new Float32Array(data.buffer)]);
    const kept = [...all].sort((a, b) => Math.abs(b) - Math.abs(a)).slice(0, 11);
    write(weights, bytes);
    const result = await prune();
    const expected = all.map(value => (kept.includes(value) ? value : 0));
    expect(await read()).toEqual({ 'a/kernel': expected.slice(0, 15), 'b/kernel': expected.slice(15) });
    expect(result.tensors.reduce((sum, { after }) => sum + after!, 0)).toBe(12);
  });

  it('of float16 loses its weights where they lie', async () => {
    const data = Uint8Array.of(0, 0x3c, 0, 0x40, 0, 0x42, 0, 0x44);
    write([{ name: 'a/kernel', shape: [2, 2], quantization: { dtype: 'float16' }, data }]);
    await prune();
    expect(await read()).toEqual({ 'a/kernel': [0, 0, 3, 4] });
  });

  it('is refused where its weights are quantised, with the tensor and what to do; they can be left out', async () => {
    const quantization = { dtype: 'uint8', scale: 0.5, min: -1 };
    const data = Uint8Array.of(1, 2, 3, 4);
    write([{ name: 'q/kernel', shape: [2, 2], quantization, data }, weight('a/kernel', [2, 2], [1, 2, 3, 4])]);
    await expect(prune()).rejects.toThrow(/"q\/kernel" cannot be pruned.*quantised.*--exclude/);
    expect(readdirSync(path.join(directory, 'out'))).toEqual([]);
    await prune(['q']);
    expect(await read()).toEqual({ 'q/kernel': [-0.5, 0, 0.5, 1], 'a/kernel': [0, 0, 3, 4] });
  });

  it('is refused where a value lies in two shards', async () => {
    write([weight('a/kernel', [2, 2], [1, 2, 3, 4])], 6);
    await expect(prune()).rejects.toThrow(/"a\/kernel" cannot be pruned/);
  });
});
