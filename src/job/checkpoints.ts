/** When a run at work saves how far it is, and saving beside its training. */
import { performance } from 'node:perf_hooks';
import type { ResumeFile, ResumePoint } from './resumeFile';

export const defaultCheckpointSeconds = 10;

/** Saving takes at most one in as many seconds, however large the network: it shares the disk and a core with training. */
const shareOfTime = 20;

export class Checkpoints {
  private writing: Promise<void> | null = null;
  private savedAt = performance.now();
  /** That the last save took. */
  private took = 0;
  private isBroken = false;

  constructor(
    private readonly file: ResumeFile,
    /** 0: only when it is told to stop. */
    private readonly seconds: number,
    /** Hears once why saving does not work: training goes on without. */
    private readonly warn: (message: string) => void,
  ) {}

  isDue(): boolean {
    if (this.seconds === 0 || this.isBroken || this.writing) return false;
    const wait = Math.max(this.seconds * 1000, this.took * shareOfTime);
    return performance.now() - this.savedAt >= wait;
  }

  /** Begins to save; training goes on meanwhile. @param began when the point was asked for: reading it is part of the cost */
  begin(point: ResumePoint, began: number): void {
    this.writing = this.write(point, began).finally(() => {
      this.writing = null;
    });
  }

  /** Saves, and waits for it. */
  async save(point: ResumePoint): Promise<void> {
    await this.writing;
    await this.write(point, performance.now());
  }

  /** Waits for what is being written. */
  async settle(): Promise<void> {
    await this.writing;
  }

  private async write(point: ResumePoint, began: number): Promise<void> {
    try {
      await this.file.write(point);
      this.isBroken = false;
    } catch (error) {
      if (!this.isBroken) this.warn(error instanceof Error ? error.message : String(error));
      this.isBroken = true;
    }
    this.savedAt = performance.now();
    this.took = this.savedAt - began;
  }
}
