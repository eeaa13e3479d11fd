/** What the webgpu executor promises: the same bits again, exact zeros, the same draws as wasm, stopping, failures. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../src/data/dataset';
import { Random } from '../../../../src/shared/random';
import {
  DeviceLostError,
  type Executor,
  MemoryLimitError,
  noRegularization,
  NonFiniteLossError,
  type TrainingSetup,
} from '../../../../src/training/trainer';
import { createWasmExecutor } from '../../../../src/training/wasm/executor';
import { forward64, gradients64, loss64 } from '../../../support/float64Reference';
import { TestGraph } from '../../../support/testGraph';
import { createExecutor, webGpu } from '../../../support/webgpu';
import { batchOf, imageData, planOfNetwork } from '../agreement';
import { adam, dense, floatData, planOf, randomMask, randomValues, sequential, setupOf, targetData } from '../support';

const inputs = 50;
const classes = 7;
const layers = [
  dense(30, 'relu'),
  { className: 'Dropout', config: { rate: 0.3 } },
  dense(18, 'sigmoid'),
  { className: 'Dropout', config: { rate: 0.6 } },
  dense(classes),
];
const plan = planOf(sequential(inputs, layers), inputs, classes);
const random = new Random('webgpu session');
const data = floatData(random, inputs, classes, { training: 130, validation: 30, test: 90 });
const weights = plan.parameters.map(p => randomValues(random, p.size, 0.2));
const masks = plan.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.4) : null));
const sgd = { name: 'sgd', learningRate: 0.05, momentum: 0, nesterov: false, weightDecay: 0 } as const;

const furthest = (a: readonly Float32Array[], b: readonly Float32Array[]): number =>
  Math.max(...a.flatMap((values, p) => Array.from(values, (value, i) => Math.abs(value - b[p]![i]!))));

describe.skipIf(!webGpu)('a session on the device', { timeout: 60_000 }, () => {
  let executor: Executor | null = null;
  const open = async (changes: Partial<TrainingSetup> = {}, set: DataSet = data) => {
    await executor?.close();
    executor = await createExecutor(set);
    return executor.open(setupOf(plan, weights, { optimizer: adam, orderSeed: 4, batchSize: 48, ...changes }));
  };
  afterEach(async () => {
    await executor?.close();
    executor = null;
  });

  it('gives the same bits again, in one call or in many', async () => {
    const results = [];
    for (const stops of [[11], [1, 2, 7, 11], [11]]) {
      const session = await open({ masks });
      for (const stop of stops) await session.train(stop);
      results.push({ weights: await session.weights(), test: (await session.evaluate('test'))!.loss });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it.each([
    { name: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    { name: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    { name: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  ] as const)('keeps masked weights exactly 0 with $name, averages too', async optimizer => {
    for (const averageDecay of [null, 0.9]) {
      const session = await open({ masks, optimizer, regularization: { ...noRegularization, averageDecay } });
      await session.train(5);
      (await session.weights()).forEach((values, p) => {
        expect(values.filter((value, i) => masks[p]?.[i] === 0 && !Object.is(value, 0))).toHaveLength(0);
        expect(values.filter((value, i) => masks[p]?.[i] !== 0 && value === weights[p]![i])).toHaveLength(0);
      });
    }
  });

  it('visits the examples in the order of the wasm executor and drops the same activations, over several epochs', async () => {
    const changes = { optimizer: sgd, masks };
    const session = await open(changes);
    const wasm = await createWasmExecutor(data, { threads: 1 });
    const other = await wasm.open(setupOf(plan, weights, { orderSeed: 4, batchSize: 48, ...changes }));
    for (const step of [1, 5, 9]) {
      const [ours, theirs] = [await session.train(step), await other.train(step)];
      expect(ours.loss).toBeCloseTo(theirs.loss!, 5);
      expect(furthest(await session.weights(), await other.weights())).toBeLessThan(1e-5);
    }
    await wasm.close();
  });

  it('takes bytes standardised, cropped and mirrored as the wasm executor does', async () => {
    const shape = [6, 5, 2] as const;
    const graph = new TestGraph(shape);
    const network = planOfNetwork({ graph, output: graph.dense(graph.flatten(graph.input), 3, 'linear') }, 3);
    const split = (count: number) => ({
      count,
      inputs: Uint8Array.from({ length: count * 60 }, () => random.nextBelow(256)),
      labels: Uint8Array.from({ length: count }, () => random.nextBelow(3)),
    });
    const [mean, std] = [
      [0.4, 0.1],
      [0.3, 0.7],
    ];
    // 61 · 60 bytes: the last word is not whole
    const images = { ...imageData(random, shape, 3, { training: 0, test: 0 }), mean, std };
    const bytes: DataSet = { ...images, training: split(61), validation: split(0), test: split(7) };
    const start = network.parameters.map(p => randomValues(random, p.size, 0.3));
    for (const augmentation of [
      { crop: 0, flip: false },
      { crop: 2, flip: true },
    ]) {
      const regularization = { ...noRegularization, augmentation };
      const setup = setupOf(network, start, { optimizer: sgd, orderSeed: 9, batchSize: 20, regularization });
      const results = [];
      for (const made of [await createExecutor(bytes), await createWasmExecutor(bytes, { threads: 1 })]) {
        const session = await made.open(setup);
        const { loss } = await session.train(7);
        results.push({ loss: loss!, test: (await session.evaluate('test'))!, weights: await session.weights() });
        await made.close();
      }
      expect(results[0]!.loss).toBeCloseTo(results[1]!.loss, 5);
      expect(results[0]!.test.loss).toBeCloseTo(results[1]!.test.loss, 5);
      expect(results[0]!.test.accuracy).toBe(results[1]!.test.accuracy);
      expect(furthest(results[0]!.weights, results[1]!.weights)).toBeLessThan(1e-5);
    }
  });

  it('weighs classes, smoothed, as double precision does', async () => {
    const plain = planOf(sequential(inputs, [dense(classes)]), inputs, classes);
    const start = plain.parameters.map(p => randomValues(random, p.size, 0.2));
    const classWeights = [0.25, 3, 1, 7.5, 0.5, 2, 1];
    const labelSmoothing = 0.15;
    executor = await createExecutor(data);
    const regularization = { ...noRegularization, labelSmoothing };
    const session = await executor.open(setupOf(plain, start, { batchSize: 130, classWeights, regularization }));
    const { loss } = await session.train(1);
    const reference = gradients64(plain, start, batchOf(data, 'training'), { labelSmoothing, classWeights });
    expect(loss).toBeCloseTo(reference.loss, 5);
    const after = await session.weights();
    const gradients = start.map((values, p) => values.map((value, i) => value - after[p]![i]!));
    expect(furthest(gradients, reference.gradients as unknown as Float32Array[])).toBeLessThan(1e-5);
  });

  it('follows the targets of a regression', async () => {
    const targets = 3;
    const numbers = targetData(random, inputs, targets, { training: 37, validation: 0, test: 40 });
    const wide = planOf(sequential(inputs, [dense(9, 'tanh'), dense(targets)]), inputs, targets, 'mean-squared-error');
    const start = wide.parameters.map(p => randomValues(random, p.size, 0.2));
    executor = await createExecutor(numbers);
    const session = await executor.open(setupOf(wide, start, { batchSize: 37, optimizer: sgd }));
    const batch = (split: 'training' | 'test') => ({
      inputs: numbers[split].inputs as Float32Array,
      labels: numbers[split].labels as Float32Array,
      task: 'regression' as const,
    });
    expect((await session.evaluate('test'))!.loss).toBeCloseTo(loss64(wide, start, batch('test')), 4);
    const reference = gradients64(wide, start, batch('training'));
    expect((await session.train(1)).loss).toBeCloseTo(reference.loss, 4);
    const after = await session.weights();
    const moved = start.map((values, p) => values.map((value, i) => value - 0.05 * reference.gradients[p]![i]!));
    expect(furthest(after, moved)).toBeLessThan(1e-5);
  });

  it('gives outputs in the order of the split, all of them, dropout off', async () => {
    const large = floatData(random, inputs, classes, { training: 60, validation: 0, test: 1100 });
    const session = await open({}, large);
    await session.train(2);
    const outputs = new Float32Array(1100 * classes);
    const firsts: number[] = [];
    await session.predict('test', (first, rows) => {
      firsts.push(first);
      outputs.set(rows, first * classes);
    });
    expect(firsts.length).toBeGreaterThan(1);
    const expected = forward64(plan, await session.weights(), large.test.inputs as Float32Array);
    expect(furthest([outputs], [Float32Array.from(expected)])).toBeLessThan(1e-4);
    expect(await session.evaluate('validation')).toBeNull();
  });

  it('stops a run whose loss is no longer finite, names the step, and can open another', async () => {
    const session = await open({ optimizer: { ...adam, learningRate: 1e30 } });
    const failure: unknown = await session.train(50).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NonFiniteLossError);
    expect((failure as NonFiniteLossError).step).toBeGreaterThan(0);
    expect((failure as NonFiniteLossError).step).toBeLessThan(10);
    await session.close();
    const next = await executor!.open(setupOf(plan, weights, { optimizer: adam }));
    expect((await next.train(3)).loss).toBeGreaterThan(0);
  });

  it('stops when told to, and trains the next session whole', async () => {
    const session = await open({ totalSteps: 1_000_000 });
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort();
    };
    const training = session.train(1_000_000, { signal: controller.signal, onProgress });
    await expect(training).rejects.toThrow(/abort/i);
    await session.close();
    const again = setupOf(plan, weights, { optimizer: adam, orderSeed: 4, batchSize: 48 });
    const next = await executor!.open(again);
    await next.train(5);
    const after = await next.weights();
    const fresh = await open();
    await fresh.train(5);
    expect(await fresh.weights()).toEqual(after);
  });

  it('refuses, in numbers, what no buffer of the adapter holds, and trains what fits after it', async () => {
    executor = await createExecutor(data);
    const failure: unknown = await executor
      .open(setupOf(plan, weights, { batchSize: 2 ** 31 }))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MemoryLimitError);
    const { plan: memory, limit } = failure as MemoryLimitError;
    expect(memory.total).toBe(memory.data + memory.parameters + memory.activations);
    expect(memory.activations).toBeGreaterThan(2 ** 31 * inputs * 4);
    expect(memory.total).toBeGreaterThan(limit);
    const session = await executor.open(setupOf(plan, weights));
    expect((await session.train(1)).loss).toBeGreaterThan(0);
  });

  it('tells that the device is lost from whatever is asked of it then', async () => {
    const session = await open({ totalSteps: 1_000_000 });
    const training = session.train(1_000_000);
    setTimeout(() => void executor!.close(), 100);
    await expect(training).rejects.toThrow(DeviceLostError);
    await expect(session.evaluate('test')).rejects.toThrow(DeviceLostError);
    await expect(session.weights()).rejects.toThrow(DeviceLostError);
    await session.close();
  });
});
