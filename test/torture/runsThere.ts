/** What a store holds of runs at the moment: the finished ones, and how far those at work have been saved. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface RunsThere {
  /** Key → the bytes of `run.json`. */
  readonly finished: ReadonlyMap<string, string>;
  /** Key → step. */
  readonly saved: ReadonlyMap<string, number>;
}

export function runsThere(store: string): RunsThere {
  const finished = new Map<string, string>();
  const saved = new Map<string, number>();
  const runs = path.join(store, 'runs');
  for (const key of existsSync(runs) ? readdirSync(runs) : []) {
    const record = path.join(runs, key, 'run.json');
    const resume = path.join(runs, key, 'resume.safetensors');
    if (existsSync(record)) finished.set(key, readFileSync(record, 'utf8'));
    else if (existsSync(resume)) saved.set(key, savedStep(resume));
  }
  return { finished, saved };
}

/** A run that was finished is there for good, as it was: it is neither lost nor computed again. */
export function touched(before: RunsThere, after: RunsThere): string[] {
  return [...before.finished].flatMap(([run, record]) => {
    const now = after.finished.get(run);
    if (now === undefined) return [`run ${run} was finished and is lost`];
    return now === record ? [] : [`run ${run} was finished and has been written again`];
  });
}

/** As the header of the file tells it. */
function savedStep(file: string): number {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0)))) as {
    __metadata__: { state: string };
  };
  return (JSON.parse(header.__metadata__.state) as { step: number }).step;
}
