/**
 * `experiments/<name>/executor.json`: which executor an experiment was given at its first start, and what became of it. It
 * is read on every later start, so that nothing is measured twice and the same runs are found again.
 */
import path from 'node:path';
import * as z from 'zod';
import type { DeviceLoss, ExecutorChoice } from '../shared/executorChoice';
import { executors } from '../shared/experiment';
import { methods } from '../shared/report';
import type { ExecutorName } from './executors';
import { isMissing, makeDirectory, readBounded, writeWhole } from './files';
import { keyPattern } from './runRecord';

const maximumBytes = 64 * 1024 * 1024;
/** An experiment file may be changed back and forth; older ones are measured again. */
const maximumEntries = 50;

const name = z.enum(executors).exclude(['auto']);
const text = z.string().max(100_000);
const rate = z.number().positive();
const level = z.int().min(0);

const entry = z.strictObject({
  subject: z.string(),
  executor: name,
  variant: text,
  device: text,
  reason: text,
  candidates: z.array(
    z.strictObject({
      executor: name,
      device: text.optional(),
      speed: z.strictObject({ dense: rate, sparse: rate, mean: rate }).optional(),
      reason: text.optional(),
    }),
  ),
  losses: z.array(
    z.strictObject({
      executor: name,
      variant: text,
      device: text,
      kind: z.enum(['lost', 'out-of-memory', 'missing']),
      message: text,
      method: z.enum([...methods, 'prefix']),
      level,
      replicate: level,
      next: name,
      nextVariant: text,
      kept: z.array(z.string().regex(keyPattern)),
    }),
  ),
});

const stored = z.looseObject({ executor: name });
const file = z.strictObject({ version: z.literal(1), entries: z.array(entry).max(maximumEntries) });

export interface LossEntry extends DeviceLoss {
  readonly executor: ExecutorName;
  readonly variant: string;
  readonly next: ExecutorName;
  readonly nextVariant: string;
  /** Keys of the runs that the lost one had finished: they stay. */
  readonly kept: readonly string[];
}

export interface ExecutorEntry extends ExecutorChoice {
  /** Hash of what was measured: model, data, recipe, and what the experiment asks for. */
  readonly subject: string;
  readonly executor: ExecutorName;
  /** At the time: by it the runs are found where the executor cannot be used any more. */
  readonly variant: string;
  readonly device: string;
  readonly losses: readonly LossEntry[];
}

export class ExecutorFile {
  private readonly directory: string;
  private readonly path: string;

  constructor(storeDirectory: string, experiment: string) {
    this.directory = path.join(storeDirectory, 'experiments', experiment);
    this.path = path.join(this.directory, 'executor.json');
  }

  /** The entry of a subject; undefined where there is none, or the file is no such file. */
  async find(subject: string): Promise<ExecutorEntry | undefined> {
    return (await this.read()).find(one => one.subject === subject);
  }

  /** In place of the entry of the same subject. @throws StoreError */
  async write(changed: ExecutorEntry): Promise<void> {
    await makeDirectory(this.directory);
    const others = (await this.read()).filter(one => one.subject !== changed.subject);
    const entries = [...others, changed].slice(-maximumEntries);
    await writeWhole(this.path, `${JSON.stringify({ version: 1, entries }, null, 2)}\n`);
  }

  /** What the experiment was computed on last, by its `experiment.json`; null where that says nothing. */
  async computedOn(): Promise<ExecutorName | null> {
    return (await readJson(path.join(this.directory, 'experiment.json'), stored))?.executor ?? null;
  }

  private async read(): Promise<readonly ExecutorEntry[]> {
    const value = await readJson(this.path, file);
    return (value?.entries ?? []) as unknown as ExecutorEntry[];
  }
}

/** Null where the file is not there, or is not what it should be: anyone may have written it. */
async function readJson<T>(from: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse((await readBounded(from, maximumBytes)).toString('utf8')));
  } catch (error) {
    const unbelievable = [SyntaxError, RangeError, z.ZodError].some(kind => error instanceof kind);
    if (unbelievable || isMissing(error)) return null;
    throw error;
  }
}

/** As the report has it. */
export function choiceOf({ executor, reason, candidates, losses }: ExecutorEntry): ExecutorChoice {
  return {
    executor,
    reason,
    candidates,
    losses: losses.map(({ executor: lost, device, kind, message, method, level: at, replicate, next }) => {
      return { executor: lost, device, kind, message, method, level: at, replicate, next };
    }),
  };
}
