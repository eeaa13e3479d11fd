/** What the describing child says, checked before use. */
import * as z from 'zod';
import { dataSchema } from '../shared/dataConfig';
import { sampleLimits, type DescriberToHost } from '../shared/describeMessages';
import { check, type Checked } from './validate';

const id = z.int().positive();
const count = z.int().min(0);
const amount = z.number().min(0);
const words = z.string().max(10_000);
const shape = z.array(z.int().positive()).min(1).max(8);
const data = z.object({ inputShape: shape, classes: z.int().positive() });

const facts = { layers: words, weights: amount, prunable: amount, multiplyAdds: amount };

const model = z.object({
  ...facts,
  format: words,
  data,
  fixedShape: z.boolean(),
  hasWeights: z.boolean(),
  loss: z.enum(['cross-entropy', 'mean-squared-error']),
  tensorflowOnly: words.nullable(),
});

const builtin = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), name: words, ...facts }),
  z.object({ ok: z.literal(false), name: words, reason: words }),
]);

/** Of at most the side that is shown, so some ten thousand bytes, in base 64. */
const picture = z
  .string()
  .max(100_000)
  .regex(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/, 'must be a PNG as a data URI');

const sample = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('images'),
    images: z.array(z.object({ label: words, picture })).max(sampleLimits.images),
  }),
  z.object({
    kind: z.literal('table'),
    columns: z.array(words).max(sampleLimits.columns),
    rows: z.array(z.object({ label: words, values: z.array(words).max(sampleLimits.columns) })).max(sampleLimits.rows),
    columnCount: count,
  }),
]);

const described = z.object({
  config: dataSchema,
  data,
  task: z.enum(['classification', 'regression']),
  training: count,
  test: count.nullable(),
  exact: z.boolean(),
  splits: z.object({ training: z.int(), validation: count, test: count }),
  classNames: z.array(words).max(sampleLimits.classes).nullable(),
  classCounts: z.array(count).max(sampleLimits.classes),
  counted: count,
  notes: z.array(words).max(100),
  sample: sample.nullable(),
});

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('model'), id, model }),
  z.object({ type: z.literal('builtins'), id, models: z.array(builtin).max(100) }),
  z.object({ type: z.literal('data'), id, data: described }),
  z.object({ type: z.literal('failed'), id, message: z.string().max(100_000) }),
]);

export const checkDescriberMessage = (value: unknown): Checked<DescriberToHost> => check(message, value);
