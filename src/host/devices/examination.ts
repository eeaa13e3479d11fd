/** What the doctor found, in a process of its own; checked, since a process or a stored value can be anything. No vscode. */
import * as z from 'zod';
import type { Examination } from '../../shared/examination';
import { runCli } from '../cliProcess';
import type { JobSettings } from '../jobProcess';
import { check } from '../validate';

const text = z.string().max(100_000);
const texts = z.array(text).max(1000);
const rate = z.number().min(0);

const executor = z.discriminatedUnion('usable', [
  z.looseObject({ name: text, usable: z.literal(false), reason: text }),
  z.looseObject({
    name: text,
    usable: z.literal(true),
    device: text,
    notes: texts,
    stepsPerSecond: rate,
    measurements: z
      .array(
        z.union([
          z.looseObject({ measuredOn: text, stepsPerSecond: rate, sparseStepsPerSecond: rate.optional() }),
          z.looseObject({ measuredOn: text, reason: text }),
        ]),
      )
      .max(100),
  }),
]);

const examination = z.looseObject({
  node: text,
  platform: text,
  findings: texts,
  executors: z.array(executor).max(100),
  auto: z.array(z.looseObject({ measuredOn: text, executor: text })).max(100),
});

/** Null where it is none: a value that another version has kept, say. */
export function checkExamination(value: unknown): Examination | null {
  const checked = check<Examination>(examination, value);
  return checked.ok ? checked.value : null;
}

export interface ExaminationOptions {
  /** The command line. */
  readonly script: string;
  readonly environment: JobSettings['environment'];
  readonly signal: AbortSignal;
  readonly onExecutor: (name: string) => void;
  readonly log: (line: string) => void;
}

/** @throws Error with what the doctor said; the signal's reason */
export async function runDoctor(options: ExaminationOptions): Promise<Examination> {
  const { script, environment, signal, onExecutor, log } = options;
  const output = await runCli({
    script,
    arguments: ['doctor', '--json'],
    environment,
    signal,
    onLine: line => {
      const name = /^measuring (\S+)$/.exec(line)?.[1];
      if (name === undefined) log(line);
      else onExecutor(name);
    },
  });
  const found = checkExamination(parse(output));
  if (!found) throw new Error('The doctor gave an answer that cannot be read: see the log.');
  return found;
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return null;
  }
}
