/** Replicates in one launch: each of them is what it is alone, bit for bit, whatever happens to the others. */
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random';
import {
  type Executor,
  noRegularization,
  NonFiniteLossError,
  type TrainingSession,
  type TrainingSetup,
} from '../../../../src/training/trainer';
import type { Plan } from '../../../../src/training/plan/plan';
import { randomWeights } from '../../../support/randomNetworks';
import { TestGraph } from '../../../support/testGraph';
import { createExecutor, webGpu } from '../../../support/webgpu';
import { imageData, planOfNetwork } from '../agreement';
import { adam, dense, floatData, planOf, randomMask, sequential, setupOf } from '../support';

const classes = 5;
const random = new Random('together');

/** Two epochs and a half of batches, the last of an epoch smaller. */
const steps = 8;
const batchSize = 16;

const mlp = planOf(
  sequential(23, [dense(21, 'relu'), { className: 'Dropout', config: { rate: 0.4 } }, dense(classes)]),
  23,
  classes,
);
const vectors = floatData(random, 23, classes, { training: 44, validation: 9, test: 31 });

function convolutional(): Plan {
  const graph = new TestGraph([6, 5, 2]);
  const conv = graph.conv(graph.input, 6, { kernel: [3, 3], padding: 'same', bias: false });
  const normal = graph.same('Activation', graph.same('BatchNormalization', conv), { activation: 'relu' });
  const spread = graph.depthwise(normal, 1, { kernel: [3, 3], padding: 'same' });
  const pooled = graph.pool(graph.add([normal, spread]), 'MaxPooling2D', [2, 2], [2, 2], 'valid');
  const dropped = graph.same('Dropout', pooled, { rate: 0.3 });
  return planOfNetwork({ graph, output: graph.dense(graph.flatten(dropped), classes, 'linear') }, classes);
}
const convnet = convolutional();
const images = imageData(random, [6, 5, 2], classes, { training: 44, test: 20 });

/** The first one dense, the others masked; each with weights and an order of its own. */
function setupsOf(plan: Plan, changes: Partial<TrainingSetup>): TrainingSetup[] {
  return [1, 0.5, 0.2].map((density, i) =>
    setupOf(plan, randomWeights(plan.parameters, random), {
      masks: plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null)),
      orderSeed: 11 + i,
      batchSize,
      totalSteps: steps,
      optimizer: adam,
      ...changes,
    }),
  );
}

/** Everything that a session tells, stop by stop. */
async function told(session: TrainingSession, stops: readonly number[] = [3, steps]) {
  const stations = [];
  for (const stop of stops) {
    const { loss } = await session.train(stop);
    const outputs: number[] = [];
    await session.predict('test', (_, rows) => outputs.push(...rows));
    const [test, validation] = [await session.evaluate('test'), await session.evaluate('validation')];
    stations.push({
      loss,
      outputs,
      ...{ test: [test?.loss, test?.accuracy], validation: [validation?.loss, validation?.accuracy] },
      ...{ weights: await session.weights(), state: await session.state() },
    });
  }
  await session.close();
  return stations;
}

type Station = Awaited<ReturnType<typeof told>>[number];

