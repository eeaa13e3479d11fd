/**
 * What a report must hold to be shown: a job has sent it, or it lay in a store. Lenient about fields that are not known
 * here, so that an older host reads a newer store, and strict about what is used.
 */
import * as z from 'zod';
import { experimentSchema } from '../shared/experiment';
import { measureNames, methods } from '../shared/report';
import { measured } from '../shared/storedCurve';
import { key, method, study } from '../shared/storedProgress';
import { list } from './boundedList';

export const count = z.int().min(0);
/** Paths are made of it. */
export const experimentName = experimentSchema.shape.name;
export const text = z.string().max(100_000);
/** Ten times as many as a long study has. */
const mostRuns = 100_000;

const statistic = z.looseObject({ mean: measured, std: measured, values: list(measured, 1000) });

const point = z.looseObject({
  level: count,
  kept: count,
  total: count,
  sparsity: measured,
  testAccuracy: statistic,
  testLoss: statistic,
  validationAccuracy: statistic,
  earlyStopStep: statistic,
  seconds: statistic,
  measures: z.looseObject(Object.fromEntries(measureNames.map(name => [name, statistic.optional()]))).optional(),
  runs: list(key, 1000),
});

const series = z.looseObject({
  method,
  points: list(point, 1000),
  sparsities: list(measured, 1000).optional(),
});

const ranking = z.looseObject({
  sparsity: measured,
  level: count.optional(),
  entries: list(
    z.looseObject({
      method,
      kept: count,
      quality: statistic,
      difference: z.looseObject({ mean: measured, std: measured, pairs: count }).optional(),
    }),
    100,
  ),
  text,
});

const studies = {
  sweep: list(z.looseObject({ rewind: count, points: list(point, 1000) }), 1000).optional(),
  sweepAdvice: text.optional(),
  stability: list(
    z.looseObject({
      at: count,
      level: count,
      rewind: count.optional(),
      barrier: statistic,
      stable: z.boolean(),
      path: list(z.looseObject({ alpha: measured, testError: statistic }), 10_000),
      runs: list(key, 10_000),
    }),
    10_000,
  ).optional(),
  stabilityAdvice: text.optional(),
  transfer: z.looseObject({ dataDescription: text, series: list(series, 100), summary: text }).optional(),
};

const verdict = z.looseObject({
  found: z.boolean(),
  level: count,
  sparsity: measured,
  summary: text,
  reasons: list(text, 1000),
  advice: text.optional(),
  levels: list(z.looseObject({ level: count, reasons: list(z.looseObject({ met: z.boolean(), text }), 1000) }), 1000),
  best: list(ranking, 2000).optional(),
});

/** Of the experiment, what host and webviews read; the job has checked the rest before it wrote it. */
const experiment = z.looseObject({
  name: experimentName,
  model: text,
  data: z.looseObject({ format: text }),
  training: z.looseObject({ steps: count, batchSize: count, evaluateEvery: count }),
  pruning: z.looseObject({ scope: text, rate: measured, levels: count }),
  rewind: count,
  compare: list(z.union([text, z.looseObject({ method: text })]), 100),
  replicates: count,
  seed: count,
  executor: text,
});

const executorChoice = z.looseObject({
  executor: text,
  reason: text,
  candidates: list(
    z.looseObject({
      executor: text,
      device: text.optional(),
      speed: z.looseObject({ dense: measured, sparse: measured, mean: measured }).optional(),
      reason: text.optional(),
    }),
    100,
  ),
  losses: list(
    z.looseObject({
      executor: text,
      kind: z.enum(['lost', 'out-of-memory', 'missing']),
      method: z.enum([...methods, 'prefix']),
      level: count,
      replicate: count,
      next: text,
    }),
    100,
  ),
});

const storageBytes = z.looseObject({
  dense: count,
  gzip: count,
  coo: count,
  csr: count,
  bitmask: count,
});
const multiplyAdds = z.looseObject({ dense: count, effective: count }).nullable();

const worth = z.looseObject({
  levels: list(
    z.looseObject({
      level: count,
      run: key,
      bytes: storageBytes,
      multiplyAdds,
      layers: list(z.looseObject({ name: text, bytes: storageBytes, multiplyAdds }), 100_000),
      seconds: z.looseObject({ step: measured, inference: measured }).nullable(),
    }),
    1000,
  ),
  executor: text,
  device: text,
  batchSize: count,
  statement: text,
});

export const report = z.looseObject({
  experiment,
  status: z.enum(['running', 'done', 'failed', 'cancelled', 'paused']),
  error: text.optional(),
  errorField: text.optional(),
  task: z.enum(['classification', 'regression']).optional(),
  labelNames: list(text, 1000).optional(),
  inputShape: list(count, 16).optional(),
  executor: text,
  device: text,
  executorChoice: executorChoice.optional(),
  dataDescription: text,
  modelDescription: text,
  seconds: z.looseObject({ train: measured, evaluate: measured, total: measured }),
  memory: z.looseObject({ data: measured, parameters: measured, activations: measured, total: measured }).optional(),
  series: list(series, 100),
  layers: list(
    z.looseObject({
      name: text,
      shape: list(count, 16),
      total: count,
      kept: list(count, 1000),
    }),
    100_000,
  ),
  verdict,
  ...studies,
  worth: worth.optional(),
  runs: list(
    z.looseObject({
      key,
      method,
      study: study.optional(),
      sparsity: measured.optional(),
      level: count,
      replicate: count,
      status: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
      kept: count.optional(),
      seconds: measured.optional(),
      error: text.optional(),
    }),
    mostRuns,
  ),
});
