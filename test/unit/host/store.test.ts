import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  isAtWork,
  readBounded,
  readCurve,
  readReport,
  refOfReport,
  reportPath,
  runDirectory,
} from '../../../src/host/store';
import { moveToTrash, purge, restore } from '../../../src/host/trash';
import { report, runKey } from './reports';

let store: string;
beforeEach(async () => {
  store = path.join(await mkdtemp(path.join(tmpdir(), 'store-')), '.winning-ticket');
});
afterEach(async () => {
  await rm(path.dirname(store), { recursive: true });
});

async function put(name: string, text: string): Promise<void> {
  const file = reportPath({ store, name });
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function putRuns(...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await mkdir(runDirectory(store, key), { recursive: true });
    await writeFile(path.join(runDirectory(store, key), 'run.json'), '{}');
  }
}

const runs = async (): Promise<string[]> => (await readdir(path.join(store, 'runs'))).sort();

describe('reading', () => {
  test('no report is null, a damaged one a problem', async () => {
    expect(await readReport({ store, name: 'a' })).toBeNull();
    await put('a', '{"experiment":');
    expect(await readReport({ store, name: 'a' })).toEqual({ ok: false, problem: 'not complete JSON' });
    await put('a', JSON.stringify(report));
    expect(await readReport({ store, name: 'a' })).toEqual({ ok: true, value: report });
  });

  test('a folder in the place of a report is a problem too', async () => {
    await mkdir(reportPath({ store, name: 'a' }), { recursive: true });
    expect(await readReport({ store, name: 'a' })).toMatchObject({ ok: false });
  });

  test('a run without a curve has an empty one', async () => {
    expect(await readCurve(store, runKey(1))).toEqual([]);
  });

  test('no file is read beyond its bound', async () => {
    await put('a', 'x'.repeat(100));
    await expect(readBounded(reportPath({ store, name: 'a' }), 99)).rejects.toThrow('larger than 99 bytes');
    await expect(readBounded(reportPath({ store, name: 'a' }), 100)).resolves.toHaveLength(100);
  });

  test('only a report in a store belongs to an experiment', () => {
    expect(refOfReport(reportPath({ store, name: 'a' }))).toEqual({ store, name: 'a' });
    expect(refOfReport('/w/other/experiments/a/report.json')).toBeNull();
    expect(refOfReport('/w/.winning-ticket/experiments/a/other.json')).toBeNull();
    expect(refOfReport('/w/.winning-ticket/experiments/a b/report.json')).toBeNull();
  });
});

describe('a job of another process', () => {
  const lock = async (startedAt: string, beat: Date): Promise<void> => {
    await mkdir(store, { recursive: true });
    await writeFile(path.join(store, 'lock'), JSON.stringify({ pid: 1, host: 'h', startedAt, token: 't' }));
    await utimes(path.join(store, 'lock'), beat, beat);
  };
  const began = '2026-01-01T00:00:00.000Z';
  const after = Date.parse(began) + 1000;

  test('is at work where its lock beats and the report is younger than it', async () => {
    await lock(began, new Date());
    expect(await isAtWork({ store, name: 'a' }, after)).toBe(true);
  });

  test('is not where the lock has gone, stands still, or is younger than the report', async () => {
    expect(await isAtWork({ store, name: 'a' }, after)).toBe(false);
    await lock(began, new Date(Date.now() - 60_000));
    expect(await isAtWork({ store, name: 'a' }, after)).toBe(false);
    await lock(began, new Date());
    expect(await isAtWork({ store, name: 'a' }, after - 2000)).toBe(false);
    await writeFile(path.join(store, 'lock'), 'damaged');
    expect(await isAtWork({ store, name: 'a' }, after)).toBe(false);
  });
});

describe('deleting', () => {
  const text = (...keys: readonly number[]): string =>
    JSON.stringify({ ...report, runs: keys.map(n => ({ ...report.runs[0], key: runKey(n) })) });

  test('takes the runs of this experiment alone, and undo brings everything back', async () => {
    await put('a', text(1, 2));
    await put('b', text(2, 3));
    await putRuns(runKey(1), runKey(2), runKey(3));
    const trashed = await moveToTrash({ store, name: 'a' });
    expect(await readdir(path.join(store, 'experiments'))).toEqual(['b']);
    expect(await runs()).toEqual([runKey(2), runKey(3)]);
    await restore(trashed);
    expect(await readFile(reportPath({ store, name: 'a' }), 'utf8')).toBe(text(1, 2));
    expect(await runs()).toEqual([runKey(1), runKey(2), runKey(3)]);
    expect(await readdir(path.join(store, '.trash'))).toEqual([]);
  });

  test('keeps every run where another report cannot be read', async () => {
    await put('a', text(1));
    await put('b', '{');
    await putRuns(runKey(1));
    await moveToTrash({ store, name: 'a' });
    expect(await runs()).toEqual([runKey(1)]);
  });

  test('undo leaves alone what was computed anew', async () => {
    await put('a', text(1));
    await putRuns(runKey(1));
    const trashed = await moveToTrash({ store, name: 'a' });
    await put('a', 'newer');
    await restore(trashed);
    expect(await readFile(reportPath({ store, name: 'a' }), 'utf8')).toBe('newer');
    expect(await runs()).toEqual([runKey(1)]);
  });

  test('is for good once nobody wants it back', async () => {
    await put('a', text(1));
    await putRuns(runKey(1));
    await purge(await moveToTrash({ store, name: 'a' }));
    expect(await readdir(path.join(store, '.trash'))).toEqual([]);
  });
});
