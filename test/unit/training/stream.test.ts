/** Inputs that stay in files train, evaluate and predict to the bits that they give in memory. */
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DataError, type DataSet, type Split, type StoredInputs, type StoredPart } from '../../../src/data/dataset';
import { storedPart } from '../../../src/data/stored';
import { Random } from '../../../src/shared/random';
import type { Plan } from '../../../src/training/plan/plan';
import { noRegularization, type Executor, type TrainingSetup } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import * as machine from '../../../src/training/wasm/machine';
import { inMemory } from '../../support/inMemory';
import { TestGraph } from '../../support/testGraph';
import { folder } from '../data/idxFiles';
import { planOfNetwork } from './agreement';
import { adam, randomValues, setupOf } from './support';

vi.mock(import('../../../src/training/wasm/machine'), async original => ({ ...(await original()) }));
afterEach(() => vi.restoreAllMocks());

const shape = [6, 5, 2] as const;
const features = 60;
const counts = { training: 75, validation: 19, test: 40 };
const steps = 23;

/** Records of a label and planes of channels, in two files, of which the splits take examples out of order. */
async function storedData(type: StoredInputs['type'], planes: number): Promise<{ data: DataSet; file: string }> {
  const random = new Random(`stored ${type}`);
  const all = counts.training + counts.validation + counts.test;
  const value = type === 'uint8' ? 1 : 4;
  const [bytesPerExample, stride] = [features * value, (features + 1) * value];
  const directory = folder({});
  const parts: StoredPart[] = [];
  for (const [i, count] of [30, all - 30].entries()) {
    const file = path.join(directory, `part${i}.bin`);
    const values =
      type === 'uint8'
        ? Uint8Array.from({ length: count * (features + 1) }, () => random.nextBelow(256))
        : randomValues(random, count * (features + 1));
    writeFileSync(file, values);
    parts.push(await storedPart(file, { offset: value, stride, count }));
  }
  const order = random.shuffle(Uint32Array.from({ length: all }, (_, i) => i));
  order.subarray(0, 50).sort();
  let first = 0;
  const split = (count: number): Split => ({
    count,
    inputs: type === 'uint8' ? new Uint8Array(0) : new Float32Array(0),
    labels: Uint8Array.from({ length: count }, () => random.nextBelow(3)),
    stored: { type, bytesPerExample, planes, parts, rows: order.slice(first, (first += count)) },
  });
  const data: DataSet = {
    name: 'stored',
    inputShape: shape,
    task: 'classification',
    classes: 3,
    training: split(counts.training),
    validation: split(counts.validation),
    test: split(counts.test),
    mean: [0.4, 0.2],
    std: [0.5, 0.3],
    fingerprint: '',
  };
  return { data, file: parts[1]!.file };
}

/** A convolution takes the inputs, or a dense layer, which passes over those that are 0 in a whole panel. */
function planOfKind(kind: 'convolution' | 'dense'): Plan {
  const graph = new TestGraph(shape);
  const first = kind === 'dense' ? graph.input : graph.conv(graph.input, 4, { kernel: [3, 3], activation: 'relu' });
  return planOfNetwork({ graph, output: graph.dense(graph.dense(graph.flatten(first), 7, 'relu'), 3) }, 3);
}

const convolution = planOfKind('convolution');
const startOf = (plan: Plan) => plan.parameters.map(({ size }, i) => randomValues(new Random('start', i), size, 0.3));
const setup = (changes: Partial<TrainingSetup> = {}): TrainingSetup =>
  setupOf(convolution, startOf(convolution), {
    optimizer: adam,
    // the last batch of an epoch is smaller, and no number of panels
    batchSize: 22,
    orderSeed: 5,
    totalSteps: steps,
    regularization: { ...noRegularization, augmentation: { crop: 1, flip: true } },
    ...changes,
  });

async function results(executor: Executor, changes?: Partial<TrainingSetup>): Promise<unknown> {
  try {
    const session = await executor.open(setup(changes));
    const evaluations = [];
    const outputs: number[] = [];
    for (const step of [3, steps]) {
      evaluations.push((await session.train(step)).loss);
      for (const split of ['training', 'validation', 'test'] as const) {
        const { loss, accuracy } = (await session.evaluate(split))!;
        evaluations.push(loss, accuracy);
        await session.predict(split, (_, values) => {
          for (const value of values) outputs.push(value);
        });
      }
    }
    const trained = await session.weights();
    await session.close();
    return { evaluations, outputs, trained };
  } finally {
    await executor.close();
  }
}

describe.each([
  ['bytes', 'uint8', 1],
  ['planes of bytes', 'uint8', 2],
  ['floats', 'float32', 1],
] as const)('%s', (_, type, planes) => {
  it.each([1, 2, 3])('on %i threads', async threads => {
    const { data } = await storedData(type, planes);
    const resident = await results(await createWasmExecutor(inMemory(data), { threads }));
    expect(await results(await createWasmExecutor(data, { threads }))).toEqual(resident);
  });

  it('without shared memory', async () => {
    const { data } = await storedData(type, planes);
    const resident = await results(await createWasmExecutor(inMemory(data), { threads: 2 }));
    vi.spyOn(machine, 'sharedMemory').mockReturnValue(null);
    expect(await results(await createWasmExecutor(data, { threads: 2 }))).toEqual(resident);
  });
});

it('for a dense layer that takes the shift of the inputs upon itself', async () => {
  const { data } = await storedData('uint8', 1);
  const alike = { ...data, mean: [0.4], std: [0.5] };
  const dense = planOfKind('dense');
  const changes = { network: dense, weights: startOf(dense), regularization: noRegularization };
  const resident = await results(await createWasmExecutor(inMemory(alike)), changes);
  expect(await results(await createWasmExecutor(alike), changes)).toEqual(resident);
});

it('starts in the middle of the schedule, and one session follows another', async () => {
  const { data } = await storedData('uint8', 1);
  const changes = { fromStep: 2, totalSteps: steps };
  const resident = await results(await createWasmExecutor(inMemory(data)), changes);
  const executor = await createWasmExecutor(data);
  const first = await executor.open(setup());
  await first.train(1);
  await first.close();
  expect(await results(executor, changes)).toEqual(resident);
});

describe('a file that is changed while the model trains', () => {
  it.each(['train', 'evaluate', 'predict'] as const)('is named by %s', async act => {
    const { data, file } = await storedData('uint8', 1);
    const executor = await createWasmExecutor(data, { threads: 2 });
    try {
      appendFileSync(file, 'more');
      const session = await executor.open(setup());
      const acts = {
        train: () => session.train(steps),
        evaluate: () => session.evaluate('training'),
        predict: () => session.predict('training', () => undefined),
      };
      const error: unknown = await acts[act]().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect((error as DataError).message).toBe(
        `${file}: was changed since it was loaded; run again, and leave it alone while the model trains`,
      );
      await session.close();
    } finally {
      await executor.close();
    }
  });
});
