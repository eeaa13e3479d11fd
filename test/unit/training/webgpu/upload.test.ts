/** Inputs of a split reach the buffers of the device byte by byte, from memory and from files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Split } from '../../../../src/data/dataset';
import { storedPart } from '../../../../src/data/stored';
import { Random } from '../../../../src/shared/random';
import type { WatchedDevice } from '../../../../src/training/webgpu/device';
import type { Range } from '../../../../src/training/webgpu/memory';
import { upload } from '../../../../src/training/webgpu/upload';

/** More than a piece of 4 MiB, in examples that end in the middle of a word. */
const width = 61;
const count = 80_000;
const random = new Random('upload');
const values = Uint8Array.from({ length: width * count }, () => random.nextBelow(256));

/** What lies in the buffers afterwards, one after another. Like the device, takes whole words only. */
async function uploaded(split: Split, partBytes: number): Promise<Uint8Array> {
  const bytes = width * count;
  const buffers = Array.from({ length: Math.ceil(bytes / partBytes) }, () => new Uint8Array(partBytes));
  const queue = {
    writeBuffer: (to: Uint8Array, place: number, from: Uint8Array, at: number, size: number) => {
      expect([place % 4, size % 4]).toEqual([0, 0]);
      to.set(from.subarray(at, at + size), place);
    },
    onSubmittedWorkDone: () => Promise.resolve(),
  };
  const watched = { device: { queue }, wait: (work: Promise<unknown>) => work } as unknown as WatchedDevice;
  const parts = buffers.map(gpu => ({ storage: { gpu }, offset: 0, bytes: partBytes }) as unknown as Range);
  await upload(watched, split, parts, partBytes);
  const all = new Uint8Array(buffers.length * partBytes);
  buffers.forEach((buffer, i) => {
    all.set(buffer, i * partBytes);
  });
  return all.slice(0, bytes);
}

describe('inputs on their way to the device', () => {
  const labels = new Uint8Array(count);

  it('come from memory, in one buffer or in several', async () => {
    for (const partBytes of [width * count, width * 12_000]) {
      expect(Buffer.compare(await uploaded({ count, inputs: values, labels }, partBytes), values)).toBe(0);
    }
  });

  it('come from files, pieces of which end in the middle of a word', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'upload-'));
    try {
      const file = path.join(folder, 'inputs');
      writeFileSync(file, values);
      const part = await storedPart(file, { offset: 0, stride: width, count });
      const stored = { type: 'uint8', bytesPerExample: width, planes: 1, parts: [part], rows: null } as const;
      const split = { count, inputs: new Uint8Array(0), labels, stored };
      expect(Buffer.compare(await uploaded(split, width * 12_000), values)).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
