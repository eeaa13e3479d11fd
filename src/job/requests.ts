/** What the host may send to a job: checked and bounded, as anything that comes from another process. */
import * as z from 'zod';
import { safeParse } from '../shared/check';
import { executors } from '../shared/experiment';

const path = z.string().min(1).max(32_768);

const request = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    experimentPath: path,
    storeDirectory: path,
    executor: z.enum(executors).exclude(['auto']).optional(),
    checkpointSeconds: z.number().min(0).max(86_400).optional(),
    parallel: z.int().min(1).max(1024).optional(),
  }),
  z.strictObject({ type: z.enum(['cancel', 'pause', 'leave']) }),
]);

type Request = z.output<typeof request>;
export type Start = Extract<Request, { type: 'start' }>;

/** @returns the message, or what is wrong with it */
export function checkRequest(message: unknown): Request | { readonly problem: string } {
  const parsed = safeParse(request, message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { problem: `${issue!.path.join('.') || 'the message'}: ${issue!.message}` };
}
