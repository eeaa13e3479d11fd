/** The same training on the device and on wasm: losses at the end, and what one prune takes. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../src/data/dataset';
import { pruneByMagnitude } from '../../../../src/lottery/magnitude';
import { Mask } from '../../../../src/lottery/mask';
import { initialWeights } from '../../../../src/models/weights';
import { Random } from '../../../../src/shared/random';
import type { Plan } from '../../../../src/training/plan/plan';
import type { ExecutorFactory } from '../../../../src/training/trainer';
import { createWasmExecutor } from '../../../../src/training/wasm/executor';
import { TestGraph } from '../../../support/testGraph';
import { createExecutor, webGpu } from '../../../support/webgpu';
import { imageData, planOfNetwork } from '../agreement';
import { adam, setupOf } from '../support';

const classes = 10;
const random = new Random('webgpu and wasm');

/** Noise around a picture for each class: something to learn. */
function pictures(shape: readonly number[], count: number): DataSet {
  const data = imageData(random, shape, classes, { training: count, test: 100 });
  const features = data.training.inputs.length / count;
  const means = Array.from({ length: classes * features }, () => random.nextGaussian());
  for (const { inputs, labels } of [data.training, data.test]) {
    labels.forEach((label, n) => {
      for (let i = 0; i < features; i++) inputs[n * features + i]! += 0.3 * means[label * features + i]!;
    });
  }
  return data;
}

interface Training {
  readonly plan: Plan;
  readonly data: DataSet;
  readonly batchSize: number;
  readonly steps: number;
}

async function trained(create: ExecutorFactory, { plan, data, batchSize, steps }: Training) {
  const executor = await create(data);
  try {
    const weights = [...initialWeights(plan, 3)];
    const session = await executor.open(
      setupOf(plan, weights, { optimizer: { ...adam, learningRate: 1.2e-3 }, batchSize, orderSeed: 7 }),
    );
    const first = (await session.train(1)).loss!;
    await session.train(steps - 1);
    const last = (await session.train(steps)).loss!;
    const after = await session.weights();
    const kernels = plan.parameters.flatMap(({ name, prunable, size }, p) =>
      prunable ? [{ name, output: false, weights: after[p]!, mask: Mask.ones(size) }] : [],
    );
    const rule = { scope: 'global', rate: 0.2, outputRate: 0.2, exclude: [], counts: 'exact' } as const;
    return { first, last, masks: pruneByMagnitude(kernels, rule), test: (await session.evaluate('test'))!.loss };
  } finally {
    await executor.close();
  }
}

async function expectSame(training: Training): Promise<void> {
  const wasm = await trained(data => createWasmExecutor(data, { threads: 1 }), training);
  const device = await trained(createExecutor, training);
  expect(wasm.last).toBeLessThan(wasm.first);
  expect(Math.abs(device.last - wasm.last) / wasm.last).toBeLessThan(1e-3);
  expect(Math.abs(device.test - wasm.test) / wasm.test).toBeLessThan(1e-3);
  let [differing, size] = [0, 0];
  wasm.masks.forEach((mask, k) => {
    for (let i = 0; i < mask.size; i++) if (mask.has(i) !== device.masks[k]!.has(i)) differing++;
    size += mask.size;
  });
  expect(differing / size).toBeLessThan(1e-3);
}

describe.skipIf(!webGpu)('the device and wasm train alike', { timeout: 120_000 }, () => {
  it('a network of two convolutions, 8 and 16 channels, batch 16, 20 steps', async () => {
    const graph = new TestGraph([12, 12, 1]);
    const first = graph.conv(graph.input, 8, { kernel: [3, 3], padding: 'same', activation: 'relu' });
    const half = graph.pool(first, 'MaxPooling2D', [2, 2], [2, 2], 'valid');
    const second = graph.conv(half, 16, { kernel: [3, 3], padding: 'same', activation: 'relu' });
    const pooled = graph.pool(second, 'MaxPooling2D', [2, 2], [2, 2], 'valid');
    const output = graph.dense(graph.flatten(pooled), classes, 'softmax');
    const plan = planOfNetwork({ graph, output }, classes);
    await expectSame({ plan, data: pictures([12, 12, 1], 200), batchSize: 16, steps: 20 });
  });

  it('a network of three dense layers, 200 steps', async () => {
    const graph = new TestGraph([64]);
    const hidden = graph.dense(graph.dense(graph.input, 48, 'relu'), 32, 'relu');
    const plan = planOfNetwork({ graph, output: graph.dense(hidden, classes, 'softmax') }, classes);
    await expectSame({ plan, data: pictures([64], 600), batchSize: 60, steps: 200 });
  });
});
