import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileDocument } from '../../src/job/cli/inspectDocument';
import { cli } from '../support/jobs';
import { writeExperiment } from '../support/tinyExperiment';

let directory: string;
const experiment = 'tiny.ticket.json';

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-export-cli-'));
  writeExperiment(directory, { compare: [], executor: 'wasm' });
  expect((await cli(['run', experiment], directory)).code).toBe(0);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

const run = (...args: string[]) => cli(['export', experiment, ...args], directory);

describe('winning-ticket export', () => {
  it('writes a level of the store, and inspect finds its zeros', async () => {
    const { code, stdout, stderr } = await run('--level', '2', '--what', 'trained', '-o', 'ticket.pt', '--json');
    expect([code, stderr]).toEqual([0, '']);
    // 784·16 + 16·10 weights, of which 2,541 and then 2,033 go
    const document = JSON.parse(stdout) as { files: string[]; provenance: Record<string, string> };
    expect(document).toMatchObject({
      format: 'pt',
      what: 'trained',
      tensors: 4,
      provenance: { level: '2', kept: '8130' },
    });
    expect(document.files.map(file => path.basename(file))).toEqual(['ticket.pt']);
    const [inspected] = JSON.parse((await cli(['inspect', 'ticket.pt', '--json'], directory)).stdout) as FileDocument[];
    const prunable = Number(document.provenance['prunable']);
    expect(inspected!.prunable).toMatchObject({ count: prunable, zeros: prunable - 8130 });
  });

  it('tells where the ticket comes from', async () => {
    const { code, stdout } = await run('--level', '0', '-o', 'dense.npz');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^producer +Winning Ticket$/m);
    expect(stdout).toMatch(/^Written, read back and compared: .*dense\.npz \(\d+ tensors, /m);
  });

  it('replaces no file unasked', async () => {
    expect((await run('--level', '1', '-o', 'mine.npz')).code).toBe(0);
    const before = readFileSync(path.join(directory, 'mine.npz'));
    const { code, stderr } = await run('--level', '2', '-o', 'mine.npz');
    expect(code).toBe(1);
    expect(stderr).toMatch(/mine\.npz: a file is there already.*--overwrite/);
    expect(readFileSync(path.join(directory, 'mine.npz')).equals(before)).toBe(true);
    expect(readdirSync(directory).filter(name => name.startsWith('.winning-ticket-'))).toEqual([]);
  });

  it.each([
    [['-o', 'x.npz'], 2, /needs --level L/],
    [['--level', '1'], 2, /needs --out FILE/],
    [['--level', '1', '-o', 'x.zip'], 2, /--format is one of safetensors, npz, tfjs, h5, pt, not "zip"/],
    [['--level', 'one', '-o', 'x.npz'], 2, /--level is a whole number from 0 on, not "one"/],
    [['--level', '1', '--replicate', '0', '-o', 'x.npz'], 2, /--replicate is a whole number from 1 on/],
    [['--level', '1', '--mask-pairs', '-o', 'x.npz'], 2, /--mask-pairs has a meaning with --format pt only/],
    [['--level', '9', '-o', 'x.npz'], 1, /no run iterative, level 9, replicate 1: it has levels 0, 1, 2/],
  ])('says what is wrong with %j', async (args, expected, words) => {
    const { code, stderr } = await run(...args);
    expect(stderr).toMatch(words);
    expect(code).toBe(expected);
    expect(readdirSync(directory).some(name => name.startsWith('x.'))).toBe(false);
  });
});
