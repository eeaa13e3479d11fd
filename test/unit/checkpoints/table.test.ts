/** Every checkpoint at hand against what is known of it, and files made to do harm against what must be said of them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { StatisticsAccumulator } from '../../../src/sparsity/statistics';
import type { TensorInfo, TensorStatistics } from '../../../src/shared/inspection';
import { totalOf, totalsOf } from '../../../src/shared/totals';
import { hostileFiles } from './tableHostileFiles';
import { realFiles, refusedFiles } from './tableRealFiles';

const folder = path.resolve(import.meta.dirname, '../../../../shared/data');
const openReal = async (file: string): Promise<Checkpoint> => openCheckpoint(await openFile(path.join(folder, file)));

/** −0 as 0: sorting puts the two in any order. */
const unsigned = (value: number): number => (value === 0 ? 0 : value);

async function statisticsOf(checkpoint: Checkpoint): Promise<TensorStatistics[]> {
  const statistics: TensorStatistics[] = [];
  for (const [index, tensor] of checkpoint.tensors.entries()) {
    expect(tensor.error, tensor.name).toBeNull();
    const accumulator = new StatisticsAccumulator(tensor);
    accumulator.add(await checkpoint.values(index, 0, tensor.count));
    statistics.push(accumulator.result());
  }
  return statistics;
}

// the files are no part of the project: where they are absent these tests do not run
describe.skipIf(!existsSync(folder))('real checkpoints (skipped where ../shared/data is absent)', () => {
  it.each(realFiles)('$file', async ({ file, format, tensors, total, parameters, prunable, empty = [] }) => {
    const checkpoint = await openReal(file);
    const statistics = await statisticsOf(checkpoint);
    await checkpoint.close();
    const totals = totalsOf(checkpoint.tensors, index => statistics[index]!);
    const weights = totalOf(
      checkpoint.tensors,
      index => statistics[index]!,
      ({ role }) => role === 'weight',
    );
    expect(checkpoint.format).toBe(format);
    expect(checkpoint.tensors).toHaveLength(tensors);
    expect(totals.all).toMatchObject(total);
    expect(totals.prunable).toMatchObject(prunable);
    expect(weights.count).toBe(parameters);
    const isEmpty = ({ prunable: may, count }: TensorInfo, i: number): boolean => may && statistics[i]!.zeros === count;
    expect(checkpoint.tensors.filter(isEmpty).map(({ name }) => name)).toEqual(empty);
  });

  it.each(['net.pt', 'net.safetensors', 'net.onnx'])(
    'models/%s has the zeros of each tensor that its author counted',
    async name => {
      const known = JSON.parse(readFileSync(path.join(folder, 'models/net.json'), 'utf8')) as {
        readonly zeros: Readonly<Record<string, number>>;
        readonly total: Readonly<Record<string, number>>;
      };
      const checkpoint = await openReal(`models/${name}`);
      const statistics = await statisticsOf(checkpoint);
      await checkpoint.close();
      const counted = (value: (statistics: TensorStatistics) => number): Record<string, number> =>
        Object.fromEntries(
          checkpoint.tensors.flatMap((tensor, i) => (tensor.prunable ? [[tensor.name, value(statistics[i]!)]] : [])),
        );
      expect(counted(({ zeros }) => zeros)).toEqual(known.zeros);
      expect(counted(({ count }) => count)).toEqual(known.total);
    },
  );

  it('one network has the same values, whoever wrote it', async () => {
    const [left, right] = [await openReal('models/net.pt'), await openReal('models/net.safetensors')];
    for (const [index, { name, count }] of left.tensors.entries()) {
      const other = right.tensors.findIndex(tensor => tensor.name === name);
      expect(await right.values(other, 0, count), name).toEqual(await left.values(index, 0, count));
    }
    await left.close();
    await right.close();
  });

  it.each(['net.h5', 'net.weights.h5', 'net.keras'])(
    'models/%s has the values of PyTorch’s in the order of Keras’ axes',
    async name => {
      const [left, right] = [await openReal('models/net.pt'), await openReal(`models/${name}`)];
      for (const [index, { name: kernel, shape, count }] of right.tensors.entries()) {
        if (!kernel.endsWith('/kernel')) continue;
        const torch = left.tensors.findIndex(tensor => tensor.name === kernel.replace('/kernel', '.weight'));
        const expected = await left.values(torch, 0, count);
        const values = await right.values(index, 0, count);
        const fan = count / shape.at(-1)!;
        for (let output = 0; output < shape.at(-1)!; output++) {
          // what an output is made of is the same, in another order: of a convolution, and of what is flattened
          const own = [...expected.subarray(output * fan, (output + 1) * fan)].map(unsigned).sort((a, b) => a - b);
          const other = Array.from({ length: fan }, (_, i) => unsigned(values[i * shape.at(-1)! + output]!));
          expect(
            other.sort((a, b) => a - b),
            `${kernel} ${output}`,
          ).toEqual(own);
        }
        const [height, width, inputs, outputs] = shape as [number, number, number, number];
        if (shape.length !== 4) continue;
        expect(left.tensors[torch]!.shape).toEqual([outputs, inputs, height, width]);
        for (let i = 0; i < count; i++) {
          const [o, rest] = [i % outputs, Math.floor(i / outputs)];
          const [channel, place] = [rest % inputs, Math.floor(rest / inputs)];
          expect(values[i]).toBe(expected[(o * inputs + channel) * height * width + place]);
        }
      }
      await left.close();
      await right.close();
    },
  );

  it.each(refusedFiles)('$file is none', async ({ file, reason }) => {
    await expect(openReal(file)).rejects.toThrow(CheckpointError);
    await expect(openReal(file)).rejects.toThrow(reason);
  });
});

