/**
 * What comes from outside the host (a child process, a webview, a file in the store) is checked before use. The schemas
 * are lenient about fields they do not know, so that an older host reads a newer store, and strict about what is used.
 */
import * as z from 'zod';
import { safeParse } from '../shared/check';
import { formatCount } from '../shared/format';
import { maskLimits, maskWeights } from '../shared/mask';
import type { ComparisonToHost, JobToHost, PanelToHost, SidebarToHost } from '../shared/messages';
import { previewAnswers, type PreviewToHost } from '../shared/previewMessages';
import type { Report } from '../shared/report';
import { curvePoint } from '../shared/storedCurve';
import { key, progress } from '../shared/storedProgress';
import { holdsMoreThan } from './messageSize';
import { count, experimentName, report, text } from './reportSchema';
import { savedFileSchema } from './savedFile';

/** More experiments than this in one chart help nobody. */
export const mostCompared = 12;

const jobMessage = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('progress'), progress }),
  z.looseObject({ type: z.literal('evaluation'), run: key, point: curvePoint }),
  z.looseObject({ type: z.literal('report'), report }),
  z.looseObject({ type: z.literal('log'), level: z.enum(['info', 'warn', 'error']), message: text }),
  z.looseObject({
    type: z.literal('finished'),
    status: z.enum(['running', 'done', 'failed', 'cancelled', 'paused']),
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
  signal('pause'),
  signal('resume'),
  signal('prioritise'),
  signal('removeFromQueue'),
  signal('cancelOnCluster'),
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

/** A report of 10,000 runs holds some 300,000. */
const mostValues = 2_000_000;

/** @param most entries that all lists and objects may have together */
export function check<T>(schema: z.ZodType, value: unknown, most = mostValues): Checked<T> {
  if (holdsMoreThan(value, most)) return { ok: false, problem: `more than ${formatCount(most)} values` };
  const result = safeParse(schema, value);
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

const holder = z.looseObject({ startedAt: z.iso.datetime(), experiment: text.optional() });

/** SHA-256 of the files of a run, by name, that its `run.json` tells; none where it is of a version that has none. */
export function parseChecksums(json: string): ReadonlyMap<string, string> {
  const { files } = z
    .looseObject({ files: z.record(z.string(), z.looseObject({ sha256: z.string() })).optional() })
    .parse(JSON.parse(json));
  return new Map(Object.entries(files ?? {}).map(([name, file]) => [name, file.sha256]));
}

/** Who holds the `lock` of a store: when they began, ms since 1970, and what they work on; null where it cannot be read. */
export function parseLock(json: string): { readonly startedAt: number; readonly experiment?: string } | null {
  try {
    const { startedAt, experiment } = holder.parse(JSON.parse(json));
    return { startedAt: Date.parse(startedAt), ...(experiment !== undefined && { experiment }) };
  } catch {
    return null;
  }
}

/** Whether a name can be a folder of the store, as an experiment file may have it. */
export function isExperimentName(value: unknown): value is string {
  return safeParse(experimentName, value).success;
}
