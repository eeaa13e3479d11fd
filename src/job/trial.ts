/** How fast an executor trains: a few steps of an experiment's own recipe, dense and under a mask. */
import { performance } from 'node:perf_hooks';
import type { DataSet } from '../data/dataset';
import { formatRate } from '../shared/executorChoice';
import { formatSeconds } from '../shared/format';
import {
  NonFiniteLossError,
  type ByteMasks,
  type Executor,
  type MemoryPlan,
  type TrainingSession,
  type TrainingSetup,
} from '../training/trainer';
import type { ReadyExecutor } from './executors';

export interface TrialSubject {
  readonly data: DataSet;
  /** Of the dense run: from its start, with nothing masked. */
  readonly setup: TrainingSetup;
  /** Masks as dense as those of the last level; null where nothing is pruned. */
  readonly masks: ByteMasks | null;
}

export interface TrialLimits {
  /** Seconds of training that are measured, at each of the two densities. */
  readonly measured: number;
  /** Seconds that it may take to start the executor and to train at both densities; one that needs longer is given up. */
  readonly patience: number;
  /** Seconds a step from which on the executor is given up, as too slow to be the choice. */
  readonly slow: number;
}

export type TrialResult =
  | {
      readonly measured: true;
      /** Steps a second. */
      readonly dense: number;
      readonly sparse: number;
      readonly memory: MemoryPlan;
    }
  | { readonly measured: false; readonly reason: string };

const warmUpSteps = 3;

/** @throws the reason of `signal` where that is aborted; that it cannot be measured is a result */
export async function measure(
  ready: ReadyExecutor,
  subjectOf: () => TrialSubject,
  limits: TrialLimits,
  signal: AbortSignal | undefined,
): Promise<TrialResult> {
  const patience = new Patience(limits.patience);
  let executor: Executor | undefined;
  try {
    const { data, setup, masks } = subjectOf();
    executor = await within(patience, ready.create(data));
    const dense = await measureSession(executor, setup, limits, patience, signal);
    const sparse = masks ? await measureSession(executor, { ...setup, masks }, limits, patience, signal) : dense;
    return { measured: true, dense: dense.rate, sparse: sparse.rate, memory: dense.memory };
  } catch (error) {
    signal?.throwIfAborted();
    return { measured: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await executor?.close().catch(() => undefined);
  }
}

async function measureSession(
  executor: Executor,
  setup: TrainingSetup,
  limits: TrialLimits,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<{ readonly rate: number; readonly memory: MemoryPlan }> {
  const session = await within(patience, executor.open(setup));
  try {
    return { rate: await stepsPerSecond(session, setup, limits, patience, signal), memory: session.memory };
  } finally {
    await session.close().catch(() => undefined);
  }
}

/** Ever longer stretches until enough is measured. The first steps, in which code is compiled, do not count. */
async function stepsPerSecond(
  session: TrainingSession,
  { fromStep, totalSteps }: TrainingSetup,
  { measured, slow }: TrialLimits,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<number> {
  const late = AbortSignal.timeout(patience.milliseconds);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  let step = fromStep;
  let steps = 0;
  let seconds = 0;
  const train = async (count: number): Promise<number> => {
    step = Math.min(totalSteps, step + count);
    return (await session.train(step, { signal: either })).seconds;
  };
  try {
    // of a training of a few steps one must be left to measure
    const warmUp = Math.min(warmUpSteps, totalSteps - fromStep - 1);
    if (warmUp > 0 && (await train(1)) < measured / 4) await train(warmUp - 1);
    for (let length = 1; seconds < measured && step < totalSteps;) {
      const before = step;
      seconds += await train(length);
      steps += step - before;
      if (seconds / steps > slow) break;
      length = Math.max(1, Math.min(2 * steps, Math.ceil((measured - seconds) / (seconds / steps))));
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (late.aborted && steps === 0) throw new Error(`its first steps took too long: ${patience.words}`);
    const enough = steps > 0 && (late.aborted || error instanceof NonFiniteLossError);
    if (!enough) throw error;
  }
  const rate = steps / Math.max(seconds, 1e-6);
  if (1 / rate > slow) throw new Error(`too slow: ${formatRate(rate)}`);
  return rate;
}

/** How long an executor is still waited for. */
class Patience {
  private readonly end: number;

  constructor(private readonly seconds: number) {
    this.end = performance.now() + seconds * 1000;
  }

  get milliseconds(): number {
    return Math.max(0, Math.ceil(this.end - performance.now()));
  }

  get words(): string {
    return `more than ${formatSeconds(this.seconds)} in all`;
  }
}

/** What comes too late is closed when it comes. */
async function within<T extends { close(): Promise<void> }>(patience: Patience, opening: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>(resolve => {
    timer = setTimeout(resolve, patience.milliseconds, null);
  });
  try {
    const opened = await Promise.race([opening, late]);
    if (opened) return opened;
  } finally {
    clearTimeout(timer);
  }
  void opening.then(
    one => one.close().catch(() => undefined),
    () => undefined,
  );
  throw new Error(`starting it took too long: ${patience.words}`);
}
