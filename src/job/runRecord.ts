/** What a `run.json` must hold to be believed: anyone may have written it. */
import * as z from 'zod';
import { runKey } from '../lottery/graph';
import { safeParse } from '../shared/check';
import { measureNames } from '../shared/report';
import type { RunRecord } from '../shared/run';
import { unsealed } from './care/checksum';

/** No path is ever made from anything else. */
export const keyPattern = /^[0-9a-f]{32}$/;

const key = z.string().regex(keyPattern);
const finite = z.number();
const seconds = finite.min(0);
const step = z.int().min(0);
const bytes = finite.min(0);

const ownStart = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('initial'), seed: finite }),
  z.strictObject({ kind: z.literal('file') }),
  z.strictObject({ kind: z.literal('final'), run: key }),
]);
const start = z.discriminatedUnion('kind', [
  ownStart,
  z.strictObject({
    kind: z.literal('transferred'),
    model: z.string(),
    start: ownStart,
    fresh: z.array(z.string()),
    seed: finite,
  }),
]);

const scope = z.enum(['global', 'layer', 'uniform', 'erk']);

/** One of them; the key, a hash of all inputs, vouches for the rest. */
const keptCount = { countsOf: key.optional(), sparsity: finite.gt(0).lt(1).optional() };

const structure = { structure: z.string().optional(), norm: z.enum(['l1', 'l2']).optional() };

const wanda = z.strictObject({ examples: step, variant: z.literal(true).optional() }).optional();

const mask = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ones') }),
  z.strictObject({
    kind: z.literal('magnitude'),
    run: key,
    scope,
    rate: finite,
    outputRate: finite,
    convolutionRate: finite.optional(),
    rates: z.record(z.string(), finite).optional(),
    exclude: z.array(z.string()),
    counts: z.enum(['exact', 'open_lth', 'google']),
    ...structure,
    wanda,
  }),
  z.strictObject({
    kind: z.literal('magnitude-to'),
    run: key,
    ...keptCount,
    scope,
    exclude: z.array(z.string()),
    ...structure,
    wanda,
  }),
  z.strictObject({
    kind: z.literal('scored'),
    criterion: z.enum(['snip', 'grasp', 'synflow', 'prospr', 'magnitude', 'random']),
    start,
    distribution: z.enum(['global', 'uniform', 'erk']),
    exclude: z.array(z.string()),
    seed: finite.optional(),
    examples: step.optional(),
    rounds: step.optional(),
    ...keptCount,
  }),
  z.strictObject({
    kind: z.literal('gradual'),
    begin: step,
    end: step,
    every: step,
    exclude: z.array(z.string()),
    ...keptCount,
  }),
  z.strictObject({ kind: z.literal('same'), run: key, whole: z.array(z.string()).optional() }),
  z.strictObject({
    kind: z.literal('shuffled'),
    run: key,
    seed: finite,
    whole: z.array(z.string()).optional(),
    structure: z.string().optional(),
  }),
]);

const inputs = z.strictObject({
  version: z.literal(1),
  model: z.string(),
  data: z.string(),
  executor: z.strictObject({ name: z.string(), variant: z.string() }),
  // the fields of the training recipe are vouched for by the key, which is their hash
  training: z.looseObject({ batchSize: step, evaluateEvery: step }),
  orderSeed: finite,
  steps: z.strictObject({ from: step, to: step, total: step }),
  mask,
  start,
});

/** Those that a record vouches for, as long as they are there. */
export const runFiles = [
  'curve.jsonl',
  'evaluation.json',
  'start.safetensors',
  'final.safetensors',
  'mask.safetensors',
] as const;
export type RunFile = (typeof runFiles)[number];

const file = z.strictObject({ bytes: step, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export type FileSum = Readonly<z.output<typeof file>>;
export type FileSums = Readonly<Partial<Record<RunFile, FileSum>>>;

const measures = Object.fromEntries(measureNames.map(name => [name, finite.optional()]));

const record = z.looseObject({
  key,
  inputs,
  status: z.enum(['done', 'failed']),
  error: z.string().optional(),
  executor: z.string(),
  device: z.string(),
  versions: z.record(z.string(), z.string()),
  startedAt: z.string(),
  finishedAt: z.string(),
  seconds: z.strictObject({ train: seconds, evaluate: seconds, total: seconds }),
  layers: z.array(z.strictObject({ name: z.string(), shape: z.array(step), total: step, kept: step })),
  final: z
    .strictObject({
      testAccuracy: finite.min(0).max(1).nullable(),
      testLoss: finite,
      validationAccuracy: finite.min(0).max(1).nullable(),
      validationLoss: finite.nullable(),
    })
    .optional(),
  measures: z.strictObject(measures).optional(),
  earlyStopStep: step.optional(),
  stoppedAt: step.optional(),
  memory: z.strictObject({ data: bytes, parameters: bytes, activations: bytes, total: bytes }).optional(),
  files: z.partialRecord(z.enum(runFiles), file).optional(),
});

export interface StoredRun {
  readonly record: RunRecord;
  /** null: of version 1 of the store, which wrote none. */
  readonly files: FileSums | null;
}

/**
 * @param text content of `run.json` in the folder `expectedKey`
 * @returns what is wrong with it where it is not the complete record of that very run, as the end of a sentence
 */
export function parseStoredRun(text: string, expectedKey: string): StoredRun | string {
  const { seal, value } = unsealed(text);
  if (seal === 'broken') return value ? 'does not have its checksum' : 'is no JSON object';
  const result = safeParse(record, value);
  if (!result.success) {
    const [issue] = result.error.issues;
    return `is no record of a run: ${issue!.path.join('.')}: ${issue!.message}`;
  }
  const { files, ...rest } = result.data;
  const parsed = rest as unknown as RunRecord;
  if (parsed.key !== expectedKey || runKey(parsed.inputs) !== expectedKey) return 'is the record of another run';
  if (parsed.status === 'done' && parsed.final === undefined) return 'has no result';
  if (seal === 'missing') return files ? 'has no checksum' : { record: parsed, files: null };
  const absent = filesOf(parsed).find(name => !files?.[name]);
  return absent === undefined ? { record: parsed, files: files ?? {} } : `does not name ${absent}`;
}

/** Those that a run must have. */
export function filesOf({ status, measures: measured }: RunRecord): readonly RunFile[] {
  if (status === 'failed') return ['curve.jsonl'];
  return runFiles.filter(name => name !== 'evaluation.json' || measured !== undefined);
}
