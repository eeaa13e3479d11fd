import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileDocument } from '../../src/job/cli/inspectDocument';
import type { PruneDocument } from '../../src/job/cli/prune';
import { safetensorsBytes } from '../support/checkpoints';
import { cli, startCli } from '../support/jobs';

const shared = path.resolve(import.meta.dirname, '../../../shared/data');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-prune-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function network(): string {
  const values = Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? i + 1 : -i - 1));
  const header = {
    'conv.weight': { dtype: 'F32', shape: [2, 4, 2, 2], data_offsets: [0, 128] },
    'fc.weight': { dtype: 'F32', shape: [2, 4], data_offsets: [128, 160] },
  };
  writeFileSync(path.join(directory, 'net.safetensors'), safetensorsBytes(header, new Uint8Array(values.buffer)));
  return 'net.safetensors';
}

const prune = async (...args: string[]): Promise<PruneDocument> => {
  const { code, stdout, stderr } = await cli(['prune', ...args, '--json'], directory);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as PruneDocument;
};
const zerosOf = ({ tensors }: PruneDocument) => tensors.map(({ zeros }) => zeros);

describe('winning-ticket prune', () => {
  it('writes a copy with just the share asked for, and inspect finds it there', async () => {
    const file = network();
    const document = await prune(file, '--out', 'out.safetensors', '--sparsity', '0.5');
    expect(document).toMatchObject({
      file,
      files: ['out.safetensors'],
      format: 'safetensors',
      method: 'magnitude',
      pruned: { before: { zeros: 0 }, after: { count: 40, zeros: 20, sparsity: 0.5 } },
    });
    expect(zerosOf(document)).toEqual([20, 0]);
    const [inspected] = JSON.parse(
      (await cli(['inspect', 'out.safetensors', '--json'], directory)).stdout,
    ) as FileDocument[];
    expect(inspected!.total).toEqual({ count: 40, zeros: 20, sparsity: 0.5 });
  });

  it.each([
    [
      ['--density', '0.25', '--scope', 'layer'],
      [24, 6],
    ],
    [['--density', '0.1', '--exclude', 'conv'], [7]],
    [['--role-policy', 'convolution=0.25'], [8]],
    [
      ['--sparsity', '0.5', '--role-policy', 'convolution=0.25'],
      [8, 4],
    ],
    [
      ['--method', 'n:m', '--pattern', '1:4'],
      [24, 6],
    ],
    [
      ['--method', 'structured', '--scope', 'layer', '--sparsity', '0.5'],
      [16, 4],
    ],
  ])('%j', async (options, zeros) => {
    expect(zerosOf(await prune(network(), '--out', 'out.safetensors', ...options))).toEqual(zeros);
  });

  it('prints before and after', async () => {
    const { code, stdout } = await cli(
      ['prune', network(), '--out', 'out.safetensors', '--sparsity', '0.9'],
      directory,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^conv\.weight +32 +0 % +▕██████████▏ +100 %$/m);
    expect(stdout).toMatch(/^pruned +0 % → 90\.0 %: 0 → 36 zeros of 40$/m);
    expect(stdout).toContain('note: Wholly zero now: conv.weight.');
    expect(stdout).toContain('Written and checked: out.safetensors (safetensors)');
  });

  it('refuses with 2 what does not fit the file, and with 1 to write over the original', async () => {
    const file = network();
    const unknown = await cli(['prune', file, '--out', 'y', '--sparsity', '0.5', '--exclude', 'head'], directory);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no tensor is named "head"') });
    const over = await cli(['prune', file, '--out', `./${file}`, '--sparsity', '0.5', '--overwrite'], directory);
    expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('never written to') });
    expect(readdirSync(directory)).toEqual([file]);
  });

  it('ends at SIGINT with 130 and leaves nothing behind', async () => {
    const file = path.join(directory, 'large.safetensors');
    const bytes = 2 ** 28;
    const header = { 'w.weight': { dtype: 'F32', shape: [bytes / 4096, 1024], data_offsets: [0, bytes] } };
    writeFileSync(file, safetensorsBytes(header));
    truncateSync(file, statSync(file).size + bytes);
    const { child, ended } = startCli(['prune', file, '--out', 'out.safetensors', '--sparsity', '0.5'], directory);
    setTimeout(() => child.kill('SIGINT'), 500);
    expect(await ended).toMatchObject({ code: 130, stdout: '', stderr: 'winning-ticket: cancelled\n' });
    expect(readdirSync(directory)).toEqual(['large.safetensors']);
  });
});

describe.skipIf(!existsSync(shared))('prune of real checkpoints (skipped where ../shared/data is absent)', () => {
  it.each(['models/net.pt', 'models/net.safetensors', 'checkpoints/resnet-cifar10/resnet20-12fca82f.th'])(
    '%s: the share is exact, the file as long, the original as it was',
    async name => {
      const original = path.join(shared, name);
      const before = readFileSync(original);
      const out = path.join(directory, path.basename(name));
      const { pruned } = await prune(original, '--out', out, '--sparsity', '0.9');
      expect(pruned.after.zeros).toBe(Math.round(0.9 * pruned.after.count));
      expect(statSync(out).size).toBe(before.length);
      expect(readFileSync(original).equals(before)).toBe(true);
    },
  );
});
