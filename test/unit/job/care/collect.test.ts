import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DecodedCache } from '../../../../src/data/cache';
import { collect } from '../../../../src/job/care/collect';
import { runExperiment } from '../../../../src/job/experiment';
import { RunStore } from '../../../../src/job/store';
import { parseExperiment } from '../../../../src/shared/parse';
import { fakeExecutor } from '../../../support/fakeExecutor';

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-collect-'));
  const experiment = {
    name: 'tiny',
    model: 'builtin:mlp:2',
    data: { format: 'digits', training: 10, test: 10 },
    training: { steps: 4, batchSize: 5 },
    pruning: { levels: 1 },
    rewind: 2,
    worth: false,
  };
  await runExperiment({
    experimentPath: path.join(directory, 'tiny.ticket.json'),
    parsed: parseExperiment(JSON.stringify(experiment), 'tiny'),
    storeDirectory: directory,
    emit: () => undefined,
    executors: [fakeExecutor()],
  });
});
afterEach(() => rmSync(directory, { recursive: true }));

const stray = path.join('runs', 'a'.repeat(32));

describe('what nothing refers to', () => {
  it('goes, and what any report needs stays, the run to the rewind step too', async () => {
    const runs = readdirSync(path.join(directory, 'runs'));
    expect(runs).toHaveLength(3);
    mkdirSync(path.join(directory, stray));
    const store = await RunStore.open(directory);
    expect((await collect(store, true)).removed.map(one => one.path)).toEqual([stray]);
    expect(existsSync(path.join(directory, stray))).toBe(true);
    expect((await collect(store, false)).removed.map(one => one.path)).toEqual([stray]);
    expect(readdirSync(path.join(directory, 'runs'))).toEqual(runs);
  });

  it('stays, where a report cannot be read: nobody knows then what is used', async () => {
    mkdirSync(path.join(directory, stray));
    writeFileSync(path.join(directory, 'experiments/tiny/report.json'), '{"runs": [');
    const found = await collect(await RunStore.open(directory), false);
    expect(found.removed).toEqual([]);
    expect(found.keptRuns).toContain('cannot be read');
    expect(existsSync(path.join(directory, stray))).toBe(true);
  });

  it('stays as long as somebody may work on it', async () => {
    mkdirSync(path.join(directory, stray));
    const holder = { pid: 1, host: 'another', startedAt: '', token: '' };
    writeFileSync(path.join(directory, stray, 'lock'), JSON.stringify(holder));
    expect((await collect(await RunStore.open(directory), false)).removed).toEqual([]);
  });

  it('goes a week after it was set aside, or deleted', async () => {
    for (const name of ['damaged/old-1', 'damaged/new-1', '.trash/old']) {
      mkdirSync(path.join(directory, name), { recursive: true });
    }
    const then = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    for (const name of ['damaged/old-1', '.trash/old']) utimesSync(path.join(directory, name), then, then);
    const { removed } = await collect(await RunStore.open(directory), false);
    expect(removed.map(one => one.path)).toEqual(['damaged/old-1', '.trash/old']);
    expect(existsSync(path.join(directory, 'damaged/new-1'))).toBe(true);
  });
});

describe('decoded data', () => {
  const days = (count: number) => new Date(Date.now() - count * 24 * 3600 * 1000);
  const entry = (digit: string) => path.join('cache', `${digit.repeat(32)}.decoded`);
  const write = (name: string, bytes: number, used: Date): void => {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), new Uint8Array(bytes));
    utimesSync(path.join(directory, name), used, used);
  };
  const there = () => readdirSync(path.join(directory, 'cache')).sort();

  it('goes once no job has used it for thirty days, and what was never finished at once; a dry run only says so', async () => {
    write(entry('a'), 1000, days(30.5));
    write(entry('b'), 1000, days(29.5));
    write(`${entry('c')}.1.1.tmp`, 500, days(0.1));
    write(`${entry('d')}.1.2.tmp`, 500, days(0.01));
    write('cache/notes.txt', 10, days(400));
    write(`${entry('e')}/inside`, 10, days(400));
    const before = there();
    const store = await RunStore.open(directory);
    const dry = await collect(store, true);
    expect(dry.removed).toEqual([
      { path: entry('a'), bytes: 1000, why: 'decoded data that no job has used for 30 days' },
      { path: `${entry('c')}.1.1.tmp`, bytes: 500, why: 'it was never finished' },
    ]);
    expect(there()).toEqual(before);
    expect(await collect(store, false)).toEqual(dry);
    const gone = dry.removed.map(one => path.basename(one.path));
    expect(there()).toEqual(before.filter(name => !gone.includes(name)));
  });

  it('that a job has begun with since stays, however old it is', async () => {
    const cache = new DecodedCache(path.join(directory, 'cache'));
    const file = await cache.write('a'.repeat(32), append => append(new Uint8Array(10)));
    utimesSync(file, days(400), days(400));
    expect((await collect(await RunStore.open(directory), true)).removed).toHaveLength(1);
    expect(await cache.find('a'.repeat(32), 10)).toBe(file);
    expect((await collect(await RunStore.open(directory), false)).removed).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });

  it('is not there to be removed in a store without any', async () => {
    rmSync(path.join(directory, 'cache'), { recursive: true, force: true });
    expect((await collect(await RunStore.open(directory), false)).removed).toEqual([]);
  });
});
