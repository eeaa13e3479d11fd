/** Figures over all kills. */
import type { RunsThere } from './runsThere';
import type { Death, Told } from './victim';

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
  /** From a kill of the host to the end of its job. */
  readonly secondsOrphaned: number[] = [];
  readonly wrong: string[] = [];

  /** A life that began on what was there `before`. */
  lived(told: Told, before: RunsThere): void {
    if (told.ready !== null) this.secondsToReady.push(told.ready);
    for (const [run, step] of told.first) {
      const saved = before.saved.get(run);
      if (saved !== undefined && step >= saved) this.resumed++;
    }
  }

  killed(told: Told, after: RunsThere, { orphaned }: Death): void {
    this.kills++;
    if (orphaned !== null) this.secondsOrphaned.push(orphaned);
    this.saved += after.saved.size;
    for (const [run, step] of told.last) {
      if (!after.finished.has(run))
        this.stepsTwice += Math.max(0, step - (after.saved.get(run) ?? told.first.get(run) ?? 0));
    }
  }

  describe(): string[] {
    return [
      `${this.kills} kills over ${this.stores} stores`,
      `saved in their middle when killed: ${this.saved} runs; seen to go on from there: ${this.resumed}`,
      `steps computed twice, where told: ${this.stepsTwice}`,
      `from start to the first report: ${spread(this.secondsToReady)}`,
      `from the kill of a host to the end of its job: ${spread(this.secondsOrphaned)}`,
      `wrong: ${this.wrong.length}`,
      ...this.wrong,
    ];
  }
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return 'not seen';
  const sorted = [...values].sort((a, b) => a - b);
  return `median ${sorted[Math.floor(sorted.length / 2)]!.toFixed(2)} s, most ${sorted.at(-1)!.toFixed(2)} s, of ${sorted.length}`;
}
