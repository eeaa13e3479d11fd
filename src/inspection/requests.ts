/** What the host may send: checked and bounded, as anything that comes from another process. */
import * as z from 'zod';
import { inspectorLimits, type HostToInspector } from '../shared/inspectorMessages';
import { limits } from '../checkpoints/checkpoint';
import { safeParse } from '../shared/check';

const id = z.number().int().positive();
const index = z.number().int().nonnegative();
const path = z.string().min(1).max(32_768);
const tensors = z.array(index).max(limits.tensors);
const reference = z.strictObject({ file: id, tensor: index });
const region = z.strictObject({ row: index, column: index, rows: id, columns: id });
const side = z.number().int().positive().max(inspectorLimits.cells);
const cells = z.strictObject({ rows: side, columns: side });

/** Files that the host has read itself lie in the memory of both processes. */
const mostBytes = 2 ** 28;
const bytes = z
  .instanceof(Uint8Array)
  .refine(value => value.length <= mostBytes, { message: `more than ${mostBytes} bytes` });

const request: z.ZodType<HostToInspector> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('settings'), cacheDirectory: path.nullable() }),
  z.strictObject({
    type: z.literal('open'),
    id,
    source: z.union([z.strictObject({ path }), z.strictObject({ name: path, identity: path, bytes })]),
  }),
  z.strictObject({ type: z.literal('close'), file: id }),
  z.strictObject({ type: z.literal('statistics'), id, file: id, tensors }),
  z.strictObject({ type: z.literal('prefer'), id, wanted: tensors }),
  z.strictObject({ type: z.literal('tile'), id, file: id, tensor: index, region, cells }),
  z.strictObject({ type: z.literal('details'), id, file: id, tensor: index }),
  z.strictObject({ type: z.literal('compare'), id, left: id, right: id }),
  z.strictObject({ type: z.literal('maskTile'), id, left: reference, right: reference, region, cells }),
  z.strictObject({ type: z.literal('nextDifference'), id, left: reference, right: reference, from: index }),
  z.strictObject({ type: z.literal('cancel'), id }),
]);

/** @returns the message, or what is wrong with it */
export function checkRequest(message: unknown): HostToInspector | { readonly problem: string } {
  const parsed = safeParse(request, message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { problem: `${issue!.path.join('.') || 'the message'}: ${issue!.message}` };
}
