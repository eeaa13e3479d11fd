/**
 * `progress.json` beside the report: how far a job is, for those who have no line to it. Written at most once a second
 * and not flushed: after a crash nobody needs it.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Progress } from '../shared/report';

export const progressName = 'progress.json';
const betweenMilliseconds = 1000;

export class ProgressFile {
  private readonly file: string;
  private writing: Promise<void> | null = null;
  private writtenAt = -Infinity;

  /** @param directory of the experiment in the store */
  constructor(directory: string) {
    this.file = path.join(directory, progressName);
  }

  /** Drops what comes too soon after the last; the next one tells more. */
  show(progress: Progress): void {
    if (this.writing || performance.now() - this.writtenAt < betweenMilliseconds) return;
    this.writtenAt = performance.now();
    this.writing = this.write(progress).finally(() => {
      this.writing = null;
    });
  }

  async remove(): Promise<void> {
    await this.writing;
    await rm(this.file, { force: true }).catch(() => undefined);
  }

  private async write(progress: Progress): Promise<void> {
    const temporary = `${this.file}.${process.pid}.0.tmp`;
    try {
      await writeFile(temporary, JSON.stringify(progress));
      await rename(temporary, this.file);
    } catch {
      // the folder may not be there yet, or the disk is full: what matters is written elsewhere, and says so
    }
  }
}
