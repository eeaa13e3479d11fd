import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiffDocument } from '../../src/job/cli/diffDocument';
import { safetensorsBytes } from '../support/checkpoints';
import { cli } from '../support/jobs';

const shared = path.resolve(import.meta.dirname, '../../../shared/data');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-diff-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** F32 tensors in the order given. */
function write(file: string, tensors: Record<string, { shape: number[]; values: number[] }>): string {
  const header: Record<string, object> = {};
  const values: number[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const begin = 4 * values.length;
    values.push(...tensor.values);
    header[name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [begin, 4 * values.length] };
  }
  const data = new Uint8Array(Float32Array.from(values).buffer);
  writeFileSync(path.join(directory, file), safetensorsBytes(header, data));
  return file;
}

const diff = async (...args: string[]): Promise<DiffDocument> => {
  const { code, stdout, stderr } = await cli(['diff', ...args, '--json'], directory);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as DiffDocument;
};

describe('winning-ticket diff', () => {
  it('tells structure and values apart', async () => {
    const a = write('a.safetensors', {
      'x.weight': { shape: [2, 3], values: [1, 0, 2, -3, 0, 5] },
      'y.weight': { shape: [2, 2], values: [1, 2, 3, 4] },
      'gone.bias': { shape: [2], values: [1, 2] },
    });
    const b = write('b.safetensors', {
      'module.x.weight': { shape: [2, 3], values: [1, 7, 2, 3, 0, 0] },
      'y.weight': { shape: [4, 1], values: [1, 2, 3, 4] },
      'new.bias': { shape: [1], values: [1] },
    });
    const document = await diff(a, b);
    expect(document.identical).toBe(false);
    expect(document.structure).toEqual({
      onlyLeft: [{ name: 'gone.bias', dtype: 'F32', shape: [2] }],
      onlyRight: [{ name: 'new.bias', dtype: 'F32', shape: [1] }],
      changed: [
        {
          left: { name: 'y.weight', dtype: 'F32', shape: [2, 2] },
          right: { name: 'y.weight', dtype: 'F32', shape: [4, 1] },
        },
      ],
    });
    expect(document.tensors).toMatchObject([
      {
        name: 'x.weight',
        rightName: 'module.x.weight',
        matchedBy: 'prefix',
        keptInBoth: 3,
        onlyLeft: 1,
        onlyRight: 1,
        neither: 1,
        signFlips: 1,
        maskIou: 3 / 5,
      },
    ]);
    expect(document.total).toMatchObject({ count: 6, keptInBoth: 3 });
    const { stdout } = await cli(['diff', a, b], directory);
    expect(stdout).toMatch(/^x\.weight ↔ module\.x\.weight +2×3 +3 +1 +1 +1 +10\.5 +0\.600 +0\.500$/m);
    expect(stdout).toContain('only in A (1)\n  gone.bias  2 F32');
    expect(stdout).toContain('  y.weight: 2×2 F32 → 4×1 F32');
  });

  it('says so where there is no difference', async () => {
    const a = write('a.safetensors', { 'x.weight': { shape: [1, 2], values: [1, 0] } });
    expect(await diff(a, a)).toMatchObject({ identical: true, total: { different: 0, distance: 0, maskIou: 1 } });
    expect((await cli(['diff', a, a], directory)).stdout).toContain('The same tensors with equal values.');
  });

  it('compares kernels of different frameworks with their axes in one order', async () => {
    const a = write('a.safetensors', { 'fc.weight': { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] } });
    const b = write('b.safetensors', { 'dense/kernel': { shape: [3, 2], values: [1, 4, 2, 5, 3, 6] } });
    const document = await diff(a, b);
    expect(document.tensors).toMatchObject([{ name: 'fc.weight', rightName: 'dense/kernel', different: 0 }]);
    expect(document.notes.join()).toContain('names of the two have nothing in common');
  });

  it('of a file that cannot be read exits 1, and of one file only 2', async () => {
    const a = write('a.safetensors', { 'x.weight': { shape: [1, 2], values: [1, 0] } });
    const missing = await cli(['diff', a, 'none.safetensors'], directory);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('none.safetensors: there is no such file');
    expect(await cli(['diff', a], directory)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe.skipIf(!existsSync(shared))('diff of real checkpoints (skipped where ../shared/data is absent)', () => {
  it('finds one network in what PyTorch and safetensors have written of it', async () => {
    const document = await diff(path.join(shared, 'models/net.pt'), path.join(shared, 'models/net.safetensors'));
    expect(document).toMatchObject({ identical: true, prunable: { different: 0, onlyLeft: 0 } });
  });

  it('shows which layers Distiller removed', async () => {
    const folder = path.join(shared, 'checkpoints/distiller');
    const document = await diff(
      path.join(folder, 'checkpoint_trained_dense.pth.tar'),
      path.join(folder, 'checkpoint_trained_4D_regularized_5Lremoved.pth.tar'),
    );
    const removed = document.tensors.filter(tensor => 'onlyLeft' in tensor && tensor.onlyLeft === 16 * 16 * 9);
    const wholly = document.tensors.filter(
      tensor => 'count' in tensor && tensor.prunable && tensor.onlyLeft === tensor.count,
    );
    expect(wholly).toHaveLength(5);
    expect(removed.length).toBeGreaterThan(0);
    expect(document.prunable).toMatchObject({ onlyLeft: 18_432 });
  });
});
