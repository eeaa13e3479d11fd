/** Damaged runs go to `damaged/<key>-<n>/`, with the reason: nothing is deleted, and the run can be computed anew. */
import { mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, flushDirectory, makeDirectory, storeError, StoreError, writeWhole } from '../files';
import { lockName } from '../lock';
import type { RunStore } from '../store';
import { DamagedRunError } from './damagedRun';
import { underRunLock } from './runLock';

/** One run that is damaged so often is no accident: the disk is. */
const mostTimes = 100;

/**
 * Moves away what is in the run's folder, unless somebody has computed it anew in the meantime.
 * @param onWait another process works on the run
 * @returns where it is now; null where the run is sound again
 * @throws StoreError; the signal's reason
 */
export async function setAside(
  store: RunStore,
  damage: DamagedRunError,
  options: { readonly signal: AbortSignal; readonly onWait: () => void },
): Promise<string | null> {
  const { key } = damage;
  return underRunLock(store, key, options, async () => {
    if (await isSound(store, key)) return null;
    const target = await newDirectory(store, key);
    try {
      const why = `${new Date().toISOString()}\nrun ${key}: ${damage.damage}\n`;
      await writeWhole(path.join(target, 'why.txt'), why);
      const from = store.runDirectory(key);
      // the record first: cut off after it, the rest counts as nothing
      const names = (await readdir(from)).filter(name => name !== lockName);
      for (const name of names.sort((a, b) => Number(b === 'run.json') - Number(a === 'run.json'))) {
        await rename(path.join(from, name), path.join(target, name));
      }
      await Promise.all([flushDirectory(from), flushDirectory(target)]);
    } catch (error) {
      throw storeError(error, target);
    }
    return target;
  });
}

async function isSound(store: RunStore, key: string): Promise<boolean> {
  try {
    await store.verifyRun(key);
    return true;
  } catch (error) {
    if (error instanceof DamagedRunError) return false;
    throw error;
  }
}

async function newDirectory(store: RunStore, key: string): Promise<string> {
  const parent = path.join(store.directory, 'damaged');
  await makeDirectory(parent);
  for (let n = 1; n <= mostTimes; n++) {
    const directory = path.join(parent, `${key}-${n}`);
    try {
      await mkdir(directory);
      return directory;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw storeError(error, directory);
    }
  }
  throw new StoreError(
    parent,
    `run ${key} was damaged ${mostTimes} times: the disk of ${store.directory} does not keep what it is given`,
  );
}
