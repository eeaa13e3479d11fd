/** Executors of one kind on one data set, among which the processors of the machine are shared. */
import type { DataSet } from '../data/dataset';
import type { Executor, TrainingSession } from '../training/trainer';
import type { ReadyExecutor } from './executors';

interface Idle {
  readonly executor: Executor;
  /** Undefined: it has all that it can use. */
  readonly threads: number | undefined;
}

/** Each holds a copy of the data set: no more are open at a time than may work at a time. */
export class LaneExecutors {
  private readonly idle: Idle[] = [];
  /** Open, or being opened. */
  private open = 0;

  constructor(
    private readonly ready: ReadyExecutor,
    private readonly data: DataSet,
  ) {}

  /**
   * One that nobody uses with so many threads, else a new one.
   * @param most that may be open then
   */
  async take(threads: number | undefined, most: number): Promise<Executor> {
    const at = this.idle.findIndex(one => one.threads === threads);
    if (at >= 0) return this.idle.splice(at, 1)[0]!.executor;
    this.open++;
    try {
      while (this.open > most && this.idle.length > 0) await this.closeOne();
      return await this.ready.create(this.data, threads);
    } catch (error) {
      this.open--;
      throw error;
    }
  }

  give(executor: Executor, threads: number | undefined): void {
    this.idle.push({ executor, threads });
  }

  /** Those that nobody uses. */
  async close(): Promise<void> {
    while (this.idle.length > 0) await this.closeOne();
  }

  private async closeOne(): Promise<void> {
    const { executor } = this.idle.shift()!;
    this.open--;
    await executor.close();
  }
}

/**
 * As a run sees an executor that has a part of the machine: seconds are its share of those that go by, so that they add up,
 * and tell what the whole machine would take.
 * @param device the whole machine
 * @param runs side by side
 * @param onOpen is told of each session
 */
export function sharing(
  executor: Executor,
  device: string,
  runs: number,
  onOpen: (session: TrainingSession) => void,
): Executor {
  const { name, variant } = executor;
  return {
    name,
    device,
    variant,
    async open(setup) {
      const session = await executor.open(setup);
      onOpen(session);
      return runs === 1 ? session : withShares(session, runs);
    },
    close: () => Promise.resolve(),
  };
}

function withShares(session: TrainingSession, runs: number): TrainingSession {
  return {
    memory: session.memory,
    train: async (step, options) => {
      const result = await session.train(step, options);
      return { ...result, seconds: result.seconds / runs };
    },
    evaluate: async (split, signal) => {
      const result = await session.evaluate(split, signal);
      return result && { ...result, seconds: result.seconds / runs };
    },
    predict: (split, visit, signal) => session.predict(split, visit, signal),
    weights: () => session.weights(),
    state: () => session.state(),
    close: () => session.close(),
  };
}
