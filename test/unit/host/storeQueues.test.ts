import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreQueues, type QueueWork } from '../../../src/host/storeQueues';
import { StoreLock } from '../../../src/job/lock';
import { changeQueue, readQueue, withEntry } from '../../../src/job/queueFile';
import { isTurnTaken, stopped, Turn } from '../../../src/job/queueTurn';

let store: string;
let queues: StoreQueues;
/** What the window was told to do, in order. */
let said: string[];
let atWork: string | null;
let isTrusted: boolean;

const work: QueueWork = {
  isBusy: () => atWork !== null,
  mayStart: () => isTrusted,
  start: ({ name }, file) => {
    atWork = name;
    said.push(`start ${name} of ${path.basename(file)}`);
  },
  stop: ({ name }, wish) => said.push(`${wish} ${name}`),
  tell: message => said.push(message),
  changed: () => undefined,
};

beforeEach(async () => {
  store = await mkdtemp(path.join(tmpdir(), 'queues-'));
  said = [];
  atWork = null;
  isTrusted = true;
  queues = new StoreQueues(work);
});
afterEach(async () => {
  queues.dispose();
  await vi.waitFor(async () => expect(await isTurnTaken(store)).toBe(false), 5000);
  await rm(store, { recursive: true });
});

const ref = (name: string) => ({ store, name });
const file = (name: string): string => path.resolve(`${name}.json`);
/** As another process does. */
const wait = async (...names: string[]): Promise<void> => {
  for (const name of names) {
    await changeQueue(store, waiting => withEntry(waiting, { name, file: file(name) }, 'last'));
  }
};
const marks = async (): Promise<string[]> =>
  (await readQueue(store)).map(
    ({ name, taken, paused }) => `${name}${taken ? ' taken' : ''}${paused ? ' paused' : ''}`,
  );
const end = (status: 'done' | 'paused' | 'running'): Promise<void> => {
  const name = atWork!;
  atWork = null;
  return queues.ended(ref(name), status);
};

describe('the queues of a window', () => {
  test('start the next, which stays in the queue while it is at work and is out when it is done', async () => {
    await wait('a', 'b');
    await queues.watch(store);
    await vi.waitFor(() => expect(said).toEqual(['start a of a.json']), 5000);
    await queues.look(store);
    expect([queues.place(ref('a')), queues.place(ref('b'))]).toEqual([null, 1]);
    expect(queues.all()).toEqual([ref('b')]);
    expect(await marks()).toEqual(['a taken', 'b']);
    await end('done');
    expect(said).toEqual(['start a of a.json', 'start b of b.json']);
    expect(await marks()).toEqual(['b taken']);
    await end('done');
    expect(await marks()).toEqual([]);
  });

  test('have read what waits before they begin anything', async () => {
    isTrusted = false;
    await wait('a', 'b');
    await queues.watch(store);
    expect(['a', 'b', 'c'].map(name => queues.place(ref(name)))).toEqual([1, 2, null]);
    expect(said).toEqual([]);
    expect(await marks()).toEqual(['a', 'b']);
  });

  test('keep what was paused with its file, and what the window leaves for whoever comes next', async () => {
    await wait('a', 'b');
    await queues.look(store);
    await end('paused');
    expect(await marks()).toEqual(['a paused', 'b taken']);
    const before = [...said];
    // a turn is given back once, however often
    queues.dispose();
    queues.dispose();
    await vi.waitFor(async () => expect(await marks()).toEqual(['a paused', 'b']), 5000);
    await vi.waitFor(async () => expect(await isTurnTaken(store)).toBe(false), 5000);
    expect(said).toEqual(before);
  });

  test('tell the job of the window what another process wants of it', async () => {
    await wait('a', 'b');
    await queues.look(store);
    await changeQueue(store, waiting => stopped(waiting, 'a', 'pause'));
    await queues.look(store);
    expect(said).toEqual(['start a of a.json', 'pause a']);
    await end('paused');
    await changeQueue(store, waiting => stopped(waiting, 'b', 'cancel'));
    await queues.look(store);
    expect(said.at(-1)).toBe('cancel b');
  });

  test('start nothing while anybody is at work on the store, or is about to be', async () => {
    await wait('a', 'b');
    const lock = await StoreLock.acquire(store);
    await queues.look(store);
    await lock.release();
    const turn = (await Turn.take(store))!;
    await queues.look(store);
    expect(await queues.isTaken(store)).toBe(true);
    await turn.end('over');
    expect(said).toEqual([]);
    await Promise.all([queues.look(store), queues.look(store), queues.look(store)]);
    expect(said).toEqual(['start b of b.json']);
  });

  test('have nothing any more of one that is begun at once, paused or not', async () => {
    isTrusted = false;
    await wait('a', 'b');
    await changeQueue(store, waiting => stopped(waiting, 'a', 'pause'));
    await queues.startNow(ref('a'), file('a'));
    expect(said).toEqual(['start a of a.json']);
    expect(await marks()).toEqual(['b']);
    await end('done');
    expect(await marks()).toEqual(['b']);
  });

  test('write nothing where one is begun that they do not know', async () => {
    await queues.startNow(ref('a'), file('a'));
    expect(await readdir(store)).toEqual([]);
  });

  test('can be changed by the window: added first or last, moved, removed', async () => {
    isTrusted = false;
    await queues.add(ref('a'), file('a'), 'last');
    await queues.add(ref('b'), file('b'), 'last');
    await queues.add(ref('c'), file('c'), 'first');
    expect(queues.all().map(({ name }) => name)).toEqual(['c', 'a', 'b']);
    await queues.moveToFront(ref('b'));
    await queues.remove(ref('a'));
    await queues.moveToFront(ref('gone'));
    expect(await marks()).toEqual(['b', 'c']);
    expect(queues.place(ref('c'))).toBe(2);
  });
});
