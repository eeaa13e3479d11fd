/** Who works on a store, and how far it is: for those who only look. */
import path from 'node:path';
import * as z from 'zod';
import { experimentSchema } from '../shared/experiment';
import { readBounded } from './files';
import { seeLock, type LockHolder } from './lock';
import { progressName } from './progressFile';

const mostProgressBytes = 64 * 1024;

const progressSchema = z.object({
  runsDone: z.int().min(0),
  runsTotal: z.int().min(0),
  fraction: z.number().min(0).max(1),
  secondsLeft: z.number().nullable(),
});
/** The part of a progress that fits in a line. */
export type SeenProgress = z.infer<typeof progressSchema>;

export interface AtWork {
  /** null where the lock does not say: it is just being written, or no lock that can be read. */
  readonly holder: LockHolder | null;
  /** null where the job does not say how far it is. */
  readonly progress: SeenProgress | null;
}

/** @returns null where nobody works on the store. Never throws. */
export async function seeWork(store: string): Promise<AtWork | null> {
  const seen = await seeLock(store).catch(() => null);
  if (!seen?.isAlive) return null;
  const { holder } = seen;
  const name = holder?.experiment;
  return { holder, progress: name === undefined ? null : await readProgress(store, name) };
}

async function readProgress(store: string, name: string): Promise<SeenProgress | null> {
  // a path is made of it, and a lock may come from anywhere
  if (!experimentSchema.shape.name.safeParse(name).success) return null;
  try {
    const text = (await readBounded(path.join(store, 'experiments', name, progressName), mostProgressBytes)).toString(
      'utf8',
    );
    return progressSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
