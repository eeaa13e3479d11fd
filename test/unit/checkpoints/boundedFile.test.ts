/** Names in a folder from anywhere may lead to what is no file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readFileBounded } from '../../../src/checkpoints/boundedFile';
import { readReport } from '../../../src/host/store';
import { StoreLock } from '../../../src/job/lock';

const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-bounded-'));
afterAll(() => rmSync(folder, { recursive: true }));
const named = (name: string): string => path.join(folder, name);

test('a file comes whole, up to its bound', async () => {
  writeFileSync(named('text'), 'hello');
  expect((await readFileBounded(named('text'), 5)).toString()).toBe('hello');
  await expect(readFileBounded(named('text'), 4)).rejects.toThrow(RangeError);
  await expect(readFileBounded(named('missing'), 4)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(readFileBounded(folder, 1e9)).rejects.toThrow('not a file');
});

describe.skipIf(process.platform === 'win32')('what is no file is refused at once', () => {
  const pipe = (name: string): string => {
    execFileSync('mkfifo', [named(name)]);
    return named(name);
  };

  test('a pipe, on which opening would wait', async () => {
    await expect(readFileBounded(pipe('pipe'), 1e9)).rejects.toThrow('not a file');
  });

  test('a link to a device that never ends', async () => {
    symlinkSync('/dev/zero', named('zero'));
    await expect(readFileBounded(named('zero'), 1e9)).rejects.toThrow('not a file');
  });

  test('as a report or as a lock of a store', async () => {
    const store = named('.winning-ticket');
    execFileSync('mkdir', ['-p', path.join(store, 'experiments', 'a')]);
    symlinkSync('/dev/zero', path.join(store, 'experiments', 'a', 'report.json'));
    expect(await readReport({ store, name: 'a' })).toMatchObject({ ok: false });
    pipe('.winning-ticket/lock');
    await (await StoreLock.acquire(store, { staleMilliseconds: 0 })).release();
  });
});
