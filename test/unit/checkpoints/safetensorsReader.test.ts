import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../../src/checkpoints/checkpoint';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { safetensorsBytes } from '../../support/checkpoints';

const file = 'w.safetensors';
const open = (bytes: Uint8Array) => openCheckpoint(memorySource(file, bytes));
const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('a safetensors checkpoint', () => {
  it('lists tensors and metadata in order, and reads values by range', async () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => i);
    const checkpoint = await open(
      encodeSafetensors(
        [
          { name: 'hidden.weight', dtype: 'F32', shape: [3, 4], data: values },
          { name: 'steps', dtype: 'I32', shape: [], data: Int32Array.of(-5) },
        ],
        { format: 'pt' },
      ),
    );
    expect(checkpoint).toMatchObject({ format: 'safetensors', metadata: [['format', 'pt']], notes: [] });
    expect(checkpoint.tensors).toMatchObject([
      { name: 'hidden.weight', shape: [3, 4], bytes: 48, prunable: true, kind: 'dense', outputAxis: 0, inputAxis: 1 },
      { name: 'steps', shape: [], count: 1, bytes: 4, role: 'buffer', prunable: false },
    ]);
    expect([...(await checkpoint.values(0, 5, 8))]).toEqual([5, 6, 7]);
    expect([...(await checkpoint.values(1, 0, 1))]).toEqual([-5]);
    const raw = checkpoint.raw(0)!;
    expect(await raw.source.read(raw.offset, raw.length)).toEqual(new Uint8Array(values.buffer));
    await checkpoint.close();
  });

  it.each([
    ['F64', 8, 1],
    ['F16', 2, 1],
    ['BF16', 2, 1],
    ['F8_E4M3', 1, 1],
    ['F8_E5M2', 1, 1],
    ['F8_E8M0', 1, 1],
    ['I64', 8, 1],
    ['U16', 2, 1],
    ['BOOL', 1, 1],
  ])('reads %s', async (dtype, size, count) => {
    const checkpoint = await open(safetensorsBytes({ x: entry(dtype, [count], 0, size) }, new Uint8Array(size)));
    expect(checkpoint.tensors[0]).toMatchObject({ dtype, error: null });
    expect((await checkpoint.values(0, 0, count)).length).toBe(count);
  });

  it('lists types that it cannot decode, with the reason', async () => {
    const checkpoint = await open(
      safetensorsBytes({ packed: entry('F4', [4], 0, 2), x: entry('F32', [1], 2, 6) }, new Uint8Array(6)),
    );
    expect(checkpoint.tensors.map(({ error }) => error)).toEqual(['values of type F4 are not decoded', null]);
    expect(checkpoint.raw(0)).toBeNull();
    await expect(checkpoint.values(0, 0, 1)).rejects.toThrow(/w\.safetensors: tensor "packed": values of type F4/);
    expect([...(await checkpoint.values(1, 0, 1))]).toEqual([0]);
  });

  it.each([
    ['pt', 'linear/kernel', 0],
    ['flax', 'weight', 1],
    [undefined, 'linear.kernel', 1],
    [undefined, 'linear.weight', 0],
  ])('of format %s lays %s out with outputs along axis %d', async (format, name, axis) => {
    const metadata = format === undefined ? {} : { __metadata__: { format } };
    const checkpoint = await open(
      safetensorsBytes({ ...metadata, [name]: entry('U8', [2, 3], 0, 6) }, new Uint8Array(6)),
    );
    expect(checkpoint.tensors[0]!.outputAxis).toBe(axis);
  });

  it.each<[string, object, RegExp]>([
    ['beyond the end', entry('F32', [1000], 8, 4008), /ends at byte 4008 of 8: the file is cut short/],
    ['that overlaps another', entry('F32', [2], 0, 8), /overlaps the tensor before it/],
    ['whose shape does not fit', entry('F32', [1e9], 8, 8), /shape \[1000000000\] of F32 does not fit/],
    ['whose shape overflows', entry('F32', Array<number>(20).fill(2 ** 50), 8, 8), /does not fit/],
    ['of a rank beyond use', entry('F32', Array<number>(33).fill(1), 8, 12), /shape is not a list/],
    ['of an unknown type', entry('F31', [1], 8, 12), /dtype "F31" is not one of F64, F32/],
    ['without offsets', { dtype: 'F32', shape: [1] }, /data_offsets/],
  ])('shows the other tensors beside one %s', async (_, bad, reason) => {
    const checkpoint = await open(safetensorsBytes({ good: entry('F32', [2], 0, 8), bad }, bytesOf(1, 2)));
    expect(checkpoint.tensors[0]!.error).toBeNull();
    expect([...(await checkpoint.values(0, 0, 2))]).toEqual([1, 2]);
    expect(checkpoint.tensors[1]!.error).toMatch(reason);
    expect(checkpoint.raw(1)).toBeNull();
    await expect(checkpoint.values(1, 0, 1)).rejects.toThrow(reason);
  });

  it('tells of bytes that belong to no tensor', async () => {
    const checkpoint = await open(safetensorsBytes({ x: entry('U8', [1], 2, 3) }, new Uint8Array(5)));
    expect(checkpoint.notes).toEqual([
      'tensor "x" leaves a hole before it (byte 2)',
      '2 bytes after the last tensor belong to none',
    ]);
  });

  it('with a header longer than the file is refused with its length', async () => {
    const bytes = safetensorsBytes({});
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
    await expect(open(bytes)).rejects.toThrow(CheckpointError);
    await expect(open(bytes)).rejects.toThrow(/^w\.safetensors: the header claims 9223372036854775808 bytes/);
  });

  it.each<[string, string, RegExp]>([
    ['of nested lists', `{"a":${'['.repeat(1_000_000)}`, /nested deeper than 3/],
    ['of millions of values', `{"a":[${'1,'.repeat(8_000_001)}1]}`, /more than 8000000 values/],
    ['of millions of empty lists', `{"a":[${'[]'.repeat(8_000_001)}]}`, /more than 8000000 values/],
  ])('with a header %s is refused before it is parsed', async (_, header, reason) => {
    await expect(open(safetensorsBytes(header))).rejects.toThrow(reason);
  });

  it('reads nothing but its header to open a file', async () => {
    const inner = memorySource(
      file,
      safetensorsBytes({ x: entry('U8', [100_000], 0, 100_000) }, new Uint8Array(100_000)),
    );
    let read = 0;
    const counting: ByteSource = {
      ...inner,
      read: (offset, length) => {
        read += length;
        return inner.read(offset, length);
      },
    };
    await openCheckpoint(counting);
    expect(read).toBeLessThan(4096 + 200);
  });
});
