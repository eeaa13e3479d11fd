/** Measures the error along the straight line between the final weights of two runs. */
import { performance } from 'node:perf_hooks';
import type { DataSet } from '../../data/dataset';
import { positionsOnLine } from '../../lottery/studies/barrier';
import { measuresOf } from '../../shared/evaluation';
import type { RunInputs } from '../../shared/run';
import type { Network } from '../../training/network';
import type { ByteMasks, Executor, Weights } from '../../training/trainer';
import { evaluateSession } from '../evaluateSession';
import { trainingSetup } from '../trainingSetup';
import { interpolate, movingStatistics, settled, unsettled } from './interpolation';
import type { PathRecord } from './pathFile';

export interface Line {
  readonly runs: readonly [string, string];
  /** Of the run at 0; the one at 1 differs from it in the order of its data. */
  readonly inputs: RunInputs;
  /** Of both ends. */
  readonly masks: ByteMasks;
  readonly from: Weights;
  readonly to: Weights;
  readonly points: number;
}

export interface Measuring {
  readonly network: Network;
  readonly executor: Executor;
  /** What the executor holds. */
  readonly data: Pick<DataSet, 'task' | 'classes' | 'test'> & { readonly training: { readonly count: number } };
}

/** Batches over which normalisation takes its statistics: an epoch, if that is not more. Momentum 0.99 forgets what is older. */
const mostSettlingSteps = 100;

/** @throws the signal's reason; NonFiniteLossError where no statistics can be taken at a point */
export async function measurePath(line: Line, parts: Measuring, signal?: AbortSignal): Promise<PathRecord> {
  const began = performance.now();
  const { executor, network, data } = parts;
  const statistics = movingStatistics(network);
  const epoch = Math.ceil(data.training.count / line.inputs.training.batchSize);
  const steps = statistics.length === 0 ? 0 : Math.min(epoch, mostSettlingSteps);
  const points: { alpha: number; testError: number }[] = [];
  for (const alpha of positionsOnLine(line.points)) {
    signal?.throwIfAborted();
    const weights = interpolate(line.from, line.to, alpha);
    const whole =
      steps === 0
        ? weights
        : settled(await moved(line, unsettled(weights, statistics), steps, parts, signal), statistics, steps);
    points.push({ alpha, testError: await testError(line, whole, parts, signal) });
  }
  return {
    version: 1,
    runs: line.runs,
    normalisationSteps: steps,
    points,
    executor: executor.name,
    device: executor.device,
    seconds: (performance.now() - began) / 1000,
  };
}

/**
 * What some steps of training leave whose learning rate is 0: the same weights, but moving statistics of what flows through
 * them, from the same batches at every point of the line. So any executor can do it, by what it does in training anyway.
 */
async function moved(
  { inputs, masks }: Line,
  weights: Weights,
  steps: number,
  { network, executor }: Measuring,
  signal: AbortSignal | undefined,
): Promise<Weights> {
  const { orderSeed, training } = inputs;
  const setup = trainingSetup(
    { training, orderSeed, steps: { from: 0, to: steps, total: steps } },
    { network, weights, masks },
  );
  const session = await executor.open({
    ...setup,
    optimizer: { name: 'sgd', learningRate: 0, momentum: 0, nesterov: false, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    // nothing moves, so there is nothing to clip or to average
    regularization: { ...setup.regularization, clipNorm: null, averageDecay: null },
  });
  try {
    await session.train(steps, signal ? { signal } : {});
    return await session.weights();
  } finally {
    await session.close().catch(() => undefined);
  }
}

/** Share of the test split that is classified wrongly; of a regression 1 − R². */
async function testError(
  { inputs, masks }: Line,
  weights: Weights,
  { network, executor, data }: Measuring,
  signal: AbortSignal | undefined,
): Promise<number> {
  const session = await executor.open(trainingSetup(inputs, { network, weights, masks }));
  try {
    if (data.task === 'regression') {
      return 1 - measuresOf(await evaluateSession(session, data, inputs, signal)).r2!;
    }
    const evaluation = await session.evaluate('test', signal);
    return 1 - evaluation!.accuracy;
  } finally {
    await session.close().catch(() => undefined);
  }
}
