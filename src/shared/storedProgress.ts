/** What a `progress.json` must hold to be shown: anyone may have written it. Also what a job sends while it is at work. */
import * as z from 'zod';
import { methods, type Progress } from './report';

export const key = z.string().regex(/^[0-9a-f]{8,64}$/, 'must be the key of a run');
export const method = z.enum(methods);
const count = z.int().min(0);

export const study = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('sweep'), rewind: count }),
  z.looseObject({ kind: z.literal('stability'), at: count, branch: z.literal([0, 1]) }),
  z.looseObject({ kind: z.literal('transfer') }),
]);

const brief = z.object({
  runsDone: count,
  runsTotal: count,
  fraction: z.number().min(0).max(1),
  secondsLeft: z.number().nullable(),
});
/** The part of a progress that fits in a line. */
export type BriefProgress = z.infer<typeof brief>;

/** Lenient about fields that are not known here, strict about what is shown. */
export const progress = z.looseObject({
  ...brief.shape,
  run: z
    .looseObject({
      key,
      method,
      study: study.optional(),
      sparsity: z.number().optional(),
      level: count,
      replicate: count,
      step: count,
      steps: count,
    })
    .optional(),
  runsAtWork: count.optional(),
  levels: count,
});

/** @returns null where the text is no progress */
export function parseProgress(json: string): Progress | null {
  return parse(progress, json) as Progress | null;
}

/** Of a newer version's too, whatever else it says. @returns null where the text is no progress */
export function parseBriefProgress(json: string): BriefProgress | null {
  return parse(brief, json);
}

function parse<S extends z.ZodType>(schema: S, json: string): z.output<S> | null {
  try {
    return schema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}
