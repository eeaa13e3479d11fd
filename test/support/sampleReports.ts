/**
 * Reports as a job writes them, shaped like LeNet-300-100 on MNIST, for page tests and for looking at the panel. All
 * numbers come from formulas here, the same on every call; the verdict is that of the product.
 */
import { verdict } from '../../src/lottery/verdict';
import { methodOf, type Comparison } from '../../src/shared/compareConfig';
import type { Experiment } from '../../src/shared/experiment';
import { qualityOf } from '../../src/shared/quality';
import type {
  CurvePoint,
  ExperimentStatus,
  Method,
  Progress,
  Report,
  ReportLayer,
  ReportPoint,
  ReportRun,
  Statistic,
} from '../../src/shared/report';
import { sampleWorth } from './sampleWorth';

export interface SampleOptions {
  readonly levels?: number;
  readonly replicates?: number;
  readonly compare?: readonly Comparison[];
  readonly status?: ExperimentStatus;
  /** Runs that are done, in the order the job takes them; all if left out. */
  readonly done?: number;
  /** Runs (by index in that order) that failed, with their message. */
  readonly failed?: Readonly<Record<number, string>>;
  /** From this level on the second layer holds nothing. */
  readonly emptyFrom?: number;
  readonly error?: string;
  /** Numbers to predict instead of classes; R² is what accuracy would be. */
  readonly regression?: true;
  /** As an earlier version wrote it, which did not evaluate outputs. */
  readonly unevaluated?: true;
}

const steps = 5000;
const evaluateEvery = 250;
const layers = [
  { name: 'dense_1', shape: [784, 300], rate: 1.03 },
  { name: 'dense_2', shape: [300, 100], rate: 0.78 },
  { name: 'output', shape: [100, 10], rate: 0.32 },
];
const total = 266_200;

const finals: Readonly<Partial<Record<Method, readonly (readonly [level: number, accuracy: number])[]>>> = {
  iterative: [
    [0, 0.9795], [3, 0.9809], [7, 0.9822], [11, 0.9833], [15, 0.9827], [18, 0.9786], [21, 0.9712],
  ],
  'one-shot': [
    [0, 0.9795], [4, 0.9808], [8, 0.9811], [11, 0.9794], [15, 0.9741], [18, 0.966], [21, 0.951],
  ],
  'random-reinit': [
    [0, 0.9795], [4, 0.9792], [7, 0.9785], [11, 0.9769], [15, 0.9701], [18, 0.959], [21, 0.941],
  ],
  'random-mask': [
    [0, 0.9795], [4, 0.978], [7, 0.976], [11, 0.9698], [15, 0.9627], [18, 0.949], [21, 0.921],
  ],
}; // prettier-ignore

/** A repeatable number from −1 to 1. */
function noise(...parts: readonly (number | string)[]): number {
  let hash = 2166136261;
  for (const character of parts.join('/')) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash >>> 8) / 0xffffff) * 2 - 1;
}

function interpolate(knots: readonly (readonly [number, number])[], x: number): number {
  const after = knots.findIndex(([at]) => at >= x);
  if (after < 0) return knots.at(-1)![1];
  if (after === 0) return knots[0]![1];
  const [x0, y0] = knots[after - 1]!;
  const [x1, y1] = knots[after]!;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

export function statistic(values: readonly number[]): Statistic {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)), values };
}

export function sampleKey(method: Method, level: number, replicate: number): string {
  const text = `${method}/${level}/${replicate}`;
  return Array.from({ length: 32 }, (_, i) => Math.floor((noise(text, i) + 1) * 7.99).toString(16)).join('');
}

function finalAccuracy(method: Method, level: number, replicate: number): number {
  return interpolate(finals[method] ?? finals['one-shot']!, level) + 0.0011 * noise(method, level, replicate);
}

function earlyStop(method: Method, level: number, replicate: number): number {
  const base =
    method === 'iterative' ? 2400 - 55 * level : method === 'one-shot' ? 2400 - 20 * level : 2600 + 60 * level;
  return Math.max(
    evaluateEvery,
    Math.round((base + 300 * noise('stop', method, level, replicate)) / evaluateEvery) * evaluateEvery,
  );
}

/** Evaluations of one run up to a step. */
export function sampleCurve(method: Method, level: number, replicate: number, until = steps): CurvePoint[] {
  const final = finalAccuracy(method, level, replicate);
  const stop = earlyStop(method, level, replicate);
  const pace = stop / 4.2;
  const points: CurvePoint[] = [];
  for (let step = 0; step <= until; step += evaluateEvery) {
    const learned = 1 - Math.exp(-step / pace);
    const jitter = step === 0 || step === steps ? 0 : 0.0012 * noise('jitter', method, level, replicate, step);
    const testAccuracy =
      0.1 + (final - 0.1) * (1 - 0.93 * Math.exp(-step / (pace * 0.16)) - 0.07 * (1 - learned)) + jitter;
    const overfit = Math.max(0, (step - stop) / steps) ** 2;
    const validationLoss =
      2.3 * Math.exp(-step / (pace * 0.2)) + 4.2 * (1 - final) * (0.85 + 0.35 * (1 - learned)) + overfit * 0.12;
    points.push({
      step,
      trainLoss:
        step === 0 ? null : 2.1 * Math.exp(-step / (pace * 0.22)) + 0.16 * Math.exp(-step / (pace * 2)) + 0.004,
      validationLoss,
      validationAccuracy: testAccuracy - 0.0006,
      testLoss: validationLoss * 1.04,
      testAccuracy,
    });
  }
  return points;
}