describe('hostile checkpoints', () => {
  it.each(hostileFiles)('$what', { timeout: 10_000 }, async ({ file, bytes, beside, refused, tensors = {}, note }) => {
    const opening = openCheckpoint(memorySource(file, bytes, { ...beside, [file]: bytes }));
    if (refused) {
      const error: unknown = await opening.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as Error).message).toMatch(refused);
      expect((error as Error).message.startsWith(`${file}: `)).toBe(true);
      return;
    }
    const checkpoint = await opening;
    for (const [name, expected] of Object.entries(tensors)) {
      const index = checkpoint.tensors.findIndex(tensor => tensor.name === name);
      expect(index, name).toBeGreaterThanOrEqual(0);
      const { count, error } = checkpoint.tensors[index]!;
      if (expected instanceof RegExp) {
        expect(error).toMatch(expected);
        await expect(checkpoint.values(index, 0, 1)).rejects.toThrow(CheckpointError);
      } else expect([...(await checkpoint.values(index, 0, count))]).toEqual(expected);
    }
    expect(checkpoint.tensors.every(({ count }) => Number.isSafeInteger(count))).toBe(true);
    if (note) expect(checkpoint.notes.join('\n')).toMatch(note);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await checkpoint.close();
  });

  it('runs no command on the way', () => {
    expect(existsSync('/tmp/winning-ticket-was-here')).toBe(false);
  });
});

describe('what is no checkpoint on the disk', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-table-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;

  it.each<[string, string | null, RegExp]>([
    ['pointer.safetensors', pointer, /a Git LFS pointer.*of 12345 bytes.*git lfs pull/],
    ['empty.pt', '', /empty: the file has 0 bytes/],
    ['folder.pt', null, /a folder, not a file/],
    ['page.bin', '<!DOCTYPE html><html>', /a web page/],
  ])('%s is refused by what it is', async (name, content, reason) => {
    const file = path.join(directory, name);
    if (content === null) mkdirSync(file);
    else writeFileSync(file, content);
    const opening = openFile(file).then(openCheckpoint);
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(reason);
  });
});
