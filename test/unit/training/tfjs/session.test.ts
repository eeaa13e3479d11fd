/** What the executors on TensorFlow.js promise: exact zeros, nothing left behind, the same bits again, stopping, failures. */
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random';
import { asDeviceError } from '../../../../src/training/tfjs/deviceErrors';
import { createTfExecutor } from '../../../../src/training/tfjs/executor';
import type { TfBackend } from '../../../../src/training/tfjs/namespace';
import {
  DeviceLostError,
  noRegularization,
  NonFiniteLossError,
  type Executor,
  type TrainingSetup,
} from '../../../../src/training/trainer';
import { backends } from '../../../support/tfjs';
import { adam, dense, floatData, planOf, randomMask, randomValues, sequential, setupOf } from '../support';

const inputs = 30;
const classes = 5;
const random = new Random('tfjs session');
const data = floatData(random, inputs, classes, { training: 130, validation: 21, test: 600 });
const layers = [
  dense(20, 'relu'),
  { className: 'BatchNormalization', config: {} },
  { className: 'Dropout', config: { rate: 0.3 } },
  dense(classes),
];
const plan = planOf(sequential(inputs, layers), inputs, classes);
const weights = plan.parameters.map(p =>
  p.role === 'moving-variance' ? new Float32Array(p.size).fill(1) : randomValues(random, p.size, 0.2),
);
const masks = plan.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.4) : null));

describe.each(backends)('a session on $name', { timeout: 60_000 }, (backend: TfBackend) => {
  let executor: Executor | null = null;
  const open = (changes: Partial<TrainingSetup> = {}) => {
    executor = createTfExecutor(data, backend);
    return executor.open(setupOf(plan, weights, { optimizer: adam, orderSeed: 4, batchSize: 48, masks, ...changes }));
  };
  afterEach(async () => {
    await executor?.close();
  });

  it.each([
    { name: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    { name: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-40, weightDecay: 0.01 },
    { name: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  ] as const)('keeps masked weights exactly 0 with $name, averages too', async optimizer => {
    for (const averageDecay of [null, 0.9]) {
      const session = await open({ optimizer, regularization: { ...noRegularization, averageDecay } });
      await session.train(9);
      const after = await session.weights();
      after.forEach((values, p) => {
        expect(values.filter((value, i) => masks[p]?.[i] === 0 && !Object.is(value, 0))).toHaveLength(0);
        expect(values.filter((value, i) => masks[p]?.[i] !== 0 && value !== weights[p]![i])).not.toHaveLength(0);
      });
      // what it computes with has the same zeros as what it gives away
      const evaluated = await session.evaluate('test');
      await session.close();
      const again = await open({ weights: after });
      expect((await again.evaluate('test'))!.loss).toBe(evaluated!.loss);
      await again.close();
    }
  });

  it('leaves no tensor behind, step by step and at its end', async () => {
    await backend.tf.setBackend(backend.backend);
    const before = backend.tf.memory().numTensors;
    const averageDecay = 0.9;
    const session = await open({ regularization: { ...noRegularization, averageDecay, clipNorm: 1 } });
    await session.train(2);
    await session.evaluate('test');
    const after = backend.tf.memory().numTensors;
    await session.train(6);
    await session.evaluate('test');
    await session.weights();
    expect(backend.tf.memory().numTensors).toBe(after);
    await session.close();
    expect(backend.tf.memory().numTensors).toBe(before);
  });

  it('gives the same bits again', async () => {
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const session = await open();
      const { loss } = await session.train(8);
      runs.push({ loss, weights: await session.weights(), test: (await session.evaluate('test'))!.loss });
      await session.close();
    }
    expect(runs[0]).toEqual(runs[1]);
  });

  it('goes on in data order, schedule and draws where another has ended', async () => {
    const optimizer = { name: 'sgd', learningRate: 0.05, momentum: 0, nesterov: false, weightDecay: 0 } as const;
    const schedule = { name: 'cosine', minimum: 0, warmup: 3 } as const;
    const whole = await open({ optimizer, schedule });
    await whole.train(11);
    const expected = await whole.weights();
    await whole.close();
    const half = await open({ optimizer, schedule });
    await half.train(5);
    const start = await half.weights();
    await half.close();
    const rest = await open({ optimizer, schedule, weights: start, fromStep: 5 });
    await rest.train(11);
    expect(await rest.weights()).toEqual(expected);
    await rest.close();
  });

  it('gives outputs in the order of the split, whatever the stretches, and trains on with the weights it had', async () => {
    const session = await open({ regularization: { ...noRegularization, averageDecay: 0.5 } });
    await session.train(3);
    const firsts: number[] = [];
    let values = 0;
    await session.predict('test', (first, outputs) => {
      firsts.push(first);
      expect(outputs.length % classes).toBe(0);
      values += outputs.length;
    });
    expect(firsts).toEqual([0, 256, 512]);
    expect(values).toBe(600 * classes);
    await session.train(6);
    const interrupted = await session.weights();
    await session.close();
    const straight = await open({ regularization: { ...noRegularization, averageDecay: 0.5 } });
    await straight.train(6);
    expect(await straight.weights()).toEqual(interrupted);
    await straight.close();
  });

  it('stops when told to, and tells how far it is', async () => {
    const session = await open({ totalSteps: 100_000_000 });
    const controller = new AbortController();
    const training = session.train(100_000_000, {
      signal: controller.signal,
      onProgress: ({ step }) => {
        expect(step).toBeGreaterThan(0);
        controller.abort();
      },
    });
    await expect(training).rejects.toThrow(/abort/i);
    await session.close();
  });

  it('names the step at which the loss is no longer finite', async () => {
    const optimizer = { name: 'sgd', learningRate: 1e30, momentum: 0, nesterov: false, weightDecay: 0 } as const;
    const session = await open({ optimizer });
    const failure: unknown = await session.train(50).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NonFiniteLossError);
    expect((failure as NonFiniteLossError).step).toBeGreaterThan(0);
    await session.close();
  });

  it('says about how much memory it takes', async () => {
    const session = await open();
    const { data: bytes, parameters, activations, total } = session.memory;
    expect(bytes).toBe((130 + 21 + 600) * (inputs + 1) * 4);
    // weights, gradients and two moments
    expect(parameters).toBeGreaterThan(4 * 4 * plan.parameters.reduce((sum, { size }) => sum + size, 0));
    expect(activations).toBeGreaterThan(48 * 4 * inputs);
    expect(total).toBe(bytes + parameters + activations);
    await session.close();
  });
});

describe('what a device throws', () => {
  it.each([
    ['OOM when allocating tensor with shape[60,784] and type float on /job:localhost/device:GPU:0', 'out-of-memory'],
    ['RESOURCE_EXHAUSTED: failed to allocate memory', 'out-of-memory'],
    ['Array buffer allocation failed', 'out-of-memory'],
    ['CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered', 'lost'],
  ] as const)('%s: %s', (message, kind) => {
    const error = asDeviceError(new Error(message));
    expect(error).toBeInstanceOf(DeviceLostError);
    expect((error as DeviceLostError).kind).toBe(kind);
    expect((error as DeviceLostError).message).toContain(message);
  });

  it('mistakes stay what they are', () => {
    const mistake = new TypeError('x is not a function');
    expect(asDeviceError(mistake)).toBe(mistake);
  });
});
