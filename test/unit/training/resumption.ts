/** Holds sessions that are closed and opened again with their state against one that goes on, on any executor. */
import { expect } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import type { OptimizerConfig } from '../../../src/shared/experiment';
import { Random } from '../../../src/shared/random';
import {
  noRegularization,
  type ByteMasks,
  type Executor,
  type ExecutorFactory,
  type Regularization,
  type SessionState,
  type TrainingSetup,
} from '../../../src/training/trainer';
import { randomWeights } from '../../support/randomNetworks';
import { TestGraph } from '../../support/testGraph';
import { planOfNetwork } from './agreement';
import { adaptive, sgd } from './recipeAgreement';
import { randomMask, setupOf } from './support';

const classes = 4;
/** The last batch of an epoch is smaller, and an epoch ends after three steps. */
const batchSize = 19;
const examples = 45;
const steps = 7;

export interface Subject {
  readonly data: DataSet;
  readonly setup: TrainingSetup;
}

/** Layers of every kind that carries something from step to step; `wide` convolutions take Winograd's form on wasm. */
export function imageSubject(density: number, wide: boolean): Subject {
  const graph = new TestGraph([wide ? 12 : 6, wide ? 12 : 6, 3]);
  const channels = wide ? 16 : 5;
  const stem = graph.conv(graph.input, channels, { kernel: [3, 3], padding: 'same', bias: false });
  const normal = graph.same('BatchNormalization', stem, { momentum: 0.8 });
  const first = graph.same('Dropout', graph.same('Activation', normal, { activation: 'relu' }), { rate: 0.2 });
  const spread = graph.depthwise(first, 1, { kernel: [3, 3], padding: 'same' });
  const second = graph.conv(graph.add([first, spread]), channels, { kernel: [3, 3], padding: 'same' });
  const pooled = graph.pool(graph.same('LayerNormalization', second), 'MaxPooling2D', [2, 2], [2, 2], 'valid');
  return subject(graph, graph.dense(graph.flatten(pooled), classes, 'softmax'), density);
}

/** Dense layers on bytes of one channel: on wasm the first takes the standardisation's shift upon itself. */
export function denseSubject(density: number): Subject {
  const graph = new TestGraph([5, 5, 1]);
  const hidden = graph.dense(graph.flatten(graph.input), 14, 'relu');
  return subject(graph, graph.dense(graph.same('Dropout', hidden, { rate: 0.3 }), classes, 'softmax'), density);
}

function subject(graph: TestGraph, output: Parameters<TestGraph['topology']>[0], density: number): Subject {
  const random = new Random('resumption', density);
  const plan = planOfNetwork({ graph, output }, classes);
  const [height, width, channels] = graph.inputShape as [number, number, number];
  const split = (count: number) => ({
    count,
    inputs: Uint8Array.from({ length: count * height * width * channels }, () => random.nextBelow(256)),
    labels: Uint8Array.from({ length: count }, () => random.nextBelow(classes)),
  });
  return {
    data: {
      name: 'pictures',
      inputShape: graph.inputShape,
      task: 'classification',
      classes,
      training: split(examples),
      validation: split(0),
      test: split(21),
      mean: [0.4],
      std: [0.3],
      fingerprint: '',
    },
    setup: setupOf(plan, randomWeights(plan.parameters, random), {
      masks: plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null)),
      batchSize,
      orderSeed: 4,
      totalSteps: steps,
      schedule: { name: 'cosine', minimum: 0.01, warmup: 2 },
    }),
  };
}

export const optimizers: readonly [string, OptimizerConfig][] = [
  ['SGD', sgd(0, false)],
  ['momentum', sgd(0.9, false)],
  ['Nesterov momentum', sgd(0.9, true)],
  ['Adam', { name: 'adam', ...adaptive }],
  ['AdamW', { name: 'adamw', ...adaptive }],
];

export const regularizations: readonly [string, Regularization][] = [
  ['averaged weights', { ...noRegularization, averageDecay: 0.7 }],
  ['augmentation', { ...noRegularization, augmentation: { crop: 1, flip: true } }],
  ['all of it', { labelSmoothing: 0.1, clipNorm: 0.5, averageDecay: 0.8, augmentation: { crop: 2, flip: true } }],
];

/** What a session came to. */
interface Trained {
  readonly weights: Float32Array[];
  readonly state: SessionState;
  readonly testLoss: number;
}

/** Trains in sessions that end at these steps, each opened with what the one before left. */
export async function trainedIn(
  executors: readonly Executor[],
  setup: TrainingSetup,
  stops: readonly number[],
  masksFrom: Readonly<Record<number, ByteMasks>> = {},
): Promise<Trained> {
  let trained: Trained | null = null;
  let fromStep = 0;
  let { masks } = setup;
  for (const [i, stop] of stops.entries()) {
    masks = masksFrom[fromStep] ?? masks;
    const carried = trained && { weights: trained.weights, state: trained.state };
    const session = await executors[i % executors.length]!.open({ ...setup, ...carried, masks, fromStep });
    await session.train(stop);
    const [weights, state] = [await session.weights(), await session.state()];
    trained = { weights, state, testLoss: (await session.evaluate('test'))!.loss };
    await session.close();
    fromStep = stop;
  }
  return trained!;
}

/** Weights and state are the same in every bit, however training is cut. */
export async function expectResumption(
  create: ExecutorFactory,
  { data, setup }: Subject,
  changes: Partial<TrainingSetup>,
): Promise<void> {
  await using(create, data, async executor => {
    const whole = await trainedIn([executor], { ...setup, ...changes }, [steps]);
    const cut = await trainedIn([executor], { ...setup, ...changes }, [2, 3, 3, steps]);
    expect(cut).toEqual(whole);
    expect(whole.state.updates).toBe(steps);
  });
}

/** Masks that a session is opened with late hold for the state too, whatever the ones before left. */
export async function expectStricterMasks(
  create: ExecutorFactory,
  { data, setup }: Subject,
  changes: Partial<TrainingSetup>,
): Promise<void> {
  const random = new Random('stricter');
  const masks = setup.network.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.3) : null));
  await using(create, data, async executor => {
    for (const stops of [
      [3, 3],
      [3, steps],
    ]) {
      const { weights, state } = await trainedIn([executor], { ...setup, ...changes }, stops, { 3: masks });
      for (const [name, values] of Object.entries({ weights, ...state })) {
        if (typeof values === 'number') continue;
        values.forEach((one, p) => {
          const under = one?.filter((_, i) => masks[p]?.[i] === 0);
          expect(under?.every(value => Object.is(value, 0)) ?? true, `${name} of ${String(p)}`).toBe(true);
        });
      }
    }
  });
}

async function using(
  create: ExecutorFactory,
  data: DataSet,
  work: (executor: Executor) => Promise<void>,
): Promise<void> {
  const executor = await create(data);
  try {
    await work(executor);
  } finally {
    await executor.close();
  }
}
