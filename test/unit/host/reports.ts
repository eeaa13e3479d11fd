/** A small report to test with: dense and two levels, one control. */
import type { ExperimentEntry } from '../../../src/host/treeModel';
import type { Experiment } from '../../../src/shared/experiment';
import type { Report, ReportPoint, Statistic } from '../../../src/shared/report';

export const runKey = (n: number): string => n.toString(16).padStart(32, '0');
const statistic = (...values: number[]): Statistic => ({
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  std: 0,
  values,
});

export const experiment: Experiment = {
  name: 'lenet-digits',
  model: 'builtin:lenet-300-100',
  start: 'fresh',
  data: { format: 'digits', training: 10_000, test: 2000 },
  training: {
    optimizer: { name: 'adam', learningRate: 0.0012, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    loss: 'cross-entropy',
    batchSize: 60,
    steps: 1000,
    evaluateEvery: 50,
    labelSmoothing: 0,
    augmentation: { crop: 0, flip: false },
  },
  pruning: {
    method: 'magnitude',
    scope: 'global',
    rate: 0.2,
    outputRate: 0.1,
    exclude: [],
    counts: 'exact',
    levels: 2,
  },
  rewind: 0,
  compare: ['random-mask'],
  worth: true,
  replicates: 1,
  seed: 0,
  executor: 'auto',
};

function point(level: number, kept: number, accuracy: number, run: string): ReportPoint {
  return {
    level,
    kept,
    total: 266_200,
    sparsity: 1 - kept / 266_200,
    testAccuracy: statistic(accuracy),
    testLoss: statistic(0.1),
    validationAccuracy: statistic(accuracy),
    earlyStopStep: statistic(900),
    seconds: statistic(1.5),
    runs: [run],
  };
}

export const report: Report = {
  experiment,
  status: 'done',
  executor: 'wasm',
  device: '2 threads',
  dataDescription: 'digits: 9,000 / 1,000 / 2,000',
  modelDescription: 'lenet-300-100',
  seconds: { train: 10, evaluate: 2, total: 12.3 },
  series: [
    {
      method: 'iterative',
      points: [
        point(0, 266_200, 0.9795, runKey(0)),
        point(1, 212_960, 0.981, runKey(1)),
        point(2, 170_368, 0.9822, runKey(2)),
      ],
    },
    { method: 'random-mask', points: [point(1, 212_960, 0.975, runKey(3))] },
  ],
  layers: [{ name: 'dense_1', shape: [784, 300], total: 235_200, kept: [235_200, 188_160, 150_528] }],
  verdict: {
    found: true,
    level: 1,
    sparsity: 0.2,
    summary: 'Winning ticket at 80 % of the weights',
    reasons: ['test accuracy 98.10 % against 97.95 %'],
    levels: [{ level: 1, reasons: [{ met: true, text: 'as accurate' }] }],
  },
  runs: [
    { key: runKey(0), method: 'iterative', level: 0, replicate: 0, status: 'done', seconds: 2 },
    { key: runKey(1), method: 'iterative', level: 1, replicate: 0, status: 'done', seconds: 1.5 },
    { key: runKey(3), method: 'random-mask', level: 1, replicate: 0, status: 'done', seconds: 1.5 },
    { key: runKey(2), method: 'iterative', level: 2, replicate: 0, status: 'done', seconds: 1.2 },
    {
      key: runKey(4),
      method: 'random-mask',
      level: 2,
      replicate: 0,
      status: 'failed',
      error: 'the loss is no longer a finite number',
    },
  ],
};

/** As the store and the jobs know it: done, where nothing else is said. */
export const entry = (name: string, more: Partial<ExperimentEntry> = {}): ExperimentEntry => ({
  ref: { store: '/w/.winning-ticket', name },
  report,
  problem: null,
  failure: null,
  changed: 0,
  ...more,
});
