import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Stop } from '../../../src/job/stop';
import { leaveWish, WishWatch } from '../../../src/job/wish';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'wish-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});
const file = (): string => path.join(directory, 'wish.json');

describe('a wish', () => {
  test.each([
    ['pause', 'paused'],
    ['cancel', 'cancelled'],
  ] as const)('to %s stops the job so, and is gone then', async (wish, kind) => {
    const watch = await WishWatch.begin(directory);
    await leaveWish(directory, wish);
    await vi.waitFor(() => expect(watch.signal.aborted).toBe(true), 5000);
    watch.end();
    expect(watch.signal.reason).toEqual(new Stop(kind));
    expect(watch.signal.reason).toMatchObject({ kind });
    expect(existsSync(file())).toBe(false);
  });

  test('that an earlier job did not see any more is none of this one', async () => {
    await leaveWish(directory, 'pause');
    const watch = await WishWatch.begin(directory);
    watch.end();
    expect(existsSync(file())).toBe(false);
    expect(watch.signal.aborted).toBe(false);
  });

  test.each(['', '{"wish":"format the disk"}', 'x'.repeat(5000)])('that is none is removed: %#', async text => {
    const watch = await WishWatch.begin(directory);
    await writeFile(file(), text);
    await vi.waitFor(() => expect(existsSync(file())).toBe(false), 5000);
    watch.end();
    expect(watch.signal.aborted).toBe(false);
  });
});
