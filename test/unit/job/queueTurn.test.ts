import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeQueue, readQueue, withEntry, without } from '../../../src/job/queueFile';
import { isTurnTaken, seeQueue, stopped, Turn } from '../../../src/job/queueTurn';

let store: string;
beforeEach(async () => {
  store = await mkdtemp(path.join(tmpdir(), 'turn-'));
});
afterEach(async () => {
  await rm(store, { recursive: true });
});

const entry = (name: string) => ({ name, file: path.resolve(`${name}.ticket.json`) });
const add = async (...all: string[]): Promise<void> => {
  for (const name of all) await changeQueue(store, waiting => withEntry(waiting, entry(name), 'last'));
};
const wish = (name: string, kind: 'pause' | 'cancel') => changeQueue(store, waiting => stopped(waiting, name, kind));
const names = async () => {
  const { turn, waiting, paused } = await seeQueue(store);
  return [turn?.entry.name ?? null, waiting.map(({ name }) => name), paused.map(({ name }) => name)];
};
/** The process of the taker is no more. */
async function bury(): Promise<void> {
  const lock = path.join(store, 'queue/lock');
  const text = await readFile(lock, 'utf8');
  await writeFile(lock, text.replace(`"pid":${process.pid}`, `"pid":${2 ** 30}`));
}

describe('a turn of the queue', () => {
  test('is nobody’s where nothing waits, and leaves no lock', async () => {
    expect(await Turn.take(store)).toBeNull();
    expect(await isTurnTaken(store)).toBe(false);
  });

  test('is one’s at a time: the entry stays in the file, at work; ended it is out', async () => {
    await add('a', 'b');
    const [turn, ...others] = (await Promise.all([1, 2, 3].map(() => Turn.take(store)))).filter(one => one !== null);
    expect([turn!.entry, others]).toEqual([entry('a'), []]);
    expect(await names()).toEqual(['a', ['b'], []]);
    expect((await readQueue(store)).map(({ name }) => name)).toEqual(['a', 'b']);
    await turn!.end('over');
    expect(await names()).toEqual([null, ['b'], []]);
    expect(await isTurnTaken(store)).toBe(false);
  });

  test('passes over what is paused, which keeps its place and its file', async () => {
    await add('a', 'b');
    await wish('a', 'pause');
    const turn = (await Turn.take(store))!;
    expect(turn.entry).toEqual(entry('b'));
    await turn.end('over');
    expect(await Turn.take(store)).toBeNull();
    expect(await readQueue(store)).toEqual([{ ...entry('a'), paused: true }]);
  });

  test.each([
    ['paused', [['b'], ['a']]],
    ['left', [['a', 'b'], []]],
  ] as const)('that ends %s keeps its entry in its place', async (how, left) => {
    await add('a', 'b');
    await (await Turn.take(store))!.end(how);
    expect(await names()).toEqual([null, ...left]);
    expect((await readQueue(store)).every(one => one.taken === undefined)).toBe(true);
  });

  test('of a process that was killed is over: its entry waits again, and is taken by the next', async () => {
    await add('a', 'b');
    const killed = (await Turn.take(store))!;
    await bury();
    expect(await names()).toEqual([null, ['a', 'b'], []]);
    const next = (await Turn.take(store))!;
    expect(next.entry.name).toBe('a');
    // were it only asleep, it would find that it is not its turn any more
    await killed.end('over');
    expect(await names()).toEqual(['a', ['b'], []]);
    await next.end('over');
  });

  test.each(['pause', 'cancel'] as const)(
    'hears of %s; killed before it could stop, it is so for the next',
    async kind => {
      await add('a', 'b');
      const turn = (await Turn.take(store))!;
      expect(await turn.wished()).toBeNull();
      await wish('b', kind);
      expect(await turn.wished()).toBeNull();
      await wish('a', kind);
      expect(await turn.wished()).toBe(kind);
      await bury();
      await add('c');
      const next = (await Turn.take(store))!;
      expect(await names()).toEqual(['c', [], kind === 'pause' ? ['a', 'b'] : []]);
      await next.end('over');
    },
  );

  test('that a person has cancelled goes, however its work ended', async () => {
    await add('a');
    const turn = (await Turn.take(store))!;
    await wish('a', 'cancel');
    await turn.end('left');
    expect(await readQueue(store)).toEqual([]);
  });

  test('hears nothing of a queue that was emptied or damaged: neither means that the work is to stop', async () => {
    await add('a');
    const turn = (await Turn.take(store))!;
    await writeFile(path.join(store, 'queue.json'), '{');
    expect(await turn.wished()).toBeNull();
    await changeQueue(store, waiting => without(waiting, 'a'));
    expect(await turn.wished()).toBeNull();
    await turn.end('paused');
    expect(await readQueue(store)).toEqual([]);
  });
});
