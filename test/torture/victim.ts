/** Processes that work on an experiment and are killed for it. */

/** The work to do: the same whoever does it. */
export interface Work {
  readonly experiment: string;
  readonly store: string;
  readonly checkpointSeconds: number;
  /** Most runs side by side; null: as the job has it. */
  readonly parallel: number | null;
}

/** One process, or a parent and its child, from its start to its end. */
export interface Life {
  /** The exit code; 0 where the experiment is done. null where it was killed. */
  readonly ended: Promise<number | null>;
  /** What it has told so far. */
  readonly told: Told;
  /** SIGKILL. Waits until all of it is gone. */
  kill(): Promise<Death>;
}

export interface Death {
  /** What was wrong in how the rest of it went down. */
  readonly wrong: readonly string[];
  /** Seconds from the kill of a parent until its child was gone; null where it had none, or was the one killed. */
  readonly orphaned: number | null;
}

export const atOnce: Death = { wrong: [], orphaned: null };

export interface Told {
  /** Seconds from its start to its first report: what comes before any training. null: it has given none. */
  ready: number | null;
  /** The steps that runs were at, by the key of the run; empty where the victim does not tell. */
  readonly first: Map<string, number>;
  readonly last: Map<string, number>;
  /** Words, for the one who looks for what went wrong. */
  text: string;
}

export interface Victim {
  readonly name: string;
  start(work: Work): Life;
}

export function nothingTold(): Told {
  return { ready: null, first: new Map(), last: new Map(), text: '' };
}
