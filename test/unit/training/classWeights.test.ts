/** Cross-entropy with a weight for each class: against double precision, finite differences, and what must not matter. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { Random } from '../../../src/shared/random';
import { noRegularization, type TrainingSetup } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { finiteDifferences, gradients64, loss64, ReferenceTrainer } from '../../support/float64Reference';
import { batchOf } from './agreement';
import { adam, dense, floatData, planOf, randomMask, randomValues, sequential, setupOf } from './support';

const inputs = 9;
const classes = 5;
const classWeights = [0.25, 3, 1, 7.5, 0.5];
const random = new Random('class weights');
const plan = planOf(sequential(inputs, [dense(11, 'tanh'), dense(classes, 'softmax')]), inputs, classes);
const weights = plan.parameters.map(({ size }) => randomValues(random, size, 0.5));
const smoothed = (labelSmoothing: number) => ({ ...noRegularization, labelSmoothing });

async function trained(
  data: ReturnType<typeof floatData>,
  changes: Partial<TrainingSetup>,
  steps: number,
  threads = 2,
): Promise<{ losses: number[]; weights: Float32Array[]; testLoss: number }> {
  const executor = await createWasmExecutor(data, { threads });
  try {
    const session = await executor.open(setupOf(plan, weights, { classWeights, ...changes }));
    const losses: number[] = [];
    for (let step = 1; step <= steps; step++) losses.push((await session.train(step)).loss!);
    const after = await session.weights();
    const testLoss = (await session.evaluate('test'))!.loss;
    await session.close();
    return { losses, weights: after, testLoss };
  } finally {
    await executor.close();
  }
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, name: string): void {
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-3);
  const worst = Array.from(actual).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst / scale, name).toBeLessThan(1e-4);
}

describe('class weights', { timeout: 60_000 }, () => {
  it.each([0, 0.15])('weigh loss and gradient of each example, smoothed by %d', async labelSmoothing => {
    for (const count of [1, 16, 23, 50]) {
      const data = floatData(new Random('examples', count), inputs, classes, {
        training: count,
        validation: 0,
        test: 9,
      });
      const result = await trained(data, { batchSize: count, regularization: smoothed(labelSmoothing) }, 1);
      const batch = batchOf(data, 'training');
      const how = { labelSmoothing, classWeights };
      const reference = gradients64(plan, weights, batch, how);
      expect(result.losses[0]).toBeCloseTo(reference.loss, 5);
      const numeric = finiteDifferences(plan, weights, batch, how);
      plan.parameters.forEach(({ name }, p) => {
        expectNear(reference.gradients[p]!, numeric[p]!, `${name} of the reference`);
        const step = weights[p]!.map((value, i) => value - result.weights[p]![i]!);
        expectNear(step, reference.gradients[p]!, name);
      });
      // evaluated without weights and smoothing
      expect(result.testLoss).toBeCloseTo(loss64(plan, result.weights, batchOf(data, 'test')), 5);
    }
  });

  it('with smoothing are what PyTorch 2.13 gives on four examples', async () => {
    const linear = planOf(sequential(2, [dense(3)]), 2, 3);
    const kernel = Float32Array.of(0.5, -1, 0.25, 1.5, 0.75, -0.5);
    const bias = Float32Array.of(0.1, -0.2, 0.3);
    const none = { count: 0, inputs: new Float32Array(0), labels: new Int32Array(0) };
    const data: DataSet = {
      ...floatData(random, 2, 3),
      training: {
        count: 4,
        inputs: Float32Array.of(1, -2, 0.5, 1.5, -1, 0.25, 2, 1),
        labels: Int32Array.of(0, 2, 1, 2),
      },
      validation: none,
      test: none,
    };
    const executor = await createWasmExecutor(data, { threads: 2 });
    const setup = setupOf(linear, [kernel, bias], {
      batchSize: 4,
      classWeights: [0.5, 2, 4],
      regularization: smoothed(0.1),
    });
    const session = await executor.open(setup);
    const { loss } = await session.train(1);
    const [kernelAfter, biasAfter] = await session.weights();
    await executor.close();
    // torch.nn.CrossEntropyLoss(weight=tensor([0.5, 2, 4]), label_smoothing=0.1) and its gradients
    expect(loss).toBeCloseTo(2.316613, 6);
    const gradient = [0.7196661, 0.0730629, -0.792729, 0.8846902, 0.0374588, -0.9221491];
    expectNear(
      kernel.map((value, i) => value - kernelAfter![i]!),
      gradient,
      'kernel',
    );
    expectNear(
      bias.map((value, i) => value - biasAfter![i]!),
      [0.6294316, -0.042515, -0.5869166],
      'bias',
    );
  });

  it('follow double precision over several steps with all that a recipe has, masked', async () => {
    const data = floatData(new Random('steps'), inputs, classes, { training: 19 * 4, validation: 0, test: 9 });
    const masks = plan.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.4) : null));
    const regularization = { ...noRegularization, labelSmoothing: 0.1, clipNorm: 0.3 };
    const changes = { optimizer: adam, masks, regularization, batchSize: 19 };
    const result = await trained(data, changes, 12);
    const reference = new ReferenceTrainer({
      ...setupOf(plan, weights, changes),
      plan,
      ...regularization,
      classWeights,
    });
    const batch = batchOf(data, 'training');
    result.losses.forEach((loss, step) => {
      const at = (step % 4) * 19;
      const expected = reference.train({
        inputs: batch.inputs.subarray(at * inputs, (at + 19) * inputs),
        labels: Array.from(batch.labels).slice(at, at + 19),
      });
      expect(loss, `step ${step}`).toBeCloseTo(expected, 4);
    });
    plan.parameters.forEach(({ name }, p) => {
      expectNear(result.weights[p]!, reference.weights[p]!, name);
    });
  });

  it('give the same bits on any number of threads, whatever the order and the last batch', async () => {
    const data = floatData(new Random('threads'), inputs, classes, { training: 150, validation: 0, test: 9 });
    const changes = { optimizer: adam, orderSeed: 4, batchSize: 40, regularization: smoothed(0.1) };
    const one = await trained(data, changes, 9, 1);
    for (const threads of [2, 3]) expect(await trained(data, changes, 9, threads)).toEqual(one);
  });

  it('that are all 1 change nothing but rounding, and their scale does not matter', async () => {
    const data = floatData(new Random('scale'), inputs, classes, { training: 80, validation: 0, test: 9 });
    const changes = { batchSize: 33, regularization: smoothed(0.2) };
    const plain = await trained(data, { ...changes, classWeights: null }, 5);
    const ones = await trained(data, { ...changes, classWeights: [1, 1, 1, 1, 1] }, 5);
    const own = await trained(data, changes, 5);
    const tripled = await trained(data, { ...changes, classWeights: classWeights.map(weight => 3 * weight) }, 5);
    plan.parameters.forEach(({ name }, p) => {
      expectNear(ones.weights[p]!, plain.weights[p]!, name);
      expectNear(tripled.weights[p]!, own.weights[p]!, name);
    });
    expect(Math.abs(own.losses[0]! - plain.losses[0]!)).toBeGreaterThan(0.01);
  });

  it('are taken with more classes than a byte can number', async () => {
    const many = 300;
    const wide = planOf(sequential(inputs, [dense(many)]), inputs, many);
    const start = wide.parameters.map(({ size }) => randomValues(random, size, 0.5));
    const heavy = Array.from({ length: many }, (_, i) => 1 + (i % 7));
    const data = floatData(new Random('many'), inputs, many, { training: 60, validation: 0, test: 1 });
    const executor = await createWasmExecutor(data, { threads: 2 });
    try {
      const session = await executor.open(setupOf(wide, start, { classWeights: heavy, batchSize: 60 }));
      const { loss } = await session.train(1);
      const expected = gradients64(wide, start, batchOf(data, 'training'), { classWeights: heavy });
      expect(loss).toBeCloseTo(expected.loss, 4);
      await session.close();
    } finally {
      await executor.close();
    }
  });
});
