/** When a cluster is asked again how far an experiment is. Pure. */

/** While it answers, and something of the experiment is there. */
export const pollMilliseconds = 10_000;
/** While it does not: twice as long each time, up to this. */
const mostPatienceMilliseconds = 300_000;
/** Of a cluster that has never answered this window: it is none of this machine, or long gone. */
const mostVain = 5;

export interface Silence {
  /** How often in a row it was asked and did not answer. */
  readonly vain: number;
  /** It has answered before. */
  readonly known: boolean;
  /** SLURM's programs are on this machine. */
  readonly installed: boolean;
}

/** @returns ms to wait; null: nobody asks by himself any more */
export function waitAfterSilence({ vain, known, installed }: Silence): number | null {
  if (!known && (!installed || vain >= mostVain)) return null;
  return Math.min(pollMilliseconds * 2 ** vain, mostPatienceMilliseconds);
}
