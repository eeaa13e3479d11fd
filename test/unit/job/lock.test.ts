import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreLock } from '../../../src/job/lock';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = (): string => path.join(directory, 'lock');
const holder = (): { pid: number; host: string; token: string } => JSON.parse(readFileSync(file(), 'utf8')) as never;

describe('the lock of a store', () => {
  it('names its holder and is gone when released', async () => {
    const lock = await StoreLock.acquire(directory);
    expect(holder().pid).toBe(process.pid);
    expect(holder().host).toContain(hostname());
    await lock.release();
    expect(existsSync(file())).toBe(false);
  });

  it('makes a second job wait, which is told once who works there, and then goes on', async () => {
    const first = await StoreLock.acquire(directory);
    const told: (number | undefined)[] = [];
    let second: StoreLock | null = null;
    const waiting = StoreLock.acquire(directory, { onWait: by => told.push(by?.pid) }).then(lock => (second = lock));
    await sleep(600);
    expect(second).toBeNull();
    await first.release();
    await (await waiting).release();
    expect(told).toEqual([process.pid]);
  });

  it('is taken over at once from a process of this machine that is dead', async () => {
    const first = await StoreLock.acquire(directory);
    // a number no process has: the kernel's limit is below it
    writeFileSync(file(), JSON.stringify({ ...holder(), pid: 2 ** 30 }));
    const told: unknown[] = [];
    const second = await StoreLock.acquire(directory, { onWait: by => told.push(by) });
    expect(told).toEqual([]);
    expect(holder().pid).toBe(process.pid);
    await second.release();
    await first.release();
  });

  it.each(['{"pid": 1, "host": "another", "startedAt": "", "token": ""}', 'not a lock', ''])(
    'is taken over from a holder elsewhere (%j) when its heartbeat stands still',
    async content => {
      writeFileSync(file(), content);
      const lock = await StoreLock.acquire(directory, { staleMilliseconds: 500 });
      expect(holder().pid).toBe(process.pid);
      await lock.release();
    },
  );

  it('is not taken over from a holder whose heart beats', async () => {
    const first = await StoreLock.acquire(directory, { heartbeatMilliseconds: 50 });
    const controller = new AbortController();
    const waiting = StoreLock.acquire(directory, { staleMilliseconds: 1000, signal: controller.signal });
    const outcome = expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await sleep(2000);
    controller.abort();
    await outcome;
    await first.release();
  });

  it('is had by one of many who come at once upon a dead holder', async () => {
    const first = await StoreLock.acquire(directory);
    writeFileSync(file(), JSON.stringify({ ...holder(), pid: 2 ** 30 }));
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const lock = await StoreLock.acquire(directory);
        most = Math.max(most, ++inside);
        await sleep(20);
        inside--;
        await lock.release();
      }),
    );
    expect(most).toBe(1);
    await first.release();
  });

  it('tells its holder when another has taken it, and leaves the other its lock', async () => {
    let lost = false;
    const lock = await StoreLock.acquire(directory, {
      heartbeatMilliseconds: 20,
      onLost: () => {
        lost = true;
      },
    });
    rmSync(file());
    writeFileSync(file(), 'the lock of another');
    await vi.waitFor(() => expect(lost).toBe(true));
    await lock.release();
    expect(readFileSync(file(), 'utf8')).toBe('the lock of another');
  });
});
