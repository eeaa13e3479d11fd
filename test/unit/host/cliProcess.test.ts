import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../../src/host/cliProcess';

describe('the command line as a child', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-cli-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  function run(source: string, signal = new AbortController().signal): Promise<string> {
    const script = path.join(directory, 'cli.cjs');
    writeFileSync(script, source);
    return runCli({ script, arguments: ['word'], signal });
  }

  test('answers with what it printed, whatever it said meanwhile', async () => {
    await expect(run("console.error('winning-ticket: at work'); console.log(process.argv[2]);")).resolves.toBe(
      'word\n',
    );
  });

  test('that fails gives its reason, whole, and not what it was doing before', async () => {
    const source = `console.error('winning-ticket: executor wasm');
      console.error('winning-ticket: sbatch is not there:\\nlook elsewhere'); process.exitCode = 1;`;
    await expect(run(source)).rejects.toThrow(/^sbatch is not there:\nlook elsewhere$/);
  });

  test('that crashes gives what it left, and one that says nothing its exit code', async () => {
    await expect(run("throw new Error('broken');")).rejects.toThrow('broken');
    await expect(run('process.exitCode = 3;')).rejects.toThrow('It stopped unexpectedly (exit code 3).');
  });

  test('is ended where it is not wanted any more', async () => {
    const controller = new AbortController();
    const ended = run('setInterval(() => {}, 1000);', controller.signal);
    controller.abort(new Error('not wanted'));
    await expect(ended).rejects.toThrow('not wanted');
  });
});
