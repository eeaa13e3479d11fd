/**
 * What somebody without a line to a job wishes of it: the command line, a second window, a machine that shares the disk.
 * They leave a file beside the report; the job looks for it, removes it and does as it says.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { readBounded, writeWhole } from './files';
import { Stop } from './stop';

export type Wish = 'pause' | 'cancel';

const wishName = 'wish.json';
const lookMilliseconds = 500;
const mostBytes = 1024;
const schema = z.object({ wish: z.enum(['pause', 'cancel']) });

/** @param directory of the experiment in the store. @throws StoreError */
export async function leaveWish(directory: string, wish: Wish): Promise<void> {
  await writeWhole(path.join(directory, wishName), JSON.stringify({ wish }));
}

/** Aborts with the `Stop` of the wish when one is left. */
export class WishWatch {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  readonly signal = this.controller.signal;

  private constructor(private readonly directory: string) {
    this.timer = setInterval(() => {
      void this.look();
    }, lookMilliseconds);
    this.timer.unref();
  }

  /** What was wished of an earlier job is no concern of this one. */
  static async begin(directory: string): Promise<WishWatch> {
    await rm(path.join(directory, wishName), { force: true }).catch(() => undefined);
    return new WishWatch(directory);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const wish = await takeWish(this.directory);
    if (wish) this.controller.abort(new Stop(wish === 'pause' ? 'paused' : 'cancelled'));
  }
}

/** Takes it away. @returns null where there is none, and where it is none: anyone may have written it */
export async function takeWish(directory: string): Promise<Wish | null> {
  const file = path.join(directory, wishName);
  let text: string;
  try {
    text = (await readBounded(file, mostBytes)).toString('utf8');
  } catch (error) {
    // not there, or no file that could be a wish
    if (error instanceof RangeError) await rm(file, { force: true }).catch(() => undefined);
    return null;
  }
  await rm(file, { force: true }).catch(() => undefined);
  try {
    return schema.parse(JSON.parse(text)).wish;
  } catch {
    return null;
  }
}
