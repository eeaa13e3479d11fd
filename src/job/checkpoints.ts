/** When a run at work saves how far it is, and saving beside its training. */
import { performance } from 'node:perf_hooks';
import type { ResumeFile, ResumePoint } from './resumeFile';

export const defaultCheckpointSeconds = 10;

/** Training stands still for at most one in as many seconds while its state is read, however large the network. */
const shareOfStandstill = 20;
/** Writing goes on beside it for at most one in as many: it takes a core, and the disk. */
const shareOfWriting = 5;

export class Checkpoints {
  private writing: Promise<void> | null = null;
  /** null before training begins. */
  private savedAt: number | null = null;
  /** Least time between two saves, in ms. */
  private pause = 0;
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
    this.savedAt ??= performance.now();
    return performance.now() - this.savedAt >= Math.max(this.seconds * 1000, this.pause);
  }

  /** Reads how far it is, and begins to save that; training can go on then. */
  async begin(read: () => Promise<ResumePoint>): Promise<void> {
    const began = performance.now();
    const point = await read();
    const standstill = performance.now() - began;
    this.writing = this.write(point).finally(() => {
      const taken = performance.now() - began;
      this.savedAt = began + taken;
      this.pause = Math.max(standstill * shareOfStandstill, taken * shareOfWriting);
      this.writing = null;
    });
  }

  /** Saves, and waits for it. */
  async save(point: ResumePoint): Promise<void> {
    await this.writing;
    await this.write(point);
  }

  /** Waits for what is being written. */
  async settle(): Promise<void> {
    await this.writing;
  }

  private async write(point: ResumePoint): Promise<void> {
    try {
      await this.file.write(point);
      this.isBroken = false;
    } catch (error) {
      if (!this.isBroken) this.warn(error instanceof Error ? error.message : String(error));
      this.isBroken = true;
    }
  }
}
