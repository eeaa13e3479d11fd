/** Processes that share a store without its lock, as tasks on a cluster do, and want the same run. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = mkdtempSync(path.join(tmpdir(), 'wt-run-lock-'));
const script = path.join(root, 'wants.cjs');
const children: ChildProcess[] = [];

beforeAll(async () => {
  const contents = `
    import { underRunLock } from './src/job/care/runLock';
    import { RunStore } from './src/job/store';
    process.on('message', () => undefined); // alive while its parent is
    const say = word => process.send(word);
    const options = { signal: new AbortController().signal, onWait: () => say('waits') };
    void RunStore.open(process.argv[2]).then(store =>
      underRunLock(store, 'a'.repeat(32), options, () => new Promise(() => { say('holds'); })));`;
  const resolveDir = path.resolve(__dirname, '../../../..');
  await build({ stdin: { contents, resolveDir }, outfile: script, bundle: true, platform: 'node', logLevel: 'error' });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

test('one of two has the run, the other waits, and takes it over once the first is killed', async () => {
  const said: string[][] = [[], []];
  for (const words of said) {
    const child = fork(script, [path.join(root, 'store')]);
    child.on('message', word => words.push(word as string));
    children.push(child);
  }
  await expect.poll(() => said.flat().sort(), { timeout: 20_000 }).toEqual(['holds', 'waits']);
  const first = said.findIndex(words => words.includes('holds'));
  children[first]!.kill('SIGKILL');
  await expect.poll(() => said[1 - first], { timeout: 30_000 }).toEqual(['waits', 'holds']);
}, 60_000);
