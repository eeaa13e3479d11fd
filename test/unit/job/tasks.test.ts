/** Experiments that are not plain classification, from the file to the report. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runExperiment } from '../../../src/job/experiment';
import { ExperimentError } from '../../../src/shared/experiment';
import { parseExperiment } from '../../../src/shared/parse';
import { Random } from '../../../src/shared/random';
import type { Report } from '../../../src/shared/report';
import type { RunRecord } from '../../../src/shared/run';
import { fakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-tasks-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function run(experiment: object, options: object = {}): Promise<Report> {
  const experimentPath = path.join(directory, 'task.ticket.json');
  return runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ name: 'task', executor: 'wasm', ...experiment }), experimentPath),
    storeDirectory: path.join(directory, 'store'),
    emit: () => undefined,
    ...options,
  });
}

function recordOf(report: Report, run: number): RunRecord {
  const file = path.join(directory, 'store/runs', report.runs[run]!.key, 'run.json');
  return JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
}

/** Two numbers that depend on two others, and a third column that says nothing. */
function writeNumbers(): void {
  const random = new Random('numbers');
  const lines = Array.from({ length: 500 }, () => {
    const [a, b] = [random.nextGaussian(), random.nextGaussian()];
    return [a, b, random.nextGaussian(), Math.sin(2 * a) + b / 2, 3 - a * b].map(value => value.toFixed(5)).join();
  });
  writeFileSync(path.join(directory, 'numbers.csv'), ['a,b,noise,sine,product', ...lines].join('\n'));
}

const regression = {
  model: 'builtin:mlp:32-16',
  data: { format: 'csv', file: 'numbers.csv', targets: ['sine', 'product'] },
  training: { loss: 'mean-squared-error', optimizer: { name: 'adam', learningRate: 0.01 }, batchSize: 32, steps: 600 },
  pruning: { levels: 1 },
};

describe('a regression', { timeout: 60_000 }, () => {
  it('learns the numbers of a table, dense and pruned, and is judged by R²', async () => {
    writeNumbers();
    const report = await run(regression);
    expect(report).toMatchObject({ status: 'done', task: 'regression' });
    expect(report.experiment.data).toMatchObject({ task: 'regression' });
    for (const { measures, testAccuracy, testLoss } of report.series[0]!.points) {
      expect(measures!.r2!.mean).toBeGreaterThan(0.9);
      expect(measures!.rootMeanSquaredError!.mean ** 2).toBeCloseTo(testLoss.mean, 4);
      expect(testAccuracy.values).toEqual([]);
    }
    const [output] = report.layers.slice(-1);
    expect(output!.shape).toEqual([16, 2]);
    expect(recordOf(report, 0).final!.testAccuracy).toBeNull();
  });

  it('names the field where the model has as many outputs as classes, or the loss is one of classes', async () => {
    writeNumbers();
    const loss = await run({ ...regression, training: { steps: 1 } }).catch(
      (error: unknown) => error as ExperimentError,
    );
    expect(loss).toBeInstanceOf(ExperimentError);
    expect(loss).toMatchObject({ field: 'training.loss' });
    const dense = { class_name: 'Dense', config: { name: 'out', units: 3, batch_input_shape: [null, 3] } };
    const topology = { class_name: 'Sequential', config: { name: 'm', layers: [dense] } };
    writeFileSync(path.join(directory, 'model.json'), JSON.stringify({ modelTopology: topology, weightsManifest: [] }));
    const model = await run({ ...regression, model: 'model.json' }).catch((error: unknown) => error as ExperimentError);
    expect(model).toMatchObject({ field: 'model' });
    expect((model as ExperimentError).message).toContain('ends in 3 outputs but the data has 2 numbers to predict');
  });
});

describe('class weights', () => {
  it('reach the executor and the record as numbers, and leave keys alone where there are none', async () => {
    const executor = fakeExecutor();
    const experiment = {
      model: 'builtin:mlp:4',
      data: { format: 'digits', training: 40, test: 20 },
      training: { steps: 4, batchSize: 5 },
      pruning: { levels: 0 },
      worth: false,
    };
    const plain = await run(experiment, { executors: [executor] });
    expect(executor.opened[0]!.classWeights).toBeNull();
    expect(recordOf(plain, 0).inputs.training).not.toHaveProperty('classWeights');
    const training = { ...experiment.training, classWeights: 'balanced' };
    const balanced = await run({ ...experiment, name: 'balanced', training }, { executors: [executor] });
    const { classWeights } = balanced.experiment.training;
    expect(classWeights).toHaveLength(10);
    expect(executor.opened[1]!.classWeights).toEqual(classWeights);
    expect(recordOf(balanced, 0).inputs.training.classWeights).toEqual(classWeights);
    expect(balanced.runs[0]!.key).not.toBe(plain.runs[0]!.key);
  });
});
