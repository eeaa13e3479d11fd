/** Times the same training by several contestants in turn, so that a machine whose speed drifts hits all of them. */
import type { Mask } from '../src/lottery/mask';

export interface Contestant {
  readonly name: string;
  /** A fresh network. @param masks one for each prunable kernel, in forward order */
  open(masks: readonly Mask[]): Promise<void>;
  /** @returns seconds inside these training steps */
  train(steps: number): Promise<number>;
  close(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Milliseconds of a training step over the rounds. */
export interface Timing {
  readonly median: number;
  readonly best: number;
}

/** Long enough that a round is more than the start of its threads. */
const secondsPerRound = 0.3;
const mostStepsPerRound = 40;
/** Compiled code replaces baseline code while a step or two run, and the first touch of fresh memory is slow. */
const warmupSteps = 2;

/** @returns in the order of the contestants */
export async function contest(
  contestants: readonly Contestant[],
  masks: readonly Mask[],
  rounds: number,
): Promise<Timing[]> {
  const steps: number[] = [];
  for (const contestant of contestants) {
    await contestant.open(masks);
    await contestant.train(warmupSteps);
    const step = await contestant.train(1);
    steps.push(Math.max(1, Math.min(mostStepsPerRound, Math.round(secondsPerRound / step))));
  }
  const times: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      times[i]!.push(((await contestant.train(steps[i]!)) / steps[i]!) * 1000);
    }
  }
  for (const contestant of contestants) await contestant.close();
  return times.map(timing);
}

function timing(milliseconds: readonly number[]): Timing {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, best: sorted[0]! };
}
