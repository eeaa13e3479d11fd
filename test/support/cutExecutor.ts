/** An executor that trains a step or two at a call, and tells when: to stop a job at any step. */
import type { ExecutorSource } from '../../src/job/executors';
import type { Executor, TrainingSession } from '../../src/training/trainer';

/**
 * @param steps of a call that may end early
 * @param onCall hears of each such call when it is over, and is waited for
 */
export function cutExecutor(source: ExecutorSource, steps: number, onCall: () => unknown): ExecutorSource {
  const cutSession = (session: TrainingSession, fromStep: number): TrainingSession => {
    let at = fromStep;
    return {
      memory: session.memory,
      train: async (step, options = {}) => {
        const { seconds, ...others } = options;
        const to = seconds === undefined ? step : Math.min(step, at + steps);
        const trained = await session.train(to, others);
        at = to;
        if (seconds !== undefined) await onCall();
        return trained;
      },
      evaluate: (split, signal) => session.evaluate(split, signal),
      predict: (split, visit, signal) => session.predict(split, visit, signal),
      weights: () => session.weights(),
      state: () => session.state(),
      close: () => session.close(),
    };
  };
  const cut = (executor: Executor): Executor => ({
    name: executor.name,
    device: executor.device,
    variant: executor.variant,
    open: async setup => cutSession(await executor.open(setup), setup.fromStep),
    close: () => executor.close(),
  });
  return {
    ...source,
    probe: async () => {
      const found = await source.probe();
      if (!found.usable) return found;
      return { ...found, create: async (...args) => cut(await found.create(...args)) };
    },
  };
}
