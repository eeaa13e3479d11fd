/**
 * What a report must hold to be shown: a job has sent it, or it lay in a store. Lenient about fields that are not known
 * here, so that an older host reads a newer store, and strict about what is used.
 */
import * as z from 'zod';
import { experimentSchema } from '../shared/experiment';
import { measureNames, methods } from '../shared/report';
import { measured } from '../shared/storedCurve';
import { key, method, study } from '../shared/storedProgress';

export const count = z.int().min(0);
/** Paths are made of it. */
export const experimentName = experimentSchema.shape.name;
export const text = z.string().max(100_000);

const statistic = z.looseObject({ mean: measured, std: measured, values: z.array(measured).max(1000) });

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
  runs: z.array(key).max(1000),
});

const series = z.looseObject({
  method,
  points: z.array(point).max(1000),
  sparsities: z.array(measured).max(1000).optional(),
});

const ranking = z.looseObject({
  sparsity: measured,
  level: count.optional(),
  entries: z
    .array(
      z.looseObject({
        method,
        kept: count,
        quality: statistic,
        difference: z.looseObject({ mean: measured, std: measured, pairs: count }).optional(),
      }),
    )
    .max(100),
  text,
});

const studies = {
  sweep: z
    .array(z.looseObject({ rewind: count, points: z.array(point).max(1000) }))
    .max(1000)
    .optional(),
  sweepAdvice: text.optional(),
  stability: z
    .array(
      z.looseObject({
        at: count,
        level: count,
        rewind: count.optional(),
        barrier: statistic,
        stable: z.boolean(),
        path: z.array(z.looseObject({ alpha: measured, testError: statistic })).max(10_000),
        runs: z.array(key).max(10_000),
      }),
    )
    .max(10_000)
    .optional(),
  stabilityAdvice: text.optional(),
  transfer: z.looseObject({ dataDescription: text, series: z.array(series).max(100), summary: text }).optional(),
};

const verdict = z.looseObject({
  found: z.boolean(),
  level: count,
  sparsity: measured,
  summary: text,
  reasons: z.array(text).max(1000),
  advice: text.optional(),
  levels: z
    .array(z.looseObject({ level: count, reasons: z.array(z.looseObject({ met: z.boolean(), text })).max(1000) }))
    .max(1000),
  best: z.array(ranking).max(2000).optional(),
});

/** Of the experiment, what host and webviews read; the job has checked the rest before it wrote it. */
const experiment = z.looseObject({
  name: experimentName,
  model: text,
  data: z.looseObject({ format: text }),
  training: z.looseObject({ steps: count, batchSize: count, evaluateEvery: count }),
  pruning: z.looseObject({ scope: text, rate: measured, levels: count }),
  rewind: count,
  compare: z.array(z.union([text, z.looseObject({ method: text })])).max(100),
  replicates: count,
  seed: count,
  executor: text,
});

const executorChoice = z.looseObject({
  executor: text,
  reason: text,
  candidates: z
    .array(
      z.looseObject({
        executor: text,
        device: text.optional(),
        speed: z.looseObject({ dense: measured, sparse: measured, mean: measured }).optional(),
        reason: text.optional(),
      }),
    )
    .max(100),
  losses: z
    .array(
      z.looseObject({
        executor: text,
        kind: z.enum(['lost', 'out-of-memory', 'missing']),
        method: z.enum([...methods, 'prefix']),
        level: count,
        replicate: count,
        next: text,
      }),
    )
    .max(100),
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
  levels: z
    .array(
      z.looseObject({
        level: count,
        run: key,
        bytes: storageBytes,
        multiplyAdds,
        layers: z.array(z.looseObject({ name: text, bytes: storageBytes, multiplyAdds })).max(100_000),
        seconds: z.looseObject({ step: measured, inference: measured }).nullable(),
      }),
    )
    .max(1000),
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
  labelNames: z.array(text).max(1000).optional(),
  inputShape: z.array(count).max(16).optional(),
  executor: text,
  device: text,
  executorChoice: executorChoice.optional(),
  dataDescription: text,
  modelDescription: text,
  seconds: z.looseObject({ train: measured, evaluate: measured, total: measured }),
  memory: z.looseObject({ data: measured, parameters: measured, activations: measured, total: measured }).optional(),
  series: z.array(series).max(100),
  layers: z
    .array(
      z.looseObject({
        name: text,
        shape: z.array(count).max(16),
        total: count,
        kept: z.array(count).max(1000),
      }),
    )
    .max(100_000),
  verdict,
  ...studies,
  worth: worth.optional(),
  runs: z
    .array(
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
    )
    .max(1_000_000),
});
