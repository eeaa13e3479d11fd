/**
 * Runs side by side on an executor that trains several networks at once. Each goes its way as if it were alone; here their
 * sessions meet: one opens when all have asked for theirs.
 */
import type { RunNode, RunRecord } from '../shared/run';
import type { Executor, TrainingSession, TrainingSetup } from '../training/trainer';
import type { Place } from './attempt';

/** What is done with runs, side by side or not. */
export interface RunWork {
  /** Carries one out at its place. */
  readonly compute: (node: RunNode, place: Place, signal: AbortSignal) => Promise<void>;
  /** Those that are over, and an executor that nobody else uses now. */
  readonly onDone: (nodes: readonly RunNode[], executor: Executor) => Promise<void>;
  /** Those that can still be done: without what needs a run that has failed. */
  readonly possible: (nodes: readonly RunNode[]) => RunNode[];
}

/** More would delay the first results, and their weights wait in memory. */
const mostTogether = 16;

/**
 * Computes runs in their order, and beside each those that the executor can train together with it.
 * @param nodes in the order of the plan; what else they need is done
 * @throws what the first of them throws, when all have stopped; the signal's reason
 */
export async function runInGroups(
  executor: Executor,
  nodes: readonly RunNode[],
  signal: AbortSignal,
  { compute, onDone, possible, records }: RunWork & { readonly records: ReadonlyMap<string, RunRecord> },
): Promise<void> {
  for (let left = [...nodes]; left.length > 0;) {
    signal.throwIfAborted();
    const group = executor.openTogether ? besideFirst(left, records) : left.slice(0, 1);
    await runTogether(executor, group, signal, compute);
    left = possible(left.filter(node => !group.includes(node)));
    await onDone(group, executor);
  }
}

/**
 * The first of the runs that are missing, with the next ones that train by the same recipe through the same steps, as far as
 * what they need is done.
 * @param records of finished runs
 */
function besideFirst(missing: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): RunNode[] {
  const wanted = courseOf(missing[0]!);
  const alike = missing.filter(node => courseOf(node) === wanted).slice(0, mostTogether);
  const end = alike.findIndex(({ needs }) => needs.some(key => records.get(key)?.status !== 'done'));
  return end < 0 ? alike : alike.slice(0, end);
}

/** What runs that train together have in common. When masks change on the way, that is part of it. */
function courseOf({ inputs: { model, data, executor, training, steps, mask } }: RunNode): string {
  return JSON.stringify([model, data, executor, training, steps, mask.kind === 'gradual' ? mask : null]);
}

type Grouping = Executor & Required<Pick<Executor, 'openTogether'>>;

interface Waiting {
  /** Of the run. */
  readonly place: number;
  readonly setup: TrainingSetup;
  readonly resolve: (session: TrainingSession) => void;
  readonly reject: (error: unknown) => void;
}

/** Where the sessions of some runs meet. */
class Meeting {
  private readonly waiting: Waiting[] = [];
  /** Sessions that are open, or being opened. */
  private open = 0;

  constructor(
    private readonly executor: Grouping,
    /** Runs that are not over. */
    private runs: number,
    signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => {
      for (const { reject } of this.waiting.splice(0)) reject(signal.reason);
    });
  }

  /** As a run sees the executor. @param place of it among the runs, in the order of the plan */
  seat(place: number): Executor {
    const { name, device, variant } = this.executor;
    const open = (setup: TrainingSetup): Promise<TrainingSession> =>
      new Promise((resolve, reject) => {
        this.waiting.push({ place, setup, resolve, reject });
        void this.begin();
      });
    return { name, device, variant, open, close: () => Promise.resolve() };
  }

  leave(): void {
    this.runs--;
    void this.begin();
  }

  /** Opens sessions for all, once all wait: for as many as there is room for, and then for the others. */
  private async begin(): Promise<void> {
    if (this.open > 0 || this.waiting.length === 0 || this.waiting.length < this.runs) return;
    this.open = this.waiting.length;
    this.waiting.sort((a, b) => a.place - b.place);
    try {
      const sessions = await this.executor.openTogether(this.waiting.map(({ setup }) => setup));
      const served = this.waiting.splice(0, sessions.length);
      this.open = sessions.length;
      served.forEach(({ resolve }, i) => {
        resolve(this.watched(sessions[i]!));
      });
      // of those who were told to stop in the meantime
      for (const session of sessions.slice(served.length)) await this.watched(session).close();
    } catch (error) {
      this.open = 0;
      for (const { reject } of this.waiting.splice(0)) reject(error);
    }
  }

  private watched(session: TrainingSession): TrainingSession {
    return {
      memory: session.memory,
      train: (step, options) => session.train(step, options),
      evaluate: (split, signal) => session.evaluate(split, signal),
      predict: (split, visit, signal) => session.predict(split, visit, signal),
      weights: () => session.weights(),
      state: () => session.state(),
      close: async () => {
        try {
          await session.close();
        } finally {
          this.open--;
          void this.begin();
        }
      },
    };
  }
}

/**
 * Computes runs side by side.
 * @param compute carries one out on the executor it is given
 * @throws what the first of them throws, when all have stopped
 */
async function runTogether(
  executor: Executor,
  nodes: readonly RunNode[],
  signal: AbortSignal,
  compute: RunWork['compute'],
): Promise<void> {
  if (!canGroup(executor) || nodes.length === 1) {
    for (const node of nodes) await compute(node, { executor, runs: 1 }, signal);
    return;
  }
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const meeting = new Meeting(executor, nodes.length, stop);
  await Promise.allSettled(
    nodes.map(async (node, place) => {
      try {
        await compute(node, { executor: meeting.seat(place), runs: nodes.length }, stop);
      } catch (error) {
        failed.abort(error);
      } finally {
        meeting.leave();
      }
    }),
  );
  failed.signal.throwIfAborted();
}

function canGroup(executor: Executor): executor is Grouping {
  return executor.openTogether !== undefined;
}
