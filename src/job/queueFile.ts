/**
 * `queue.json` of a store: the experiments that wait for their turn, in order, and the one whose turn it is. Windows and
 * the command line share it. Whoever changes it reads and writes it whole, one at a time.
 */
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { experimentSchema } from '../shared/experiment';
import { errorCode, isMissing, makeDirectory, readBounded, storeError, StoreError, writeWhole } from './files';

export const queueName = 'queue.json';
const mostBytes = 4 * 1024 * 1024;
const mostEntries = 1000;
const pollMilliseconds = 20;
/** A change takes milliseconds; whoever holds the guard for as long as this is dead. */
const staleGuardMilliseconds = 5000;

const entrySchema = z.object({
  name: experimentSchema.shape.name,
  /** The experiment file, absolute. */
  file: z
    .string()
    .max(4096)
    .refine(file => path.isAbsolute(file)),
  /** Keeps its file, but is not taken; one at work is to stop. */
  paused: z.literal(true).optional(),
  /** It is its turn: a mark of whoever works on it, who holds `queue/lock` meanwhile. Without that it waits. */
  taken: z.string().max(64).optional(),
  /** One at work is to stop, and goes then. */
  cancelled: z.literal(true).optional(),
});
const schema = z.object({ version: z.literal(1), waiting: z.array(entrySchema).max(mostEntries) });

export type QueueEntry = z.infer<typeof entrySchema>;
export type Waiting = readonly QueueEntry[];

/** The queue of a store, the next one first; what cannot be read counts as empty. */
export async function readQueue(store: string): Promise<Waiting> {
  return (await read(store)) ?? [];
}

/**
 * @param tell says in words where a queue was damaged; it is set aside then
 * @returns the queue as it is now
 * @throws StoreError
 */
export async function changeQueue(
  store: string,
  change: (waiting: Waiting) => Waiting,
  tell: (message: string) => void = () => undefined,
): Promise<Waiting> {
  await makeDirectory(store);
  return guarded(store, async () => {
    const file = path.join(store, queueName);
    let before = await read(store);
    if (before === null) {
      await rename(file, `${file}.damaged`);
      tell(`the queue ${file} could not be read and is empty now: what it held is in ${queueName}.damaged`);
      before = [];
    }
    const waiting = change(before);
    if (waiting.length > mostEntries) {
      throw new StoreError(file, `the queue ${file} is full: it holds ${mostEntries} experiments`);
    }
    if (waiting !== before) await writeWhole(file, `${JSON.stringify({ version: 1, waiting }, null, 2)}\n`);
    return waiting;
  });
}

/** Adds an experiment, or moves it where it waits already. */
export const withEntry = (waiting: Waiting, entry: QueueEntry, where: 'first' | 'last'): Waiting => {
  const others = without(waiting, entry.name);
  return where === 'first' ? [entry, ...others] : [...others, entry];
};

export const without = (waiting: Waiting, name: string): Waiting => waiting.filter(entry => entry.name !== name);

/** An experiment that is begun by other means is not paused here any more: its turn would come a second time. @throws StoreError */
export async function dropPaused(store: string, name: string): Promise<void> {
  const isIt = (entry: QueueEntry): boolean => entry.name === name && entry.paused === true;
  if ((await readQueue(store)).some(isIt)) await changeQueue(store, waiting => waiting.filter(entry => !isIt(entry)));
}

/** @returns null where the file is damaged */
async function read(store: string): Promise<Waiting | null> {
  try {
    const text = (await readBounded(path.join(store, queueName), mostBytes)).toString('utf8');
    return schema.parse(JSON.parse(text)).waiting;
  } catch (error) {
    return isMissing(error) ? [] : null;
  }
}

async function guarded<T>(store: string, work: () => Promise<T>): Promise<T> {
  const guard = path.join(store, `${queueName}.guard`);
  for (;;) {
    try {
      await (await open(guard, 'wx')).close();
      break;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw storeError(error, guard);
      const age = await stat(guard).then(
        // one of the future too: a clock that was set back must not block the queue
        ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
        () => 0,
      );
      if (age > staleGuardMilliseconds) await rm(guard, { force: true });
      await sleep(pollMilliseconds);
    }
  }
  try {
    return await work();
  } finally {
    await rm(guard, { force: true });
  }
}
