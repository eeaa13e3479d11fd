import { mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { StatisticsEngine } from '../../../src/inspection/statisticsEngine';
import { StatisticsAccumulator } from '../../../src/sparsity/statistics';
import { safetensorsBytes } from '../../support/checkpoints';
import { expectSameStatistics } from '../../support/closeStatistics';

const folder = mkdtempSync(path.join(tmpdir(), 'wt-engine-'));
const engine = new StatisticsEngine({ threads: 2 });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every value of a pattern that no part of a tensor repeats. */
function floats(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (i % 7 < 4 ? 0 : Math.sin(i) * 0.1));
}

function safetensors(
  tensors: readonly { name: string; dtype: string; shape: number[]; data: Uint8Array }[],
): Uint8Array {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, (end += data.length)] };
  }
  return safetensorsBytes(header, Buffer.concat(tensors.map(({ data }) => data)));
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

// more than two tasks of the kernels, of rows that end within words
const large = floats(700 * 4004);
const bytes = safetensors([
  { name: 'large.weight', dtype: 'F32', shape: [700, 4004], data: bytesOf(large) },
  { name: 'double.weight', dtype: 'F64', shape: [3, 8], data: bytesOf(Float64Array.from(floats(24))) },
  {
    name: 'half.weight',
    dtype: 'F16',
    shape: [3, 8],
    data: bytesOf(Uint16Array.from({ length: 24 }, (_, i) => i * 2711)),
  },
  { name: 'eight.weight', dtype: 'F8_E4M3', shape: [4, 4], data: Uint8Array.from({ length: 16 }, (_, i) => i * 16) },
  { name: 'steps', dtype: 'I64', shape: [], data: bytesOf(BigInt64Array.of(12_345_678_901n)) },
  { name: 'nothing.weight', dtype: 'F32', shape: [0, 8], data: new Uint8Array(0) },
]);

async function plainly(checkpoint: Checkpoint, index: number) {
  const tensor = checkpoint.tensors[index]!;
  const accumulator = new StatisticsAccumulator(tensor);
  accumulator.add(await checkpoint.values(index, 0, tensor.count));
  return accumulator.result();
}

describe('statistics of a checkpoint', () => {
  const file = path.join(folder, 'all.safetensors');
  beforeAll(() => {
    writeFileSync(file, bytes);
  });

  it.each(['a file that threads read', 'bytes that are read for them'])(
    'are those of its values, from %s',
    async from => {
      const source = from.startsWith('a file') ? await openFile(file) : memorySource('memory.safetensors', bytes);
      const checkpoint = await openCheckpoint(source);
      const all = await Promise.all(checkpoint.tensors.map((_, index) => engine.statistics(checkpoint, index)));
      for (const [index, statistics] of all.entries())
        expectSameStatistics(statistics, await plainly(checkpoint, index));
      await checkpoint.close();
    },
  );

  it('are the same bits on any number of threads', async () => {
    const checkpoint = await openCheckpoint(await openFile(file));
    const alone = new StatisticsEngine({ threads: 1 });
    const index = checkpoint.tensors.findIndex(({ name }) => name === 'large.weight');
    expect(await alone.statistics(checkpoint, index)).toEqual(await engine.statistics(checkpoint, index));
    await alone.close();
    await checkpoint.close();
  });

  it('stop when they are not wanted any more', async () => {
    const checkpoint = await openCheckpoint(await openFile(file));
    const controller = new AbortController();
    const reason = new Error('enough');
    const counting = engine.statistics(checkpoint, 0, controller.signal);
    controller.abort(reason);
    await expect(counting).rejects.toBe(reason);
    await expect(engine.statistics(checkpoint, 0)).resolves.toMatchObject({ count: large.length });
    await checkpoint.close();
  });

  it('are not made of a file that is another one by now', async () => {
    const changing = path.join(folder, 'changing.safetensors');
    writeFileSync(changing, bytes);
    const checkpoint = await openCheckpoint(await openFile(changing));
    utimesSync(changing, 1, 1);
    await expect(engine.statistics(checkpoint, 0)).rejects.toThrow(/large\.weight: .*changed since it was opened/);
    rmSync(changing);
    await expect(engine.statistics(checkpoint, 0)).rejects.toThrow(CheckpointError);
    await checkpoint.close();
  });

  it('end with the tensor named where the file ends before it', async () => {
    const cut = path.join(folder, 'cut.safetensors');
    writeFileSync(cut, bytes);
    const source = await openFile(cut);
    const checkpoint = await openCheckpoint({
      ...source,
      name: source.name,
      size: source.size,
      identity: source.identity,
      read: (...range) => source.read(...range),
      beside: name => source.beside(name),
      close: () => source.close(),
    });
    truncateSync(cut, 1000);
    await expect(engine.statistics(checkpoint, 0)).rejects.toThrow(CheckpointError);
    await checkpoint.close();
  });

  it('of a tensor that cannot be read say why', async () => {
    const checkpoint = await openCheckpoint(memorySource('memory.safetensors', bytes));
    const broken = { ...checkpoint, tensors: [{ ...checkpoint.tensors[0]!, error: 'its storage is missing' }] };
    await expect(engine.statistics(broken, 0)).rejects.toThrow('large.weight: its storage is missing');
  });

  it('take the plain way where rows are too long for a thread', async () => {
    const checkpoint = await openCheckpoint(
      memorySource(
        'wide.safetensors',
        safetensors([{ name: 'wide.weight', dtype: 'F32', shape: [4, 262_148], data: bytesOf(floats(4 * 262_148)) }]),
      ),
    );
    expectSameStatistics(await engine.statistics(checkpoint, 0), await plainly(checkpoint, 0));
  });

  it('are refused where a few bytes claim more values than can ever be read', async () => {
    const checkpoint = await openCheckpoint(memorySource('memory.safetensors', bytes));
    const repeated = { ...checkpoint.tensors[0]!, shape: [2 ** 20, 2 ** 30], count: 2 ** 50 };
    const hostile = { ...checkpoint, bytes: 1000, tensors: [repeated] };
    await expect(engine.statistics(hostile, 0)).rejects.toThrow(/large\.weight: it claims 1125899906842624 values/);
  });
});
