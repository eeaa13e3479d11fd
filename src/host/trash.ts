/**
 * Deleting the results of an experiment so that it can be undone: everything moves into `.trash/` of the same store, by
 * renaming, and leaves it only when the person lets the offer to undo pass. No vscode.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { experimentDirectory, readReport, runDirectory, type ExperimentRef } from './store';

const trashName = '.trash';
const leftoverMilliseconds = 24 * 3600 * 1000;

export interface Trashed {
  readonly directory: string;
  /** Renames that were done: from → to. */
  readonly moves: readonly { readonly from: string; readonly to: string }[];
}

/** Moves the experiment and the runs that no other experiment of the store uses. */
export async function moveToTrash(ref: ExperimentRef): Promise<Trashed> {
  await purgeLeftovers(ref.store);
  const directory = path.join(ref.store, trashName, `${ref.name}-${randomBytes(6).toString('hex')}`);
  await mkdir(path.join(directory, 'runs'), { recursive: true });
  const moves: { from: string; to: string }[] = [];
  const trashed: Trashed = { directory, moves };
  const move = async (from: string, to: string): Promise<void> => {
    await rename(from, to);
    moves.push({ from, to });
  };
  const runs = await runsOfItsOwn(ref);
  try {
    await move(experimentDirectory(ref), path.join(directory, 'experiment'));
    for (const key of runs) {
      const from = runDirectory(ref.store, key);
      if (await exists(from)) await move(from, path.join(directory, 'runs', key));
    }
  } catch (error) {
    await restore(trashed);
    throw error;
  }
  return trashed;
}

/** Puts everything back. What has been computed anew in the meantime stays as it is. */
export async function restore(trashed: Trashed): Promise<void> {
  for (const { from, to } of [...trashed.moves].reverse()) {
    if (!(await exists(from))) await rename(to, from);
  }
  await purge(trashed);
}

/** Removes for good. */
export async function purge(trashed: Trashed): Promise<void> {
  await rm(trashed.directory, { recursive: true, force: true });
}

/** Runs that belong to this experiment alone; none where a report cannot be read: then nobody knows who uses what. */
async function runsOfItsOwn(ref: ExperimentRef): Promise<string[]> {
  const own = await readReport(ref);
  if (!own?.ok) return [];
  const keys = new Set(own.value.runs.map(run => run.key));
  for (const name of await readdir(path.join(ref.store, 'experiments'))) {
    if (name === ref.name) continue;
    const other = await readReport({ store: ref.store, name });
    if (other === null) continue;
    if (!other.ok) return [];
    for (const run of other.value.runs) keys.delete(run.key);
  }
  return [...keys];
}

/** What an earlier window left when it closed before the offer to undo was answered. */
async function purgeLeftovers(store: string): Promise<void> {
  const trash = path.join(store, trashName);
  const names = await readdir(trash).catch(() => []);
  for (const name of names) {
    const directory = path.join(trash, name);
    const { mtimeMs } = await stat(directory);
    if (Date.now() - mtimeMs > leftoverMilliseconds) await rm(directory, { recursive: true, force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
