/** A line of a job's log: `<store>/logs/<experiment>-<time>.jsonl`. */
import * as z from 'zod';
import { safeParse } from './check';

export const logLevels = ['info', 'warn', 'error'] as const;

/** A message is for people; a longer one is cut. */
export const longestLogMessage = 10_000;

export interface LogLine {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: (typeof logLevels)[number];
  readonly message: string;
  /** What the message is about, by its name. */
  readonly [field: string]: string | number | null;
}

const value = z.union([z.string().max(longestLogMessage), z.number(), z.null()]);
const line = z
  .object({
    time: z.iso.datetime(),
    level: z.enum(logLevels),
    message: z.string().max(longestLogMessage),
  })
  .catchall(value);

/** Lines of a log in their order: anyone may have written it, and the last line may be half there. Others are left out. */
export function parseLog(text: string): LogLine[] {
  return text.split('\n').flatMap((one): LogLine[] => {
    try {
      const { data } = safeParse(line, JSON.parse(one));
      return data ? [data] : [];
    } catch {
      return [];
    }
  });
}
