import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitOf, reserveBytes, Space, type ReadFileSystem } from '../../../../src/job/care/space';

const mib = 1024 ** 2;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-space-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const withFree =
  (bytes: number): ReadFileSystem =>
  () =>
    Promise.resolve({ blocks: 1e9, bavail: bytes / 512, bsize: 512 });

describe('space for a run', () => {
  it('is there where it leaves the reserve, and not where a byte of that is missing', async () => {
    const needed = 10 * mib;
    await new Space(directory, { readFileSystem: withFree(needed + reserveBytes) }).require(needed);
    const short = new Space(directory, { readFileSystem: withFree(needed + reserveBytes - 512) });
    await expect(short.require(needed)).rejects.toThrow(/the disk is nearly full: the next run needs .* run again/);
  });

  it.each<[string, ReadFileSystem]>([
    ['says nothing', () => Promise.resolve({ blocks: 0, bavail: 0, bsize: 0 })],
    ['cannot be asked', () => Promise.reject(new Error('ENOSYS'))],
  ])('is taken for granted where the file system %s', async (_how, readFileSystem) => {
    await new Space(directory, { readFileSystem }).require(1e15);
  });

  it('ends at the limit of the store, whatever the disk has', async () => {
    writeFileSync(path.join(directory, 'there'), Buffer.alloc(3 * mib));
    const space = new Space(directory, { limitBytes: 5 * mib, readFileSystem: withFree(1e12) });
    await space.require(2 * mib);
    await expect(space.require(2 * mib + 1)).rejects.toThrow(/the store is nearly full.*store gc/);
  });

  it('has the limit that the environment names, in GiB', () => {
    expect(limitOf({})).toBeUndefined();
    expect(limitOf({ WINNING_TICKET_STORE_LIMIT_GIB: '0.5' })).toBe(512 * mib);
    for (const wrong of ['much', '-1', 'NaN']) {
      expect(() => limitOf({ WINNING_TICKET_STORE_LIMIT_GIB: wrong })).toThrow('is to be a number of GiB');
    }
  });
});
