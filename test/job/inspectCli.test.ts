import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileDocument } from '../../src/job/cli/inspectDocument';
import { safetensorsBytes } from '../support/checkpoints';
import { cli, startCli } from '../support/jobs';

const shared = path.resolve(import.meta.dirname, '../../../shared/data');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-inspect-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, bytes: Uint8Array): string {
  writeFileSync(path.join(directory, name), bytes);
  return name;
}

/** A dense kernel of 3 zeros among 8 and its bias, with Adam's state of it. */
function network(): Uint8Array {
  const values = Float32Array.of(0, 1, -2, 0, 3, 0, 4, -6, /* bias */ 0, 0.5, /* state */ 0, 0);
  return safetensorsBytes(
    {
      'fc.weight': { dtype: 'F32', shape: [2, 4], data_offsets: [0, 32] },
      'fc.bias': { dtype: 'F32', shape: [2], data_offsets: [32, 40] },
      'optimizer.state.0.exp_avg': { dtype: 'F32', shape: [2], data_offsets: [40, 48] },
    },
    new Uint8Array(values.buffer),
  );
}

const parsed = (stdout: string): FileDocument[] => JSON.parse(stdout) as FileDocument[];

describe('winning-ticket inspect --json', () => {
  it('gives every tensor and the totals; optimiser state is listed and in none of them', async () => {
    const file = write('net.safetensors', network());
    const { code, stdout, stderr } = await cli(['inspect', file, '--json'], directory);
    expect([code, stderr]).toEqual([0, '']);
    const [document, ...others] = parsed(stdout);
    expect(others).toEqual([]);
    expect(document).toMatchObject({
      file,
      format: 'safetensors',
      total: { count: 10, zeros: 4, sparsity: 0.4 },
      prunable: { count: 8, zeros: 3, sparsity: 0.375 },
    });
    expect(document!.tensors.map(({ name, role, prunable }) => [name, role, prunable])).toEqual([
      ['fc.weight', 'weight', true],
      ['fc.bias', 'weight', false],
      ['optimizer.state.0.exp_avg', 'optimizer', false],
    ]);
    expect(document!.tensors[0]).toMatchObject({ dtype: 'F32', shape: [2, 4], count: 8, zeros: 3, sparsity: 0.375 });
    expect(document!.tensors[0]).toMatchObject({ min: -6, max: 4, mean: 0 });
    expect(document!.tensors[0]!.std).toBeCloseTo(Math.sqrt(66 / 8), 6);
  });

  it('lists a tensor that cannot be read with its error, and the others as they are', async () => {
    const header = {
      good: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      odd: { dtype: 'F6_E2M3', shape: [4], data_offsets: [8, 11] },
    };
    const file = write('a.safetensors', safetensorsBytes(header, new Uint8Array(11)));
    const { code, stdout } = await cli(['inspect', file, '--json'], directory);
    expect(code).toBe(0);
    const [document] = parsed(stdout);
    expect(document!.tensors[0]).toMatchObject({ name: 'good', zeros: 2 });
    expect(document!.tensors[0]).not.toHaveProperty('error');
    expect(document!.tensors[1]).toMatchObject({ zeros: null, mean: null, error: expect.stringContaining('F6_E2M3') });
    expect(document!.total).toEqual({ count: 2, zeros: 2, sparsity: 1, unreadable: 1 });
  });

  it('counts NaN and infinite values, and leaves them out of the rest', async () => {
    const values = Float32Array.of(NaN, Infinity, -1, 0, 0, 3);
    const header = { 'w.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] } };
    const file = write('a.safetensors', safetensorsBytes(header, new Uint8Array(values.buffer)));
    const [document] = parsed((await cli(['inspect', file, '--json'], directory)).stdout);
    expect(document!.tensors[0]).toMatchObject({ nans: 1, infinities: 1, zeros: 2, min: -1, max: 3, mean: 0.5 });
  });
});

describe('winning-ticket inspect of what cannot be read', () => {
  it('says why on standard error and exits 1; the other files are still printed', async () => {
    const good = write('good.safetensors', network());
    const bad = write('bad.safetensors', network().subarray(0, 40));
    const { code, stdout, stderr } = await cli(['inspect', bad, good, 'none.pt', '--json'], directory);
    expect(code).toBe(1);
    expect(parsed(stdout).map(({ file }) => file)).toEqual([good]);
    expect(stderr).toContain('winning-ticket: bad.safetensors: ');
    expect(stderr).toContain('winning-ticket: none.pt: there is no such file');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('exits 1 where no tensor of a file can be read', async () => {
    const header = { odd: { dtype: 'F6_E2M3', shape: [4], data_offsets: [0, 3] } };
    const file = write('a.safetensors', safetensorsBytes(header, new Uint8Array(3)));
    const { code, stderr } = await cli(['inspect', file], directory);
    expect(code).toBe(1);
    expect(stderr).toContain('none of its 1 tensor can be read');
    expect(stderr).toContain('F6_E2M3');
  });

  it.each([[[]], [['a', '--json', '--csv']], [['a', '--colour']]])('refuses the arguments %j with 2', async args => {
    const { code, stdout } = await cli(['inspect', ...args], directory);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('winning-ticket inspect for a person', () => {
  it('prints a table with bars, the totals and what stands apart, without colours into a pipe', async () => {
    const { code, stdout } = await cli(['inspect', write('net.safetensors', network())], directory);
    expect(code).toBe(0);
    expect(stdout).toContain('net.safetensors: safetensors, ');
    expect(stdout).toMatch(/^fc\.weight +2×4 +F32 +▕███▊ +▏ +37\.5 % +−6 +4 +0 +2\.87$/m);
    expect(stdout).toMatch(/^total +4 zeros of 10: 40\.0 %$/m);
    expect(stdout).toMatch(/^prunable +3 zeros of 8: 37\.5 %$/m);
    expect(stdout.indexOf('Optimiser state')).toBeLessThan(stdout.indexOf('optimizer.state.0.exp_avg'));
    expect(stdout).not.toContain('\u001b');
  });

  it('shows names that would steer a terminal as text', async () => {
    const header = { 'a\u001b[2J\u202e.weight': { dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] } };
    const file = write('a.safetensors', safetensorsBytes(header, new Uint8Array(4)));
    const { stdout } = await cli(['inspect', file], directory);
    expect(stdout).toContain('a\\u001b[2J\\u202e.weight');
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
    expect(stdout).toContain('wholly zero: a');
  });

  it('prints CSV and Markdown of several files', async () => {
    const [a, b] = [write('a.safetensors', network()), write('b.safetensors', network())];
    const csv = await cli(['inspect', a, b, '--csv'], directory);
    const lines = csv.stdout.trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + 3 + 3);
    expect(lines[1]).toMatch(/^a\.safetensors,fc\.weight,F32,2x4,8,3,0\.375,-6,4,0,2\.87\d+,weight,true,,$/);
    const markdown = await cli(['inspect', a, b, '--markdown'], directory);
    expect(markdown.stdout).toContain('### b.safetensors (safetensors)');
    expect(markdown.stdout).toContain('| fc.weight | 2×4 | F32 | 37.5 % | 3 |');
  });

  it('ends where nobody reads: the files that follow are not looked at', async () => {
    const file = write('net.safetensors', network());
    const { child, ended } = startCli(['inspect', file, 'none.pt'], directory);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends at SIGINT with 130', async () => {
    const count = 2 ** 27;
    const file = path.join(directory, 'large.safetensors');
    const header = { 'w.weight': { dtype: 'F16', shape: [count / 1024, 1024], data_offsets: [0, 2 * count] } };
    writeFileSync(file, safetensorsBytes(header));
    truncateSync(file, statSync(file).size + 2 * count);
    const { child, ended } = startCli(['inspect', file, file, file, file], directory);
    setTimeout(() => child.kill('SIGINT'), 400);
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([130, 'winning-ticket: cancelled\n']);
  });
});

describe.skipIf(!existsSync(shared))('inspect of real checkpoints (skipped where ../shared/data is absent)', () => {
  it('finds the five layers that Distiller removed', async () => {
    const file = path.join(shared, 'checkpoints/distiller/checkpoint_trained_4D_regularized_5Lremoved.pth.tar');
    const { stdout } = await cli(['inspect', file, '--json'], directory);
    const [document] = parsed(stdout);
    const convolutions = document!.tensors.filter(({ kind, role }) => kind === 'convolution' && role === 'weight');
    const zeros = convolutions.reduce((sum, tensor) => sum + tensor.zeros!, 0);
    expect(zeros).toBe(18_432);
    expect(document!.prunable).toMatchObject({ zeros: 18_432 });
    const empty = convolutions.filter(({ sparsity }) => sparsity === 1).map(({ name }) => name);
    expect(empty).toHaveLength(5);
  });

  it('counts the zeros that PyTorch counted', async () => {
    const truth = JSON.parse(readFileSync(path.join(shared, 'models/net.json'), 'utf8')) as {
      zeros: Record<string, number>;
    };
    for (const name of ['net.pt', 'net.safetensors']) {
      const [document] = parsed(
        (await cli(['inspect', path.join(shared, 'models', name), '--json'], directory)).stdout,
      );
      const counted = document!.tensors.filter(tensor => tensor.name in truth.zeros);
      expect(Object.fromEntries(counted.map(tensor => [tensor.name, tensor.zeros]))).toEqual(truth.zeros);
    }
  });
});
