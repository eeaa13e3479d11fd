/**
 * What comes from outside the host (a child process, a webview, a file in the store) is checked before use. The schemas
 * are lenient about fields they do not know, so that an older host reads a newer store, and strict about what is used.
 */
import * as z from 'zod';
import { maskLimits, maskWeights } from '../shared/mask';
import type { ComparisonToHost, JobToHost, PanelToHost, SidebarToHost } from '../shared/messages';
import { previewAnswers, type PreviewToHost } from '../shared/previewMessages';
import { measureNames, methods, type Report } from '../shared/report';
import { curvePoint, measured } from '../shared/storedCurve';
import { savedFileSchema } from './savedFile';

const count = z.int().min(0);
/** More experiments than this in one chart help nobody. */
export const mostCompared = 12;
const key = z.string().regex(/^[0-9a-f]{8,64}$/, 'must be the key of a run');
const experimentName = z.string().regex(/^(?!\.+$)[A-Za-z0-9._-]{1,120}$/, 'must be the name of an experiment');
const method = z.enum(methods);
const text = z.string().max(100_000);

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

const report = z.looseObject({
  experiment,
  status: z.enum(['running', 'done', 'failed', 'cancelled']),
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
  series: z.array(z.looseObject({ method, points: z.array(point).max(1000) })).max(100),
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
  worth: worth.optional(),
  runs: z
    .array(
      z.looseObject({
        key,
        method,
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

const progress = z.looseObject({
  runsDone: count,
  runsTotal: count,
  run: z.looseObject({ key, method, level: count, replicate: count, step: count, steps: count }).optional(),
  levels: count,
  fraction: measured,
  secondsLeft: z.number().nullable(),
});

const jobMessage = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('progress'), progress }),
  z.looseObject({ type: z.literal('evaluation'), run: key, point: curvePoint }),
  z.looseObject({ type: z.literal('report'), report }),
  z.looseObject({ type: z.literal('log'), level: z.enum(['info', 'warn', 'error']), message: text }),
  z.looseObject({
    type: z.literal('finished'),
    status: z.enum(['done', 'failed', 'cancelled']),
    error: z.looseObject({ message: text, field: text.optional(), file: text.optional() }).optional(),
  }),
]);

const signal = <T extends string>(type: T) => z.object({ type: z.literal(type) });

/** Sizes are held against the layer later: here against what memory is for. */
const kernels = z.int().min(1).max(maskLimits.blockWeights);
const maskRequest = z.object({
  type: z.literal('mask'),
  request: z.int().min(1),
  // a path is made of it
  run: z.string().regex(/^[0-9a-f]{32}$/, 'must be the key of a run'),
  layer: z.string().max(4096),
  weights: z.enum(maskWeights),
  region: z.object({ output: count, outputs: kernels, input: count, inputs: kernels }),
  block: z.object({ outputs: kernels, inputs: kernels }).nullable(),
});

const panelMessage = z.discriminatedUnion('type', [
  signal('ready'),
  z.object({ type: z.literal('curves'), runs: z.array(key).max(10_000) }),
  z.object({ type: z.literal('evaluations'), runs: z.array(key).max(200) }),
  maskRequest,
  signal('run'),
  signal('cancel'),
  signal('addControls'),
  signal('openExperiment'),
  signal('openReport'),
  signal('copyTable'),
  signal('showLog'),
  z.object({ type: z.literal('save'), file: savedFileSchema }),
  signal('savePage'),
  signal('exportTicket'),
]);

const comparisonMessage = z.discriminatedUnion('type', [
  signal('ready'),
  z.object({ type: z.literal('open'), index: count.max(mostCompared) }),
  z.object({ type: z.literal('save'), file: savedFileSchema }),
]);

const sidebarMessage = z.discriminatedUnion('type', [signal('ready'), signal('open')]);

const previewMessage = z.discriminatedUnion('type', [
  signal('ready'),
  z.object({ type: z.literal('answer'), answer: z.enum(previewAnswers) }),
]);

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** In words: the field and what is wrong with it. */
  | { readonly ok: false; readonly problem: string };

export function check<T>(schema: z.ZodType, value: unknown): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data as T };
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  return { ok: false, problem: `${field === '' ? 'value' : `"${field}"`}: ${issue?.message ?? 'not valid'}` };
}

export const checkJobMessage = (value: unknown): Checked<JobToHost> => check(jobMessage, value);
export const checkPanelMessage = (value: unknown): Checked<PanelToHost> => check(panelMessage, value);
export const checkComparisonMessage = (value: unknown): Checked<ComparisonToHost> => check(comparisonMessage, value);
export const checkSidebarMessage = (value: unknown): Checked<SidebarToHost> => check(sidebarMessage, value);
export const checkPreviewMessage = (value: unknown): Checked<PreviewToHost> => check(previewMessage, value);

/** The text of a `report.json`. */
export function parseReport(json: string): Checked<Report> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { ok: false, problem: 'not complete JSON' };
  }
  return check<Report>(report, value);
}

/** When the holder of a store's `lock` began, ms since 1970; null where that cannot be read. */
export function parseLock(json: string): number | null {
  try {
    const result = z.looseObject({ startedAt: z.iso.datetime() }).safeParse(JSON.parse(json));
    return result.success ? Date.parse(result.data.startedAt) : null;
  } catch {
    return null;
  }
}

/** Whether a name can be a folder of the store: letters, digits, ".", "_" and "-", and not dots only. */
export function isExperimentName(value: unknown): value is string {
  return experimentName.safeParse(value).success;
}
