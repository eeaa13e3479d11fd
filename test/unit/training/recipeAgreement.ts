/** Several steps of a recipe on a convolutional network, on any executor, against training in double precision. */
import { expect } from 'vitest';
import type { OptimizerConfig } from '../../../src/shared/experiment';
import { Random } from '../../../src/shared/random';
import type { ExecutorFactory, Regularization } from '../../../src/training/trainer';
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

export const sgd = (momentum: number, nesterov: boolean): OptimizerConfig => ({
  name: 'sgd',
  learningRate: 0.2,
  momentum,
  nesterov,
  weightDecay: 0.01,
});
export const adaptive = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.05 };

export interface Recipe {
  readonly optimizer: OptimizerConfig;
  readonly regularization: Regularization;
  /** Share of the weights of each kernel that is kept; 1: no mask. */
  readonly density: number;
  /** Of a penalty on about half of the weights of all kernels but the first; default: none. */
  readonly penalty?: number;
}

/** Losses, weights and evaluation. */
export async function expectRecipe(
  create: ExecutorFactory,
  { optimizer, regularization, density, penalty }: Recipe,
): Promise<void> {
  const random = new Random('recipes', density);
  const { graph, output } = network();
  const plan = planOfNetwork({ graph, output }, classes);
  const data = imageData(random, graph.inputShape, classes, { training: 2 * batchSize, test: 21 });
  const masks = plan.parameters.map(p => (p.prunable && density < 1 ? randomMask(random, p.size, density) : null));
  const weights = randomWeights(plan.parameters, random);
  const spared = plan.parameters.findIndex(p => p.prunable);
  const setup = setupOf(plan, weights, {
    masks,
    optimizer,
    regularization,
    penalty:
      penalty === undefined
        ? null
        : {
            strength: penalty,
            masks: plan.parameters.map((p, i) => (p.prunable && i !== spared ? randomMask(random, p.size, 0.5) : null)),
          },
    batchSize,
    totalSteps: steps,
    schedule: { name: 'cosine', minimum: 0.01, warmup: 2 },
  });
  const reference = new ReferenceTrainer({ ...setup, plan, ...regularization });
  const executor = await create(data);
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
