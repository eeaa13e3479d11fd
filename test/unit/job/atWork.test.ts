import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readProgress } from '../../../src/host/store';
import { seeWork, type AtWork } from '../../../src/job/atWork';
import { StoreLock } from '../../../src/job/lock';
import { ProgressFile } from '../../../src/job/progressFile';
import type { Progress } from '../../../src/shared/report';

const name = 'mine';
let store: string;
let directory: string;
let lock: StoreLock;
beforeEach(async () => {
  store = await mkdtemp(path.join(tmpdir(), 'at-work-'));
  directory = path.join(store, 'experiments', name);
  await mkdir(directory, { recursive: true });
  lock = await StoreLock.acquire(store, { experiment: name });
});
afterEach(async () => {
  await lock.release();
  await rm(store, { recursive: true });
});

const inLine = { runsDone: 3, runsTotal: 8, fraction: 0.25, secondsLeft: 38 };
const run = { key: 'a'.repeat(32), method: 'iterative', level: 1, replicate: 0, step: 5, steps: 9 } as const;
const whole: Progress = { ...inLine, run, runsAtWork: 2, levels: 2 };

const put = (text: string): Promise<void> => writeFile(path.join(directory, 'progress.json'), text);
const ofWindow = (): Promise<Progress | null> => readProgress({ store, name });
const ofCommandLine = async (): Promise<AtWork['progress']> => (await seeWork(store))!.progress;

describe('how far a job is', () => {
  test('is read from what it wrote: whole by a window, what fits in a line by the command line', async () => {
    const file = new ProgressFile(directory);
    file.show(whole);
    await expect.poll(ofWindow).toEqual(whole);
    expect(await ofCommandLine()).toEqual(inLine);
    await file.remove();
    expect(await ofWindow()).toBeNull();
    expect(await ofCommandLine()).toBeNull();
  });

  test.each([
    ['is not complete', JSON.stringify(whole).slice(0, 40)],
    ['is no object', 'null'],
    ['is larger than any progress', JSON.stringify({ ...whole, more: 'x'.repeat(2 ** 16) })],
    ['has done more than everything', JSON.stringify({ ...whole, fraction: 1.5 })],
    ['has done no number', JSON.stringify({ ...whole, fraction: null })],
    ['counts no whole runs', JSON.stringify({ ...whole, runsDone: 0.5 })],
    ['does not say how long it takes', JSON.stringify({ ...whole, secondsLeft: undefined })],
  ])('is not known to either where the file %s', async (_, text) => {
    await put(text);
    expect(await ofWindow()).toBeNull();
    expect(await ofCommandLine()).toBeNull();
  });

  test.each([
    ['a method', { ...whole, run: { ...run, method: 'newer' } }],
    ['a study', { ...whole, run: { ...run, study: { kind: 'newer' } } }],
    ['a step of a study that is none', { ...whole, run: { ...run, study: { kind: 'sweep' } } }],
    ['a sparsity', { ...whole, run: { ...run, sparsity: 'half' } }],
    ['levels', { ...whole, levels: undefined }],
  ])('is known to the command line where a window, which shows more, does not know %s', async (_, value) => {
    await put(JSON.stringify(value));
    expect(await ofWindow()).toBeNull();
    expect(await ofCommandLine()).toEqual(inLine);
  });

  test('is known to both where the file says more than they know', async () => {
    const newer = { ...whole, run: { ...run, more: 1 }, more: 1 };
    await put(JSON.stringify(newer));
    expect(await ofWindow()).toEqual(newer);
    expect(await ofCommandLine()).toEqual(inLine);
  });
});