function keptOf(layer: (typeof layers)[number], level: number, emptyFrom: number): number {
  if (layer.name === 'dense_2' && level >= emptyFrom) return 0;
  return Math.max(1, Math.round(layer.shape[0]! * layer.shape[1]! * 0.8 ** (level * layer.rate)));
}

export function sampleExperiment(options: SampleOptions = {}): Experiment {
  return {
    name: 'lenet-mnist',
    model: 'builtin:lenet-300-100',
    start: 'fresh',
    data: { format: 'idx', directory: '../data/mnist', validation: 5000, mean: 0.1307, std: 0.3081 },
    training: {
      optimizer: { name: 'adam', learningRate: 0.0012, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      schedule: { name: 'constant', warmup: 0 },
      loss: 'cross-entropy',
      batchSize: 60,
      steps,
      evaluateEvery,
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
      levels: options.levels ?? 15,
    },
    rewind: 0,
    compare: [...(options.compare ?? ['one-shot', 'random-reinit', 'random-mask'])],
    worth: true,
    replicates: options.replicates ?? 3,
    seed: 0,
    executor: 'auto',
  };
}

/** The runs of the experiment in the order the job takes them: level by level, trunk first. */
function plannedRuns(experiment: Experiment): { method: Method; level: number; replicate: number }[] {
  const runs: { method: Method; level: number; replicate: number }[] = [];
  for (let level = 0; level <= experiment.pruning.levels; level++) {
    for (const method of ['iterative', ...(level > 0 ? experiment.compare.map(methodOf) : [])] as const) {
      for (let replicate = 0; replicate < experiment.replicates; replicate++) runs.push({ method, level, replicate });
    }
  }
  return runs;
}

export function sampleReport(options: SampleOptions = {}): Report {
  const experiment = sampleExperiment(options);
  const planned = plannedRuns(experiment);
  const done = options.done ?? planned.length;
  const status = options.status ?? 'done';
  const running = status === 'running';
  const emptyFrom = options.emptyFrom ?? Number.POSITIVE_INFINITY;
  const keptAt = (level: number): number =>
    level === 0 ? total : layers.reduce((sum, layer) => sum + keptOf(layer, level, emptyFrom), 0);
  const runs = planned.map(({ method, level, replicate }, index): ReportRun => {
    const base = { key: sampleKey(method, level, replicate), method, level, replicate };
    const error = options.failed?.[index];
    if (error !== undefined) return { ...base, status: 'failed', kept: keptAt(level), error };
    if (index < done) return { ...base, status: 'done', kept: keptAt(level), seconds: secondsOf(level) };
    return { ...base, status: index === done && running ? 'running' : 'waiting' };
  });
  const series = (['iterative', ...experiment.compare.map(methodOf)] as const).map(method => ({
    method,
    points: Array.from({ length: experiment.pruning.levels + 1 }, (_, level) =>
      pointOf(
        runs.filter(run => run.method === method && run.level === level && run.status === 'done'),
        keptAt(level),
        options,
      ),
    ).filter(point => point !== undefined),
  }));
  const measured = series[0]!.points.length;
  const task = options.regression ? ({ task: 'regression' } as const) : {};
  const reportLayers = layers.map((layer): ReportLayer => ({
    name: layer.name,
    shape: layer.shape,
    total: layer.shape[0]! * layer.shape[1]!,
    kept: Array.from({ length: measured }, (_, level) =>
      level === 0 ? layer.shape[0]! * layer.shape[1]! : keptOf(layer, level, emptyFrom),
    ),
  }));
  const report: Report = {
    experiment,
    status,
    ...(options.error === undefined ? {} : { error: options.error }),
    ...task,
    executor: 'wasm',
    device: '2 threads, AMD EPYC',
    dataDescription: 'MNIST (idx): 55,000 / 5,000 / 10,000',
    modelDescription: 'lenet-300-100: 266,200 prunable weights',
    seconds: { train: 81.4, evaluate: 6.3, total: 88.9 },
    series,
    layers: reportLayers,
    verdict: verdict({
      quality: qualityOf(task),
      series,
      compare: experiment.compare.map(methodOf),
      levels: experiment.pruning.levels,
      running,
    }),
    runs,
  };
  // measured after all runs, and never by an earlier version
  return status === 'done' && !options.unevaluated ? { ...report, worth: sampleWorth(report) } : report;
}

function secondsOf(level: number): number {
  return 1.1 + 5 * 0.8 ** level;
}

function pointOf(runs: readonly ReportRun[], kept: number, options: SampleOptions): ReportPoint | undefined {
  const [first] = runs;
  if (!first) return undefined;
  const over = (value: (run: ReportRun) => number): Statistic => statistic(runs.map(value));
  const accuracy = (run: ReportRun): number => finalAccuracy(run.method, run.level, run.replicate);
  return {
    level: first.level,
    kept,
    total,
    sparsity: 1 - kept / total,
    testAccuracy: options.regression ? { mean: 0, std: 0, values: [] } : over(accuracy),
    testLoss: over(run => 4.4 * (1 - accuracy(run))),
    validationAccuracy: over(run => accuracy(run) - 0.0006),
    earlyStopStep: over(run => earlyStop(run.method, run.level, run.replicate)),
    seconds: over(run => secondsOf(run.level) * (1 + 0.05 * noise('seconds', run.key))),
    ...(!options.unevaluated && { measures: options.regression ? regressionMeasures(over) : classMeasures(over) }),
    runs: runs.map(run => run.key),
  };
}

type Over = (value: (run: ReportRun) => number) => Statistic;

function classMeasures(over: Over): NonNullable<ReportPoint['measures']> {
  const error = (run: ReportRun): number => 1 - finalAccuracy(run.method, run.level, run.replicate);
  return {
    topFive: over(run => 1 - error(run) / 40),
    worstRecall: over(run => 1 - 2.2 * error(run)),
    calibrationError: over(run => 0.4 * error(run)),
    brier: over(run => 1.6 * error(run)),
  };
}

function regressionMeasures(over: Over): NonNullable<ReportPoint['measures']> {
  const r2 = (run: ReportRun): number => finalAccuracy(run.method, run.level, run.replicate);
  return {
    r2: over(r2),
    rootMeanSquaredError: over(run => 20 * Math.sqrt(1 - r2(run))),
    meanAbsoluteError: over(run => 15 * Math.sqrt(1 - r2(run))),
  };
}

/** Curves of every run that has started, by key. */
export function sampleCurves(report: Report): Record<string, CurvePoint[]> {
  const curves: Record<string, CurvePoint[]> = {};
  for (const run of report.runs) {
    if (run.status === 'waiting') continue;
    const until = run.status === 'done' ? steps : run.status === 'failed' ? 1500 : 2000;
    const curve = sampleCurve(run.method, run.level, run.replicate, until);
    const withoutAccuracy = (point: CurvePoint) => ({ ...point, testAccuracy: null, validationAccuracy: null });
    curves[run.key] = report.task === 'regression' ? curve.map(withoutAccuracy) : curve;
  }
  return curves;
}

/** Where the first running run of a report stands. */
export function sampleProgress(report: Report): Progress {
  const done = report.runs.filter(run => run.status === 'done').length;
  const run = report.runs.find(one => one.status === 'running');
  return {
    runsDone: done,
    runsTotal: report.runs.length,
    ...(run
      ? { run: { key: run.key, method: run.method, level: run.level, replicate: run.replicate, step: 2000, steps } }
      : {}),
    levels: report.experiment.pruning.levels,
    fraction: done / report.runs.length,
    secondsLeft: 38,
  };
}

/** The states a panel can be in. */
export const sampleReports = {
  /** Three replicates with every control: a winning ticket. */
  done: () => sampleReport(),
  single: () => sampleReport({ replicates: 1 }),
  withoutControls: () => sampleReport({ replicates: 1, compare: ['one-shot'] }),
  running: () => sampleReport({ replicates: 1, status: 'running', done: 1 + 8 * 4 + 1 }),
  started: () => sampleReport({ replicates: 1, status: 'running', done: 0 }),
  /** Two control runs failed, the rest is there. */
  partlyFailed: () =>
    sampleReport({
      replicates: 1,
      failed: {
        31: 'Loss became NaN at step 1,500. Lower training.optimizer.learningRate.',
        32: 'Loss became NaN at step 1,750. Lower training.optimizer.learningRate.',
      },
    }),
  failed: () =>
    sampleReport({
      replicates: 1,
      status: 'failed',
      done: 9,
      error:
        'runs/3f2a…/final.safetensors could not be written: no space left on device. Free some space and run again.',
    }),
  cancelled: () => sampleReport({ replicates: 1, status: 'cancelled', done: 21 }),
  regression: () => sampleReport({ regression: true }),
  /** Written by a version that did not evaluate outputs. */
  unevaluated: () => sampleReport({ unevaluated: true }),
  emptyLayer: () => sampleReport({ replicates: 1, levels: 20, emptyFrom: 17 }),
} as const;