describe.skipIf(!webGpu)('replicates that train together', { timeout: 120_000 }, () => {
  let executor: Executor | null = null;
  afterEach(async () => {
    await executor?.close();
    executor = null;
  });

  it.each([
    ['a perceptron', mlp, vectors, {}],
    [
      'a convolutional network, augmented, clipped and averaged',
      convnet,
      images,
      {
        regularization: {
          labelSmoothing: 0.1,
          clipNorm: 0.5,
          averageDecay: 0.8,
          augmentation: { crop: 1, flip: true },
        },
        classWeights: [1, 2, 0.5, 1, 3],
        schedule: { name: 'cosine', minimum: 0.001, warmup: 2 },
      },
    ],
  ] as const)('are what they are alone, dense and masked: %s', async (_, plan, data, changes) => {
    executor = await createExecutor(data);
    const setups = setupsOf(plan, changes);
    const alone = [];
    for (const setup of setups) alone.push(await told(await executor.open(setup)));
    const sessions = await executor.openTogether!(setups);
    expect(sessions).toHaveLength(3);
    expect(await Promise.all(sessions.map(session => told(session)))).toEqual(alone);
    expect(alone[0]![1]!.loss).not.toBe(alone[1]![1]!.loss);
  });

  it('go on where one diverges, and where one is closed before the others', async () => {
    executor = await createExecutor(vectors);
    const [first, second, third] = setupsOf(mlp, {});
    const infinite = second!.weights.map(values => values.map(() => 1e30));
    const sessions = await executor.openTogether!([first!, { ...second!, weights: infinite }, third!]);
    const [early, failed, late] = await Promise.all([
      told(sessions[0]!, [3]),
      sessions[1]!.train(3).catch(async (error: unknown) => {
        await sessions[1]!.close();
        return error;
      }),
      told(sessions[2]!),
    ]);
    expect(failed).toEqual(new NonFiniteLossError(0));
    expect(early).toEqual(await told(await executor.open(first!), [3]));
    expect(late).toEqual(await told(await executor.open(third!)));
  });

  it('go on from states that others left, each under its penalty', async () => {
    executor = await createExecutor(vectors);
    const penalties = setupsOf(mlp, {}).map(({ masks }) => ({ masks, strength: 0.1 }));
    const setups = setupsOf(mlp, {}).map((setup, i) => ({ ...setup, penalty: penalties[2 - i]! }));
    const alone: Station[] = [];
    for (const setup of setups) alone.push(...(await told(await executor.open(setup), [steps])));
    const first = await Promise.all((await executor.openTogether!(setups)).map(session => told(session, [3])));
    const carried = setups.map((setup, i) => {
      const { weights, state } = first[i]![0]!;
      return { ...setup, weights, state, fromStep: 3 };
    });
    const second = await Promise.all((await executor.openTogether!(carried)).map(session => told(session, [steps])));
    const after = (station: Station) => ({ ...station, loss: null });
    expect(second.flat().map(after)).toEqual(alone.map(after));
  });

  it('stop together when told to, and leave room for the next', async () => {
    executor = await createExecutor(vectors);
    const controller = new AbortController();
    const sessions = await executor.openTogether!(setupsOf(mlp, { totalSteps: 1_000_000 }));
    const onProgress = (): void => {
      controller.abort();
    };
    const trained = sessions.map(session => session.train(1_000_000, { signal: controller.signal, onProgress }));
    for (const one of await Promise.allSettled(trained)) {
      expect(one).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    }
    for (const session of sessions) await session.close();
    const [next] = setupsOf(mlp, {});
    expect((await (await executor.open(next!)).train(2)).loss).toBeGreaterThan(0);
  });

  it('tell seconds and memory as shares of one each', async () => {
    executor = await createExecutor(vectors);
    const setups = setupsOf(mlp, {});
    const single = await executor.open(setups[1]!);
    const { memory } = single;
    await single.close();
    const sessions = await executor.openTogether!(setups);
    const begin = performance.now();
    const shares = await Promise.all(sessions.map(session => session.train(steps)));
    const wall = (performance.now() - begin) / 1000;
    expect(shares.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThanOrEqual(wall);
    expect(sessions.map(session => session.memory)).toEqual([memory, memory, memory]);
    for (const session of sessions) await session.close();
  });

  it('are those of one recipe: the first that differs waits', async () => {
    executor = await createExecutor(vectors);
    const [first, second, third] = setupsOf(mlp, {});
    for (const other of [
      { ...third!, batchSize: 8 },
      { ...third!, optimizer: { ...adam, beta2: 0.9 } },
      { ...third!, regularization: { ...noRegularization, clipNorm: 1 } },
    ]) {
      const sessions = await executor.openTogether!([first!, second!, other]);
      expect(sessions).toHaveLength(2);
      for (const session of sessions) await session.close();
    }
  });
});
