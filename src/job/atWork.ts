/** Who works on a store, and how far it is: for those who only look. */
import path from 'node:path';
import { safeParse } from '../shared/check';
import { experimentSchema } from '../shared/experiment';
import { parseBriefProgress, type BriefProgress } from '../shared/storedProgress';
import { readBounded } from './files';
import { seeLock, type LockHolder } from './lock';
import { progressName } from './progressFile';

const mostProgressBytes = 64 * 1024;

export interface AtWork {
  /** null where the lock does not say: it is just being written, or no lock that can be read. */
  readonly holder: LockHolder | null;
  /** null where the job does not say how far it is. */
  readonly progress: BriefProgress | null;
}

/** @returns null where nobody works on the store. Never throws. */
export async function seeWork(store: string): Promise<AtWork | null> {
  const seen = await seeLock(store).catch(() => null);
  if (!seen?.isAlive) return null;
  const { holder } = seen;
  const name = holder?.experiment;
  return { holder, progress: name === undefined ? null : await readProgress(store, name) };
}

async function readProgress(store: string, name: string): Promise<BriefProgress | null> {
  // a path is made of it, and a lock may come from anywhere
  if (!safeParse(experimentSchema.shape.name, name).success) return null;
  try {
    const text = (await readBounded(path.join(store, 'experiments', name, progressName), mostProgressBytes)).toString(
      'utf8',
    );
    return parseBriefProgress(text);
  } catch {
    return null;
  }
}
