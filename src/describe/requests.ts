/** What the host may ask: checked and bounded, as anything that comes from another process. */
import * as z from 'zod';
import { safeParse } from '../shared/check';
import { dataSchema } from '../shared/dataConfig';
import type { HostToDescriber } from '../shared/describeMessages';

const id = z.int().positive();
const text = z.string().min(1).max(32_768);
const shape = z.array(z.int().positive()).min(1).max(8);
const data = z.strictObject({ inputShape: shape, classes: z.int().positive().max(1_000_000) });

const request: z.ZodType<HostToDescriber> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('model'), id, spec: text, folder: text, data: data.nullable() }),
  z.strictObject({ type: z.literal('builtins'), id, names: z.array(text).max(100), data }),
  z.strictObject({
    type: z.literal('data'),
    id,
    config: dataSchema,
    folder: text,
    wanted: shape.nullable(),
    sample: z.boolean(),
  }),
]);

/** @returns the message, or what is wrong with it */
export function checkRequest(message: unknown): HostToDescriber | { readonly problem: string } {
  const parsed = safeParse(request, message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { problem: `${issue!.path.join('.') || 'the message'}: ${issue!.message}` };
}
