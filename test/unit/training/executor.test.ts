/** What the wasm executor promises: the same bits, exact zeros, order, resumption points, failures, cancelling. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { Random } from '../../../src/shared/random';
import { NonFiniteLossError, type TrainingSetup } from '../../../src/training/trainer';
import { createWasmExecutor, type WasmOptions } from '../../../src/training/wasm/executor';
import { adam, dense, floatData, plainSgd, planOf, randomMask, randomValues, sequential, setupOf } from './support';

const inputs = 50;
const classes = 7;
const plan = planOf(
  sequential(inputs, [
    dense(30, 'relu'),
    { className: 'Dropout', config: { rate: 0.3 } },
    dense(18, 'sigmoid'),
    dense(classes),
  ]),
  inputs,
  classes,
);
const random = new Random('executor');
const data = floatData(random, inputs, classes, { training: 130, validation: 30, test: 30 });
const weights = plan.parameters.map(p => randomValues(random, p.size, 0.2));
const masksAt = (density: number) =>
  plan.parameters.map(p => (p.prunable ? randomMask(new Random('mask', density), p.size, density) : null));

/** Examples like pictures of digits: most bytes 0, some of them in every example. */
function sparseBytes(count: number): Uint8Array {
  return Uint8Array.from({ length: count * inputs }, (_, i) => {
    const pixel = i % inputs;
    return pixel < 20 || (i * 7919) % 5 > 1 ? 0 : (i * 37) % 256;
  });
}

async function trained(changes: Partial<TrainingSetup>, options: WasmOptions, steps = 23, dataSet: DataSet = data) {
  const executor = await createWasmExecutor(dataSet, options);
  try {
    const session = await executor.open(
      setupOf(plan, weights, { optimizer: adam, orderSeed: 4, batchSize: 48, ...changes }),
    );
    const { loss } = await session.train(steps);
    const evaluation = await session.evaluate('validation');
    const result = { weights: await session.weights(), loss, validation: evaluation!.loss };
    await session.close();
    return result;
  } finally {
    await executor.close();
  }
}

