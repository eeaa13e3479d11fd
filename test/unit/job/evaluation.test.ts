/** What a run's outputs on the test split come to: in the run's folder, its record and the report. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataSet, Split } from '../../../src/data/dataset';
import { runExperiment } from '../../../src/job/experiment';
import { outputLayerOf } from '../../../src/job/outputLayer';
import { Runner } from '../../../src/job/runner';
import { RunStore } from '../../../src/job/store';
import { runKey } from '../../../src/lottery/graph';
import { initialWeights } from '../../../src/models/weights';
import type { RegressionEvaluation, RunEvaluation } from '../../../src/shared/evaluation';
import { parseExperiment } from '../../../src/shared/parse';
import { Random } from '../../../src/shared/random';
import type { RunInputs, RunNode, RunRecord } from '../../../src/shared/run';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { fakeExecutor, type FakeExecutor } from '../../support/fakeExecutor';
import { dense, planOf, sequential } from '../training/support';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-evaluation-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const experiment = {
  name: 'tiny',
  model: 'builtin:mlp:4',
  data: { format: 'digits', training: 20, test: 30 },
  training: { steps: 10, batchSize: 5, evaluateEvery: 5 },
  pruning: { levels: 1 },
  worth: false,
  replicates: 2,
};

function run(executor: FakeExecutor, overlay: object = {}) {
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  return runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...experiment, ...overlay }), experimentPath),
    storeDirectory: path.join(directory, 'store'),
    emit: () => undefined,
    executors: [executor],
  });
}

const read = (key: string, name: string): unknown =>
  JSON.parse(readFileSync(path.join(directory, 'store/runs', key, name), 'utf8'));

describe('an evaluated run', () => {
  it('keeps what its outputs on the test split come to', async () => {
    const report = await run(fakeExecutor());
    const [key] = report.series[0]!.points[1]!.runs;
    const evaluation = read(key!, 'evaluation.json') as RunEvaluation;
    if (evaluation.task !== 'classification') throw new Error('digits are classes');
    // the fake executor takes every other example for the next class
    expect(evaluation).toMatchObject({ examples: 30, classes: 10, hits: 15, topFiveHits: expect.any(Number) });
    const { confusion, support, probabilities } = evaluation;
    for (let label = 0; label < 10; label++) {
      const [right, next] = [confusion![label * 10 + label]!, confusion![label * 10 + ((label + 1) % 10)]!];
      expect(right + next).toBe(support[label]);
    }
    // one logit is 1.1 after 10 steps, the others are 0
    const confidence = Math.exp(1.1) / (Math.exp(1.1) + 9);
    expect(probabilities!.negativeLogLikelihood).toBeCloseTo(-Math.log(confidence) + 1.1 / 2, 5);
    const { measures } = read(key!, 'run.json') as RunRecord;
    expect(measures!.calibrationError).toBeCloseTo(0.5 - confidence, 5);
  });

  it('is in the report with its main figures, over replicates', async () => {
    const report = await run(fakeExecutor());
    const { measures, runs } = report.series[0]!.points[0]!;
    expect(Object.keys(measures!).sort()).toEqual(['brier', 'calibrationError', 'topFive', 'worstRecall']);
    const recorded = runs.map(key => (read(key, 'run.json') as RunRecord).measures!.worstRecall!);
    expect(measures!.worstRecall!.values).toEqual(recorded);
    expect(report.task).toBeUndefined();
  });

  it('has no probabilities where the loss is the squared error', async () => {
    const report = await run(fakeExecutor(), { training: { ...experiment.training, loss: 'mean-squared-error' } });
    const point = report.series[0]!.points[0]!;
    expect(point.measures).not.toHaveProperty('calibrationError');
    expect((read(point.runs[0]!, 'evaluation.json') as RunEvaluation).task).toBe('classification');
  });

  it('is not there where the run failed', async () => {
    const report = await run(fakeExecutor({ diverges: { session: 0, step: 10 } }), { replicates: 1 });
    const { key } = report.runs[0]!;
    expect(() => read(key, 'evaluation.json')).toThrow('ENOENT');
    expect(read(key, 'run.json')).not.toHaveProperty('measures');
  });

  it('of an earlier version is evaluated from its weights when its experiment is run again, without training', async () => {
    const { series } = await run(fakeExecutor());
    const [key, other] = series[0]!.points[1]!.runs;
    const before = read(key!, 'evaluation.json');
    for (const run of [key!, other!]) forget(run);
    rmSync(path.join(directory, 'store/store.json'));
    // what is damaged is computed anew
    writeFileSync(path.join(folder(other!), 'final.safetensors'), 'damaged');
    const executor = fakeExecutor();
    const again = await run(executor);
    expect(executor.steps()).toBe(10);
    expect(again.status).toBe('done');
    expect(again.series[0]!.points[1]!.measures!.worstRecall!.values).toHaveLength(2);
    // the fake executor's logits are those of step 0 in a session that was not trained
    expect(read(key!, 'evaluation.json')).toMatchObject({ hits: (before as { hits: number }).hits });
    expect(read(other!, 'evaluation.json')).toHaveProperty('hits');
    expect(await run(fakeExecutor())).toMatchObject({ status: 'done' });
  });
});

/** y = 2·x₀ − x₁ and a second target of noise, from vectors of two. */
function linearData(): DataSet {
  const random = new Random('regression');
  const split = (count: number): Split => {
    const inputs = Float32Array.from({ length: count * 2 }, () => random.nextGaussian());
    const labels = Float32Array.from({ length: count * 2 }, (_, i) =>
      i % 2 === 0 ? 2 * inputs[i]! - inputs[i + 1]! : random.nextGaussian(),
    );
    return { count, inputs, labels };
  };
  return {
    name: 'a plane',
    inputShape: [2],
    task: 'regression',
    classes: 2,
    training: split(400),
    validation: split(50),
    test: split(200),
    mean: [0],
    std: [1],
    fingerprint: 'plane',
  };
}

