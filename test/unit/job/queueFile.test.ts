import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeQueue, dropPaused, readQueue, withEntry, without } from '../../../src/job/queueFile';

let store: string;
beforeEach(async () => {
  store = await mkdtemp(path.join(tmpdir(), 'queue-'));
});
afterEach(async () => {
  await rm(store, { recursive: true });
});

const entry = (name: string) => ({ name, file: `/w/${name}.ticket.json` });
const add = (name: string, where: 'first' | 'last' = 'last') =>
  changeQueue(store, waiting => withEntry(waiting, entry(name), where));
const names = async (): Promise<string[]> => (await readQueue(store)).map(({ name }) => name);

describe('the queue of a store', () => {
  test('is empty where there is none', async () => {
    expect(await names()).toEqual([]);
  });

  test('keeps the order; an experiment waits once, and can be moved to the front or taken away', async () => {
    for (const name of ['a', 'b', 'c', 'a']) await add(name);
    expect(await names()).toEqual(['b', 'c', 'a']);
    await add('a', 'first');
    expect(await names()).toEqual(['a', 'b', 'c']);
    await changeQueue(store, waiting => without(waiting, 'b'));
    expect(await names()).toEqual(['a', 'c']);
  });

  test('loses nothing to changes at one time', async () => {
    const all = Array.from({ length: 20 }, (_, i) => `e${i}`);
    await Promise.all(all.map(name => add(name)));
    expect((await names()).sort()).toEqual([...all].sort());
  });

  test('forgets one that was paused where it is begun by other means, and nothing else', async () => {
    await dropPaused(store, 'a');
    expect(existsSync(path.join(store, 'queue.json'))).toBe(false);
    for (const name of ['a', 'b', 'c']) await add(name);
    await changeQueue(store, waiting => waiting.map(one => (one.name === 'c' ? one : { ...one, paused: true })));
    await dropPaused(store, 'a');
    await dropPaused(store, 'c');
    expect(await names()).toEqual(['b', 'c']);
  });

  test('takes every name that an experiment may have', async () => {
    const long = 'x'.repeat(120);
    await add(long);
    expect(await names()).toEqual([long]);
  });

  test.each([
    ['half a file', '{"version":1,"wai'],
    ['a path that is no absolute one', JSON.stringify({ version: 1, waiting: [{ name: 'a', file: 'a.json' }] })],
    ['a name that leaves its folder', JSON.stringify({ version: 1, waiting: [{ name: '..', file: '/a.json' }] })],
    ['more than anyone queues', JSON.stringify({ version: 1, waiting: Array(1001).fill(entry('a')) })],
  ])('that is damaged (%s) counts as empty, and is set aside by whoever changes it', async (_, text) => {
    await writeFile(path.join(store, 'queue.json'), text);
    expect(await names()).toEqual([]);
    const told: string[] = [];
    await changeQueue(
      store,
      waiting => withEntry(waiting, entry('b'), 'last'),
      message => told.push(message),
    );
    expect(await names()).toEqual(['b']);
    expect(told.join()).toContain('queue.json.damaged');
    expect(await readFile(path.join(store, 'queue.json.damaged'), 'utf8')).toBe(text);
  });

  test('leaves no guard behind', async () => {
    await add('a');
    expect(existsSync(path.join(store, 'queue.json.guard'))).toBe(false);
  });
});
