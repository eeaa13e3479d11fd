/** Several steps of each recipe on a convolutional network, against training in double precision. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { OptimizerConfig } from '../../../src/shared/experiment';
import { noRegularization, type Regularization } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { loss64, ReferenceTrainer } from '../../support/float64Reference';
import { randomWeights } from '../../support/randomNetworks';
import { TestGraph } from '../../support/testGraph';
import { batchOf, imageData, planOfNetwork } from './agreement';
import { randomMask, setupOf } from './support';

const classes = 4;
const steps = 8;
const batchSize = 19;

/** Convolutions in several forms, statistics, a residual and a dense layer with biases. */
function network() {
  const graph = new TestGraph([6, 7, 2]);
  const stem = graph.conv(graph.input, 5, { kernel: [3, 3], padding: 'same', bias: false });
  const first = graph.same('Activation', graph.same('BatchNormalization', stem, { momentum: 0.8 }), {
    activation: 'tanh',
  });
  const spread = graph.depthwise(first, 1, { kernel: [3, 3], padding: 'same' });
  const sum = graph.add([first, spread]);
  const pooled = graph.pool(sum, 'AveragePooling2D', [2, 2], [2, 2], 'valid');
  const narrow = graph.conv(pooled, 6, { kernel: [2, 2], activation: 'tanh' });
  return { graph, output: graph.dense(graph.flatten(narrow), classes, 'softmax') };
}

const sgd = (momentum: number, nesterov: boolean): OptimizerConfig => ({
  name: 'sgd',
  learningRate: 0.2,
  momentum,
  nesterov,
  weightDecay: 0.01,
});
const adaptive = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.05 };

async function compare(optimizer: OptimizerConfig, regularization: Regularization, density: number): Promise<void> {
  const random = new Random('recipes', density);
  const { graph, output } = network();
  const plan = planOfNetwork({ graph, output }, classes);
  const data = imageData(random, graph.inputShape, classes, { training: 2 * batchSize, test: 21 });
  const masks = plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null));
  const weights = randomWeights(plan.parameters, random);
  const setup = setupOf(plan, weights, {
    masks,
    optimizer,
    regularization,
    batchSize,
    totalSteps: steps,
    schedule: { name: 'cosine', minimum: 0.01, warmup: 2 },
  });
  const reference = new ReferenceTrainer({ ...setup, plan, ...regularization });
  const executor = await createWasmExecutor(data, { threads: 2 });
  try {
    const session = await executor.open(setup);
    const whole = batchOf(data, 'training');
    const half = whole.inputs.length / 2;
    for (let step = 0; step < steps; step++) {
      const { loss } = await session.train(step + 1);
      const at = step % 2;
      const expected = reference.train({
        inputs: whole.inputs.subarray(at * half, (at + 1) * half),
        labels: Array.from(whole.labels).slice(at * batchSize, (at + 1) * batchSize),
      });
      expect(loss, `step ${String(step)}`).toBeCloseTo(expected, 4);
    }
    const after = await session.weights();
    plan.parameters.forEach((parameter, p) => {
      const worst = after[p]!.reduce((most, v, i) => Math.max(most, Math.abs(v - reference.averages[p]![i]!)), 0);
      expect(worst, parameter.name).toBeLessThan(1e-4);
    });
    const evaluation = await session.evaluate('test');
    expect(evaluation!.loss).toBeCloseTo(loss64(plan, reference.averages, batchOf(data, 'test')), 4);
  } finally {
    await executor.close();
  }
}

describe('several steps of training a convolutional network follow double precision', { timeout: 60_000 }, () => {
  it.each<[string, OptimizerConfig]>([
    ['SGD', sgd(0, false)],
    ['momentum', sgd(0.9, false)],
    ['Nesterov momentum', sgd(0.9, true)],
    ['Adam', { name: 'adam', ...adaptive }],
    ['AdamW', { name: 'adamw', ...adaptive }],
  ])('by %s, dense and masked', async (_, optimizer) => {
    for (const density of [1, 0.5, 0.1]) await compare(optimizer, noRegularization, density);
  });

  it.each<[string, Partial<Regularization>]>([
    ['label smoothing', { labelSmoothing: 0.2 }],
    ['gradients clipped at every step', { clipNorm: 0.05 }],
    ['gradients that never reach the norm they would be clipped to', { clipNorm: 1e4 }],
    ['averaged weights', { averageDecay: 0.7 }],
    ['all of them', { labelSmoothing: 0.1, clipNorm: 0.3, averageDecay: 0.9 }],
  ])('with %s, dense and masked', async (_, changes) => {
    for (const density of [1, 0.5, 0.1]) {
      await compare(sgd(0.9, false), { ...noRegularization, ...changes }, density);
      await compare({ name: 'adam', ...adaptive }, { ...noRegularization, ...changes }, density);
    }
  });
});