describe('the wasm executor', () => {
  it.each([0.9, 0.3, 0.04])(
    'gives the same bits on 1, 2, 3 and 5 threads, dense and compressed, at density %d',
    async density => {
      const masks = masksAt(density);
      const reference = await trained({ masks }, { threads: 1, compressBelow: 0 });
      for (const options of [
        { threads: 1, compressBelow: 2 },
        { threads: 2, compressBelow: 0 },
        { threads: 3, compressBelow: 2 },
        { threads: 5, compressBelow: 0.4 },
      ]) {
        expect(await trained({ masks }, options), JSON.stringify(options)).toEqual(reference);
      }
    },
  );

  it.each([
    { name: 'sgd', learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0.01 },
    { name: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    { name: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    { name: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  ] as const)('keeps masked weights exactly 0 with $name and weight decay', async optimizer => {
    for (const density of [0.8, 0.2]) {
      const masks = masksAt(density);
      const result = await trained({ masks, optimizer }, { threads: 2 });
      result.weights.forEach((values, p) => {
        const revived = values.filter((value, i) => masks[p]?.[i] === 0 && !Object.is(Math.abs(value), 0));
        expect(revived).toHaveLength(0);
      });
    }
  });

  it('continues where a session left off in data order: steps 7 to 23 after 0 to 7 with plain SGD are steps 0 to 23', async () => {
    const optimizer = { name: 'sgd', learningRate: 0.05, momentum: 0, nesterov: false, weightDecay: 0 } as const;
    const whole = await trained({ optimizer }, { threads: 2 });
    const half = await trained({ optimizer }, { threads: 2 }, 7);
    const rest = await trained({ optimizer, weights: half.weights, fromStep: 7 }, { threads: 2 });
    expect(rest.weights).toEqual(whole.weights);
  });

  it('visits other batches with another seed, and all examples once an epoch', async () => {
    const one = await trained({ orderSeed: 1 }, { threads: 1 });
    const two = await trained({ orderSeed: 2 }, { threads: 1 });
    expect(one.weights).not.toEqual(two.weights);
    // without learning, the mean loss over an epoch of whole batches is the loss of the split, whatever the order
    const still = { ...adam, learningRate: 1e-30, weightDecay: 0 };
    const plainPlan = planOf(sequential(inputs, [dense(classes)]), inputs, classes);
    const executor = await createWasmExecutor(data, { threads: 2 });
    const plainWeights = plainPlan.parameters.map(p => randomValues(new Random('plain'), p.size, 0.2));
    const session = await executor.open(
      setupOf(plainPlan, plainWeights, { optimizer: still, orderSeed: 9, batchSize: 26 }),
    );
    const { loss } = await session.train(5);
    expect(loss).toBeCloseTo((await session.evaluate('training'))!.loss, 5);
    await executor.close();
  });

  it.each([
    { channels: 2, mean: [0.2, 0.4], std: [0.5, 2] },
    // one channel: the first layer takes the shift upon itself and passes over pixels that are 0 in a whole panel
    { channels: 1, mean: [0.13], std: [0.31] },
  ])('takes bytes as value/255, standardised per channel ($channels)', async ({ channels, mean, std }) => {
    const bytes = sparseBytes(130);
    const byteData: DataSet = {
      ...data,
      inputShape: [inputs / channels, channels],
      mean,
      std,
      training: { ...data.training, inputs: bytes },
    };
    const floats = Float32Array.from(bytes, (byte, i) => (byte / 255 - mean[i % channels]!) / std[i % channels]!);
    const wide = planOf(sequential(inputs, [dense(12, 'relu'), dense(classes)]), inputs, classes);
    const values = wide.parameters.map(p => randomValues(new Random('bytes', p.name), p.size, 0.3));
    const results = await Promise.all(
      [byteData, { ...data, training: { ...data.training, inputs: floats } }].map(async dataSet => {
        const executor = await createWasmExecutor(dataSet, { threads: 2 });
        const session = await executor.open(setupOf(wide, values, { optimizer: { ...plainSgd, learningRate: 0.05 } }));
        const { loss } = await session.train(6);
        const after = await session.weights();
        await executor.close();
        return { loss: loss!, after };
      }),
    );
    expect(results[0]!.loss).toBeCloseTo(results[1]!.loss, 5);
    results[0]!.after.forEach((tensor, p) => {
      const furthest = tensor.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - results[1]!.after[p]![i]!)),
        0,
      );
      expect(furthest).toBeLessThan(1e-5);
    });
  });

  it.each([1, 0.3])(
    'gives the same bits from bytes too, whatever the threads and the form, at density %d',
    async density => {
      const split = (count: number) => ({
        count,
        inputs: sparseBytes(count),
        labels: data.training.labels.slice(0, count),
      });
      const byteData: DataSet = {
        ...data,
        mean: [0.13],
        std: [0.31],
        training: split(130),
        validation: split(30),
        inputShape: [inputs, 1],
      };
      const masks = density === 1 ? plan.parameters.map(() => null) : masksAt(density);
      const reference = await trained({ masks }, { threads: 1, compressBelow: 0 }, 23, byteData);
      for (const options of [
        { threads: 2, compressBelow: 2 },
        { threads: 3, compressBelow: 0.4 },
      ]) {
        expect(await trained({ masks }, options, 23, byteData), JSON.stringify(options)).toEqual(reference);
      }
    },
  );

  it('drops the stated share of activations while training, and none while evaluating', async () => {
    const rate = 0.25;
    const units = 400;
    const wide = planOf(
      sequential(1, [
        dense(units, 'linear', false),
        { className: 'Dropout', config: { rate } },
        dense(2, 'linear', false),
      ]),
      1,
      2,
      'mean-squared-error',
    );
    // every hidden unit is 1; the output is their mean, so its square error tells how many were dropped
    const ones = [new Float32Array(units).fill(1), new Float32Array(units * 2).fill(1 / units)];
    const constant = floatData(random, 1, 2, { training: 64, validation: 0, test: 64 });
    const same = {
      ...constant,
      training: { ...constant.training, inputs: new Float32Array(64).fill(1) },
      test: { ...constant.test, inputs: new Float32Array(64).fill(1) },
    };
    const executor = await createWasmExecutor(same, { threads: 2 });
    const session = await executor.open(
      setupOf(wide, ones, { batchSize: 64, optimizer: { ...adam, learningRate: 1e-30, weightDecay: 0 } }),
    );
    const { loss } = await session.train(1);
    const evaluation = await session.evaluate('test');
    // labels are one-hot: one output is off by 1, the other by 0; inverted dropout adds the variance rate / (1 − rate) / units
    expect(evaluation!.loss).toBeCloseTo(0.5, 5);
    expect(loss! - 0.5).toBeGreaterThan(0);
    expect(Math.abs(loss! - 0.5)).toBeLessThan(20 * (rate / (1 - rate) / units));
    await executor.close();
  });

  it('stops a run whose loss is no longer finite, names the step, and can open another', async () => {
    const executor = await createWasmExecutor(data, { threads: 2 });
    const session = await executor.open(
      setupOf(plan, weights, { optimizer: { ...adam, name: 'adam', learningRate: 1e30 } }),
    );
    const failure = await session.train(50).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NonFiniteLossError);
    expect((failure as NonFiniteLossError).step).toBeGreaterThan(0);
    expect((failure as NonFiniteLossError).step).toBeLessThan(10);
    await session.close();
    const next = await executor.open(setupOf(plan, weights, { optimizer: adam }));
    expect((await next.train(10)).loss).toBeGreaterThan(0);
    await executor.close();
  });

  it('stops when told to, and trains the next session whole', async () => {
    const executor = await createWasmExecutor(data, { threads: 2 });
    const session = await executor.open(setupOf(plan, weights, { optimizer: adam, totalSteps: 100_000_000 }));
    const controller = new AbortController();
    const training = session.train(100_000_000, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort();
      },
    });
    await expect(training).rejects.toThrow(/abort/i);
    await session.close();
    const next = await executor.open(setupOf(plan, weights, { optimizer: adam, orderSeed: 4, batchSize: 48 }));
    await next.train(23);
    expect(await next.weights()).toEqual((await trained({}, { threads: 2 })).weights);
    await executor.close();
  });
});
