/** An executor for tests of the job: deterministic, instant, counts what it is asked to do. */
import type { DataSet } from '../../src/data/dataset';
import type { ExecutorName, ExecutorSource } from '../../src/job/executors';
import {
  DeviceLostError,
  MemoryLimitError,
  noLosses,
  NonFiniteLossError,
  trained,
  type Executor,
  type MemoryPlan,
  type TrainingSession,
  type TrainingSetup,
} from '../../src/training/trainer';

export interface FakeExecutor extends ExecutorSource {
  /** What sessions were opened with, in order. */
  readonly opened: TrainingSetup[];
  /** How many were opened together, each time. */
  readonly groups: number[];
  /** Threads of each executor that was created; undefined: all. */
  readonly threads: (number | undefined)[];
  /** Most executors that were open at a time. */
  most(): number;
  /** Steps trained over all sessions. */
  steps(): number;
  /** Executors created and not closed. */
  alive(): number;
}

export interface FakeBehaviour {
  /** Default: wasm. */
  readonly name?: ExecutorName;
  /** Why it cannot be used. */
  readonly unusable?: string;
  /** Session (counted from 0) and step at which the device is lost, once and for all. */
  readonly loses?: { readonly session: number; readonly step: number; readonly kind: DeviceLostError['kind'] };
  /** That a step is said to take, by the share of the weights that are kept. */
  readonly secondsPerStep?: (density: number) => number;
  /** Done by a call that may end early; left out: all. */
  readonly stepsAtATime?: number;
  /** Runs before each stretch of training. */
  readonly onTrain?: (session: number, step: number) => Promise<void> | void;
  /** Session (counted from 0) and step whose loss is NaN. */
  readonly diverges?: { readonly session: number; readonly step: number };
  /** Falls with each step where it is left out. */
  readonly validationLoss?: (session: number, step: number) => number;
  /** Most sessions that it opens together; left out: it cannot. */
  readonly room?: number;
  /** That several of it may share; left out: one at a time. */
  readonly processors?: number;
  /** Bytes there are: no session needs more. */
  readonly memoryLimit?: number;
}

/** Steps in which weights change: training without end costs next to nothing. */
const growingSteps = 1000;
/** One in as many weights changes in a step. */
const stride = 64;

