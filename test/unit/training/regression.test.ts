/** Mean squared error against numbers to predict: against TensorFlow.js, double precision and finite differences. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { TrainingSetup } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { finiteDifferences, forward64, gradients64, loss64, ReferenceTrainer } from '../../support/float64Reference';
import { TfReference } from '../../support/tfReference';
import { adam, dense, planOf, randomMask, randomValues, sequential, setupOf, targetData } from './support';

const inputs = 6;

function network(targets: number) {
  const topology = sequential(inputs, [dense(13, 'tanh'), dense(targets)]);
  const plan = planOf(topology, inputs, targets, 'mean-squared-error');
  const weights = plan.parameters.map(({ name, size }) => randomValues(new Random('regression', name), size, 0.4));
  return { topology, plan, weights };
}

function batchOf(data: ReturnType<typeof targetData>, split: 'training' | 'test') {
  const { inputs: values, labels } = data[split];
  return { inputs: values as Float32Array, labels: labels as Float32Array, task: 'regression' as const };
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, name: string): void {
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-3);
  const worst = Array.from(actual).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst / scale, name).toBeLessThan(1e-4);
}

describe('regression', { timeout: 60_000 }, () => {
  it.each([1, 2, 5])('has the loss and the gradients of the mean squared error over %d targets', async targets => {
    const { topology, plan, weights } = network(targets);
    for (const count of [1, 16, 37]) {
      const data = targetData(new Random(targets, count), inputs, targets, {
        training: count,
        validation: 0,
        test: 40,
      });
      const executor = await createWasmExecutor(data, { threads: 2 });
      const session = await executor.open(setupOf(plan, weights, { batchSize: count }));
      const before = await session.evaluate('test');
      const { loss } = await session.train(1);
      const after = await session.weights();
      await session.close();
      await executor.close();

      const batch = batchOf(data, 'training');
      const reference = gradients64(plan, weights, batch);
      const numeric = finiteDifferences(plan, weights, batch);
      const theirs = await TfReference.create(topology, plan, weights);
      const autodiff = theirs.gradients(batch, { training: true });
      theirs.dispose();
      expect(loss! / reference.loss).toBeCloseTo(1, 5);
      expect(loss! / autodiff.loss).toBeCloseTo(1, 5);
      expect(before!.loss / loss64(plan, weights, batchOf(data, 'test'))).toBeCloseTo(1, 5);
      plan.parameters.forEach(({ name }, p) => {
        const step = weights[p]!.map((value, i) => value - after[p]![i]!);
        expectNear(step, reference.gradients[p]!, name);
        expectNear(step, autodiff.gradients[p]!, `${name} of TensorFlow.js`);
        expectNear(reference.gradients[p]!, numeric[p]!, `${name} by finite differences`);
      });
    }
  });

  it('follows double precision over several steps, masked, with the same bits on any number of threads', async () => {
    const targets = 2;
    const { plan, weights } = network(targets);
    const data = targetData(new Random('steps'), inputs, targets, { training: 21 * 4, validation: 0, test: 10 });
    const masks = plan.parameters.map(p => (p.prunable ? randomMask(new Random(p.name), p.size, 0.5) : null));
    const changes: Partial<TrainingSetup> = { optimizer: adam, masks, batchSize: 21 };
    const results: Float32Array[][] = [];
    for (const threads of [1, 2, 3]) {
      const executor = await createWasmExecutor(data, { threads });
      const session = await executor.open(setupOf(plan, weights, changes));
      await session.train(12);
      results.push(await session.weights());
      await executor.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    const reference = new ReferenceTrainer({ ...setupOf(plan, weights, changes), plan });
    const batch = batchOf(data, 'training');
    for (let step = 0; step < 12; step++) {
      const at = (step % 4) * 21;
      reference.train({
        inputs: batch.inputs.subarray(at * inputs, (at + 21) * inputs),
        labels: batch.labels.subarray(at * targets, (at + 21) * targets),
        task: 'regression',
      });
    }
    plan.parameters.forEach(({ name }, p) => {
      expectNear(results[0]![p]!, reference.weights[p]!, name);
    });
  });

  it('predicts what the model gives', async () => {
    const targets = 3;
    const { plan, weights } = network(targets);
    const data = targetData(new Random('outputs'), inputs, targets, { training: 4, validation: 0, test: 45 });
    const executor = await createWasmExecutor(data, { threads: 2 });
    const session = await executor.open(setupOf(plan, weights));
    const predicted: number[] = [];
    await session.predict('test', (_, outputs) => predicted.push(...outputs));
    await executor.close();
    expectNear(predicted, forward64(plan, weights, data.test.inputs as Float32Array), 'outputs');
  });
});
