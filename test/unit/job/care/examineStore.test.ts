import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeStore, examineStore } from '../../../../src/job/care/examineStore';
import { StoreLock } from '../../../../src/job/lock';
import { RunStore } from '../../../../src/job/store';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-examine-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the doctor, of a store', () => {
  it('says that one is not there yet, and makes none', async () => {
    const file = path.join(directory, 'none');
    const found = await examineStore(file);
    expect(found).toMatchObject({ exists: false, problems: [] });
    expect(describeStore(found)).toContain('not there yet');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('finds one sound, tells who works there, and leaves nothing behind', async () => {
    const store = path.join(directory, 'store');
    await RunStore.open(store);
    const lock = await StoreLock.acquire(store, { experiment: 'lenet' });
    const before = readdirSync(store);
    const found = await examineStore(store);
    expect(found).toMatchObject({ exists: true, version: 2, problems: [] });
    expect(found.holder).toMatchObject({ pid: process.pid, host: hostname(), experiment: 'lenet', isAlive: true });
    expect(describeStore(found)).toContain(`at work there: process ${process.pid}`);
    expect(readdirSync(store)).toEqual(before);
    await lock.release();
    expect((await examineStore(store)).holder).toBeNull();
  });

  it('knows a holder who is gone, by its heartbeat too, whichever way the clock was set', async () => {
    const lock = path.join(directory, 'lock');
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere', startedAt: '2026-01-01T00:00:00Z', token: 'x' }));
    expect((await examineStore(directory)).holder).toMatchObject({ isAlive: true });
    for (const seconds of [-60, 3600]) {
      const beat = new Date(Date.now() + seconds * 1000);
      utimesSync(lock, beat, beat);
      const found = await examineStore(directory);
      expect(found.holder).toMatchObject({ isAlive: false });
      expect(describeStore(found)).toContain('the next job takes over');
    }
  });

  it('says what keeps jobs from working there', async () => {
    writeFileSync(path.join(directory, 'store.json'), '{"version": 99}');
    expect((await examineStore(directory)).problems).toEqual([expect.stringContaining('update Winning Ticket')]);
    writeFileSync(path.join(directory, 'file'), '');
    const found = await examineStore(path.join(directory, 'file'));
    expect(found.problems.length).toBeGreaterThan(0);
    expect(describeStore(found)).toContain('✘');
  });
});
