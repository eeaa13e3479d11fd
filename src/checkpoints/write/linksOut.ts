/** What is written into a folder stays in it: its subfolders may be links, and these may lead anywhere. */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { CheckpointError } from '../checkpointError';
import { isInside } from '../source';

/**
 * @param target a folder that is there, itself perhaps a link: the person has named it
 * @param files relative to it, where they are to be; a link that has a file's own name is replaced, and so not followed
 * @throws CheckpointError where the way to one of them leads out of the folder, or nowhere
 */
export async function refuseLinksOut(target: string, files: readonly string[]): Promise<void> {
  const home = await realpath(target);
  for (const folder of new Set(files.map(file => path.dirname(path.normalize(file))))) {
    let at = target;
    for (const segment of folder.split(path.sep)) {
      at = path.join(at, segment);
      // what is not there yet is made, and is no link then
      if ((await lstat(at).catch(() => null)) === null) break;
      const real = await realpath(at).catch(() => null);
      if (real === home || (real !== null && isInside(real, home))) continue;
      const where = real === null ? 'a link that leads nowhere' : `a link that leads out of ${target}, to ${real}`;
      throw new CheckpointError(at, `${where}: nothing is written through it; remove it, or choose another folder`);
    }
  }
}
