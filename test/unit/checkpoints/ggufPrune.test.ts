/** Pruned copies of GGUF files: floating-point tensors where they lie, quantised ones not. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { pruneCopy, type PruneResult } from '../../../src/checkpoints/write/pruneCopy';
import { ggufBytes, name, type GgufOptions, type GgufTensor } from '../../support/ggufFiles';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-gguf-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const at = (file: string): string => path.join(directory, file);
const bias: GgufTensor = { name: 'output.bias', ne: [1], type: 0, data: new Uint8Array(4).fill(1) };

function write(tensors: readonly GgufTensor[], options?: GgufOptions): void {
  writeFileSync(at('a.gguf'), ggufBytes(tensors, [['general.name', name('net')]], options));
}

async function countZeros(checkpoint: Checkpoint, index: number): Promise<number> {
  const values = await checkpoint.values(index, 0, checkpoint.tensors[index]!.count);
  return values.filter(value => value === 0).length;
}

const prune = (exclude: readonly string[] = []): Promise<PruneResult> =>
  pruneCopy({
    file: at('a.gguf'),
    out: at('b.gguf'),
    overwrite: false,
    rule: { method: 'magnitude', scope: 'global', target: { sparsity: 0.5 }, policy: new Map() },
    exclude,
    countZeros,
    onPhase: () => undefined,
    signal: new AbortController().signal,
  });

async function valuesOf(tensor: string): Promise<number[]> {
  const checkpoint = await openCheckpoint(await openFile(at('b.gguf')));
  const index = checkpoint.tensors.findIndex(one => one.name === tensor);
  const values = [...(await checkpoint.values(index, 0, checkpoint.tensors[index]!.count))];
  await checkpoint.close();
  return values;
}

it.each<[string, number, Uint8Array]>([
  ['F32', 0, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)],
  ['F64', 28, new Uint8Array(Float64Array.of(1, 2, 3, 4).buffer)],
  ['F16', 1, new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400).buffer)],
  ['BF16', 30, new Uint8Array(Uint16Array.of(0x3f80, 0x4000, 0x4040, 0x4080).buffer)],
])('%s is pruned where it lies, and nothing else changes', async (_, type, data) => {
  write([bias, { name: 'output.weight', ne: [2, 2], type, data }]);
  await prune();
  expect(await valuesOf('output.weight')).toEqual([0, 0, 3, 4]);
  const expected = readFileSync(at('a.gguf'));
  expected.fill(0, expected.length - 32, expected.length - 32 + data.length / 2);
  expect(readFileSync(at('b.gguf'))).toEqual(expected);
});

it('big-endian values are pruned too', async () => {
  const data = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer).swap32();
  write([{ name: 'output.weight', ne: [2, 2], type: 0, data }], { bigEndian: true });
  await prune();
  expect(await valuesOf('output.weight')).toEqual([0, 0, 3, 4]);
});

it('quantised tensors are refused with what to do, and can be left out', async () => {
  const quantised = { name: 'blk.0.attn_q.weight', ne: [32], type: 8, data: new Uint8Array(34).fill(1) };
  write([
    { ...quantised, ne: [32, 2], data: new Uint8Array(68).fill(1) },
    { name: 'output.weight', ne: [2, 2], type: 0, data: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) },
  ]);
  await expect(prune()).rejects.toThrow(/"blk\.0\.attn_q\.weight" cannot be pruned.*quantised.*--exclude/);
  expect(readdirSync(directory)).toEqual(['a.gguf']);
  await prune(['blk']);
  expect(await valuesOf('output.weight')).toEqual([0, 0, 3, 4]);
});
