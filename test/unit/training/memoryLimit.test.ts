/** What does not fit is refused before anything is allocated. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { loadModel } from '../../../src/models/load';
import { lowerModel } from '../../../src/training/plan/lower';
import { MemoryLimitError } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { adam, setupOf } from './support';

const split = { count: 4, inputs: new Uint8Array(4 * 32 * 32 * 3), labels: new Uint8Array(4) };
const data: DataSet = {
  name: 'four pictures',
  inputShape: [32, 32, 3],
  task: 'classification',
  classes: 10,
  training: split,
  validation: split,
  test: split,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  fingerprint: '',
};

async function setupFor(model: string, batchSize: number) {
  const { topology } = await loadModel(`builtin:${model}`, '.');
  const plan = lowerModel({ topology }, { inputShape: data.inputShape, classes: 10, loss: 'cross-entropy' });
  const weights = plan.parameters.map(({ size }) => new Float32Array(size).fill(0.01));
  return setupOf(plan, weights, { batchSize, optimizer: adam });
}

describe('a plan that does not fit into memory', () => {
  it('is refused at once, in numbers, and takes no memory; one that fits trains after it', async () => {
    const executor = await createWasmExecutor(data, { threads: 2 });
    try {
      const tooLarge = await setupFor('vgg-16', 65_536);
      const resident = process.memoryUsage.rss();
      const failure: unknown = await executor.open(tooLarge).then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(MemoryLimitError);
      const { plan, limit, message } = failure as MemoryLimitError;
      expect(plan.total).toBeGreaterThan(limit);
      expect(plan.total).toBe(plan.data + plan.parameters + plan.activations);
      // every activation of the forward pass is needed by the backward pass: more than 250,000 floats an example
      expect(plan.activations).toBeGreaterThan(65_536 * 250_000 * 4);
      // weights with two moments, not more than a few copies of them
      const weights = tooLarge.network.parameters.reduce((sum, { size }) => sum + size * 4, 0);
      expect(plan.parameters).toBeGreaterThan(3 * weights);
      expect(message).toContain('batch of 65536');
      expect(message).toContain(`${String(Math.ceil(plan.total / 2 ** 20))} MiB`);
      expect(message).toContain(`${String(Math.ceil(limit / 2 ** 20))} MiB`);
      expect(message).toContain('choose a smaller batch size');
      // the weights travelled to the worker, once or twice; the plan was not taken
      expect(process.memoryUsage.rss() - resident).toBeLessThan(6 * weights);

      const session = await executor.open(await setupFor('conv-2', 4));
      expect((await session.train(1)).loss).toBeGreaterThan(0);
      expect(session.memory.total).toBeLessThan(limit);
      await session.close();
    } finally {
      await executor.close();
    }
  }, 30_000);
});
