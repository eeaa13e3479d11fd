/** Small experiments on fake executors: what was chosen, computed and told. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { runExperiment, type JobEvent, type RunExperimentOptions } from '../../src/job/experiment';
import type { ExecutorSource } from '../../src/job/executors';
import { parseExperiment } from '../../src/shared/parse';
import type { Report } from '../../src/shared/report';
import type { RunRecord } from '../../src/shared/run';
import { fakeExecutor, type FakeExecutor } from './fakeExecutor';

let directory: string;

/** Gives each test of a file a folder of its own. */
export function useFolder(): void {
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'wt-choice-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
}

export const tiny = {
  name: 'tiny',
  model: 'builtin:mlp:20',
  data: { format: 'digits', training: 20, test: 10 },
  training: { steps: 2000, batchSize: 5, evaluateEvery: 1000 },
  pruning: { levels: 2, rate: 0.5 },
  worth: false,
};

export interface Job {
  readonly report: Report;
  readonly events: readonly JobEvent[];
  readonly log: readonly string[];
}

export async function run(
  executors: readonly ExecutorSource[],
  overlay: object = {},
  options: Pick<RunExperimentOptions, 'preferred' | 'signal' | 'parallel'> = {},
): Promise<Job> {
  const events: JobEvent[] = [];
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  const report = await runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...tiny, ...overlay }), experimentPath),
    storeDirectory: path.join(directory, 'store'),
    emit: event => events.push(event),
    executors,
    ...options,
  });
  return { report, events, log: events.flatMap(event => (event.type === 'log' ? [event.message] : [])) };
}

/** Beside the experiment file. */
export const beside = (name: string): string => path.join(directory, name);
export const stored = (...parts: string[]): string => path.join(directory, 'store', ...parts);
export const recordOf = (key: string): RunRecord =>
  JSON.parse(readFileSync(stored('runs', key, 'run.json'), 'utf8')) as RunRecord;
/** What is stored of each run, but for times. */
export function contentsOf(report: Report) {
  return report.runs.map(({ key }) => {
    const { status, error, layers, final, measures, stoppedAt, memory, earlyStopStep } = recordOf(key);
    const files = ['start.safetensors', 'final.safetensors', 'mask.safetensors', 'curve.jsonl'];
    return {
      ...{ key, status, error, layers, final, measures, stoppedAt, memory, earlyStopStep },
      files: files.map(file => existsSync(stored('runs', key, file)) && digest(stored('runs', key, file))),
    };
  });
}

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What computed each run; its key must say so too. */
export const executorOf = (report: Report): (string | undefined)[] =>
  report.runs.map(({ key, status }) => {
    if (status !== 'done') return undefined;
    const { executor, inputs } = recordOf(key);
    expect(inputs.executor.name).toBe(executor);
    return executor;
  });

/** Slow enough that an experiment of some thousand steps is worth a trial. */
export const wasm = (milliseconds = 10, sparse = milliseconds): FakeExecutor =>
  fakeExecutor({ secondsPerStep: density => (density === 1 ? milliseconds : sparse) / 1000 });
export const webgpu = (milliseconds = 1): FakeExecutor =>
  fakeExecutor({ name: 'webgpu', secondsPerStep: () => milliseconds / 1000 });