it('a regression has R² in place of accuracy, of each target too', async () => {
  const data = linearData();
  const network = planOf(sequential(2, [dense(8, 'tanh'), dense(2)]), 2, 2, 'mean-squared-error');
  const executor = await createWasmExecutor(data, { threads: 2 });
  const store = await RunStore.open(path.join(directory, 'store'));
  const initial = () => initialWeights(network, 1);
  const outputLayer = outputLayerOf(network);
  const parts = { store, network, outputLayer, executor, runs: 1, data, initial, debug: false, checkpointSeconds: 0 };
  const training = {
    optimizer: { name: 'adam', learningRate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    loss: 'mean-squared-error',
    batchSize: 32,
    evaluateEvery: 200,
  } as const;
  const inputs: RunInputs = {
    version: 1,
    model: 'm',
    data: 'd',
    executor: { name: 'wasm', variant: '1' },
    training,
    orderSeed: 1,
    steps: { from: 0, to: 400, total: 400 },
    mask: { kind: 'ones' },
    start: { kind: 'initial', seed: 1 },
  };
  const key = runKey(inputs);
  const node: RunNode = { key, method: 'iterative', level: 0, replicate: 0, density: 1, inputs, needs: [] };
  const nothing = (): void => undefined;
  const listener = { onBegin: nothing, onStep: nothing, onEvaluation: nothing, onUnsaved: nothing };
  const record = await new Runner(parts).run(node, listener, undefined);
  await executor.close();
  expect(record.final).toMatchObject({ testAccuracy: null, validationAccuracy: null });
  expect(await store.readRun(key)).toEqual(record);
  const evaluation = read(key, 'evaluation.json') as RegressionEvaluation;
  const [plane, noise] = evaluation.perTarget!;
  expect(plane!.r2).toBeGreaterThan(0.95);
  expect(noise!.r2).toBeLessThan(0.1);
  expect(evaluation.meanSquaredError).toBeCloseTo(record.final!.testLoss, 5);
  expect(record.measures).toEqual({
    r2: (plane!.r2 + noise!.r2) / 2,
    rootMeanSquaredError: Math.sqrt(evaluation.meanSquaredError),
    meanAbsoluteError: evaluation.meanAbsoluteError,
  });
});

const folder = (key: string): string => path.join(directory, 'store/runs', key);

/** Makes a run look as versions without evaluations left it. */
function forget(key: string): void {
  const stored = read(key, 'run.json') as RunRecord;
  const record = { ...stored, measures: undefined, files: undefined, checksum: undefined };
  writeFileSync(path.join(folder(key), 'run.json'), JSON.stringify(record));
  rmSync(path.join(folder(key), 'evaluation.json'));
}