export function fakeExecutor(behaviour: FakeBehaviour = {}): FakeExecutor {
  const opened: TrainingSetup[] = [];
  const groups: number[] = [];
  const threads: (number | undefined)[] = [];
  let steps = 0;
  let alive = 0;
  let most = 0;
  const { name = 'wasm' } = behaviour;

  function open(setup: TrainingSetup, data: DataSet): TrainingSession {
    const memory = memoryOf(setup);
    const { memoryLimit = Infinity } = behaviour;
    if (memory.total > memoryLimit) throw new MemoryLimitError(memory, memoryLimit, setup.batchSize);
    const number = opened.push(setup) - 1;
    const secondsPerStep = behaviour.secondsPerStep?.(densityOf(setup));
    let now = setup.fromStep;
    const weights = setup.weights.map(values => Float32Array.from(values));
    const clamp = (): void => {
      weights.forEach((values, i) => {
        setup.masks[i]?.forEach((kept, j) => {
          if (kept === 0) values[j] = 0;
        });
      });
    };
    clamp();
    return {
      memory,
      async train(target, { signal, onProgress, after = noLosses, seconds: most = Infinity } = {}) {
        const step = most < Infinity ? Math.min(target, now + (behaviour.stepsAtATime ?? Infinity)) : target;
        await behaviour.onTrain?.(number, step);
        signal?.throwIfAborted();
        const { diverges, loses } = behaviour;
        if (loses && (number > loses.session || (number === loses.session && step >= loses.step))) {
          throw new DeviceLostError(loses.kind, 'the fake device is gone');
        }
        if (diverges?.session === number && step >= diverges.step) throw new NonFiniteLossError(diverges.step);
        const count = Math.max(0, step - now);
        let { sum } = after;
        for (; now < step; now++) {
          // a few weights grow, each by its own amount, so that the order of magnitudes changes
          for (const values of now < growingSteps ? weights : []) {
            for (let j = now % stride; j < values.length; j += stride)
              values[j]! += 1e-3 * stride * Math.sin(j + (setup.orderSeed ?? 0));
          }
          sum += 1 / (2 + now);
        }
        clamp();
        const seconds = count > 0 ? (secondsPerStep === undefined ? 0.01 : count * secondsPerStep) : 0;
        steps += count;
        if (count > 0) onProgress?.({ step });
        return trained(step, sum, count, after, seconds);
      },
      evaluate: split => {
        const falling = 1 / (1 + now);
        return Promise.resolve(
          split === 'test'
            ? { loss: falling, accuracy: 0.5, seconds: 0.001 }
            : { loss: behaviour.validationLoss?.(number, now) ?? falling, accuracy: 0.6, seconds: 0.001 },
        );
      },
      predict: (split, visit) => {
        const { count, labels } = data[split];
        // one example at a time: its own class where it stands at an even place, the next class at an odd one
        for (let i = 0; i < count; i++) {
          const outputs = new Float32Array(data.classes);
          outputs[(labels[i]! + (i % 2)) % data.classes] = 1 + now / 100;
          visit(i, outputs);
        }
        return Promise.resolve();
      },
      weights: () => Promise.resolve(weights.map(values => Float32Array.from(values))),
      state: () => {
        const none = weights.map(() => null);
        const updates = (setup.state?.updates ?? 0) + now - setup.fromStep;
        return Promise.resolve({ updates, first: none, second: none, raw: none });
      },
      close: () => Promise.resolve(),
    };
  }

  /** None trains before all that are not closed are to train. */
  function inStep(sessions: readonly TrainingSession[]): TrainingSession[] {
    const open = new Set(sessions);
    let waiting: (() => void)[] = [];
    const begin = (): void => {
      if (waiting.length < open.size) return;
      for (const go of waiting.splice(0)) go();
    };
    return sessions.map(session => ({
      ...session,
      train: async (step, options) => {
        const turn = new Promise<void>(resolve => (waiting = [...waiting, resolve]));
        begin();
        await turn;
        return session.train(step, options);
      },
      close: async () => {
        await session.close();
        open.delete(session);
        begin();
      },
    }));
  }

  const device = 'fake device';
  const variant = 'fake';
  const create = (data: DataSet, count?: number): Promise<Executor> => {
    threads.push(count);
    most = Math.max(most, ++alive);
    return Promise.resolve({
      name,
      device,
      variant,
      open: setup => new Promise(resolve => resolve(open(setup, data))),
      ...(behaviour.room !== undefined && {
        openTogether: (setups: readonly TrainingSetup[]) =>
          new Promise<TrainingSession[]>(resolve => {
            const fitting = setups.slice(0, behaviour.room);
            groups.push(fitting.length);
            resolve(inStep(fitting.map(setup => open(setup, data))));
          }),
      }),
      close: () => {
        alive--;
        return Promise.resolve();
      },
    });
  };
  const { unusable, processors } = behaviour;
  return {
    name,
    opened,
    groups,
    threads,
    most: () => most,
    steps: () => steps,
    alive: () => alive,
    probe: () =>
      Promise.resolve(
        unusable === undefined
          ? { usable: true, device, variant, create, ...(processors !== undefined && { processors }), notes: [] }
          : { usable: false, reason: unusable },
      ),
  };
}

function densityOf({ masks }: TrainingSetup): number {
  const present = masks.filter(mask => mask !== null);
  const kept = present.reduce((sum, mask) => sum + mask.reduce((count, byte) => count + byte, 0), 0);
  return present.length === 0 ? 1 : kept / present.reduce((sum, { length }) => sum + length, 0);
}

/** A hundred bytes of data, four a weight, and ten for each example of a batch. */
function memoryOf({ weights, batchSize }: TrainingSetup): MemoryPlan {
  const parameters = 4 * weights.reduce((sum, values) => sum + values.length, 0);
  const activations = 10 * batchSize;
  return { data: 100, parameters, activations, total: 100 + parameters + activations };
}
