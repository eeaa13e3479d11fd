/** Figures over all kills. */
import type { RunsThere } from './runsThere';
import type { Told } from './victim';

export class Tally {
  kills = 0;
  stores = 0;
  /** Runs that were saved in their middle when their process was killed. */
  saved = 0;
  /** Those of them that went on behind their start: seen where the victim tells of steps. */
  resumed = 0;
  /** Steps, where the victim tells of them: told at the kill and not saved by then. */
  stepsTwice = 0;
  /** From start to the first report, of lives that came so far. */
  readonly secondsToReady: number[] = [];
  readonly wrong: string[] = [];

  /** A life that began on what was there `before`. */
  lived(told: Told, before: RunsThere): void {
    if (told.ready !== null) this.secondsToReady.push(told.ready);
    for (const [run, step] of told.first) {
      const saved = before.saved.get(run);
      if (saved !== undefined && step > saved) this.resumed++;
    }
  }

  killed(told: Told, after: RunsThere): void {
    this.kills++;
    this.saved += after.saved.size;
    for (const [run, step] of told.last) {
      if (!after.finished.has(run))
        this.stepsTwice += Math.max(0, step - (after.saved.get(run) ?? told.first.get(run)!));
    }
  }

  describe(): string[] {
    const ready = [...this.secondsToReady].sort((a, b) => a - b);
    const at = (share: number): string => (ready[Math.floor(share * (ready.length - 1))] ?? 0).toFixed(2);
    return [
      `${this.kills} kills over ${this.stores} stores`,
      `saved in their middle when killed: ${this.saved} runs; seen to go on from there: ${this.resumed}`,
      `steps computed twice, where told: ${this.stepsTwice}`,
      `from start to the first report: median ${at(0.5)} s, most ${at(1)} s, of ${ready.length} starts`,
      `wrong: ${this.wrong.length}`,
      ...this.wrong,
    ];
  }
}
