/** Lists in messages: bounded, and left at the first entry that is wrong. No vscode. */
import * as z from 'zod';
import { safeParse } from '../shared/check';

/**
 * Like `z.array(element).max(most)`, which looks at every entry though the first is wrong, and has an issue for each: a
 * million of them take seconds, and nobody reads more than one.
 */
export function list<Element extends z.ZodType>(element: Element, most: number) {
  return z.unknown().transform((value, context): z.output<Element>[] => {
    const refuse = (message: string, path: readonly PropertyKey[] = []): never => {
      context.issues.push({ code: 'custom', message, path: [...path], input: value });
      return z.NEVER;
    };
    if (!Array.isArray(value)) return refuse('must be a list');
    if (value.length > most) return refuse(`must have ${most} entries at most`);
    const read: z.output<Element>[] = [];
    for (const [place, entry] of value.entries()) {
      const checked = safeParse(element, entry);
      if (!checked.success) {
        const [issue] = checked.error.issues;
        return refuse(issue!.message, [place, ...issue!.path]);
      }
      read.push(checked.data);
    }
    return read;
  });
}
