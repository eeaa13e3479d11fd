import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostToJob, JobToHost } from '../../src/shared/messages';
import type { Report } from '../../src/shared/report';
import { startJob, type JobChild } from '../support/jobs';
import { endless, writeExperiment } from '../support/tinyExperiment';

let directory: string;
let job: JobChild;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-child-'));
  job = startJob();
});
afterEach(async () => {
  job.child.kill('SIGKILL');
  await job.exited;
  rmSync(directory, { recursive: true });
});

const store = (): string => path.join(directory, 'store');

function start(overlay: object = {}): void {
  job.send({ type: 'start', experimentPath: writeExperiment(directory, overlay), storeDirectory: store() });
}

/** Waits until some steps are done. */
async function trained(): Promise<void> {
  const isTraining = (message: JobToHost): boolean =>
    message.type === 'progress' && (message.progress.run?.step ?? 0) > 0;
  while (!job.messages.some(isTraining)) await sleep(20);
}

/** Nothing half-written, no lock, and what the run at work resumes from. */
function expectInterrupted(status: string): void {
  const files = readdirSync(store(), { recursive: true }).map(String);
  expect(files.filter(name => name.endsWith('.tmp') || name.endsWith('lock'))).toEqual([]);
  const report = readFileSync(path.join(store(), 'experiments/endless/report.json'), 'utf8');
  const { status: stands, runs } = JSON.parse(report) as Report;
  expect(stands).toBe(status);
  expect(runs.filter(run => run.status === 'running')).toEqual([]);
  const [key, ...others] = readdirSync(path.join(store(), 'runs'));
  expect(others).toEqual([]);
  expect(readdirSync(path.join(store(), 'runs', key!))).toEqual(['resume.safetensors']);
}

const last = (): JobToHost | undefined => job.messages.at(-1);

describe('the job', () => {
  it('reports from its start, evaluation by evaluation, and finishes last', async () => {
    start();
    expect(await job.exited).toBe(0);
    expect(last()).toEqual({ type: 'finished', status: 'done' });
    const types = job.messages.map(({ type }) => type);
    // which executor was chosen, and why
    expect(types.slice(0, 2)).toEqual(['log', 'report']);
    expect(types.filter(type => type === 'finished')).toHaveLength(1);
    const evaluations = job.messages.flatMap(message => (message.type === 'evaluation' ? [message] : []));
    const curve = readFileSync(path.join(store(), 'runs', evaluations[0]!.run, 'curve.jsonl'), 'utf8');
    const points = evaluations.filter(({ run }) => run === evaluations[0]!.run).map(({ point }) => point);
    expect(
      curve
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as unknown),
    ).toEqual(points);
  });

  it.each([
    ['cancel', 'cancelled'],
    ['pause', 'paused'],
    ['leave', 'running'],
  ] as const)('saves and stops within a second at "%s", with nothing half-written', async (type, status) => {
    start(endless);
    await trained();
    job.send({ type });
    const late = setTimeout(() => job.child.kill('SIGKILL'), 5000);
    expect(await job.exited).toBe(130);
    clearTimeout(late);
    expect(last()).toEqual({ type: 'finished', status });
    expectInterrupted(status);
  });

  it('can be cancelled before it was started', async () => {
    job.send({ type: 'cancel' });
    expect(await job.exited).toBe(130);
    expect(last()).toEqual({ type: 'finished', status: 'cancelled' });
  });

  it('saves and ends when its parent goes away; the experiment then stands as interrupted', async () => {
    start(endless);
    await trained();
    job.child.disconnect();
    expect(await job.exited).toBe(130);
    expectInterrupted('running');
  });

  it('names the field of a wrong experiment', async () => {
    start({ pruning: { rate: 2 } });
    expect(await job.exited).toBe(2);
    expect(last()).toMatchObject({
      type: 'finished',
      status: 'failed',
      error: { field: 'pruning.rate', file: path.join(directory, 'tiny.ticket.json') },
    });
  });

  it('takes the executor it is given for an experiment that says "auto", and no other word for one', async () => {
    const experimentPath = writeExperiment(directory);
    job.send({ type: 'start', experimentPath, storeDirectory: store(), executor: 'gpu' } as unknown as HostToJob);
    job.send({ type: 'start', experimentPath, storeDirectory: store(), executor: 'wasm' });
    expect(await job.exited).toBe(0);
    const [report] = job.messages.flatMap(message => (message.type === 'report' ? [message.report] : []));
    expect(report!.executorChoice).toMatchObject({ executor: 'wasm', reason: expect.stringContaining('setting') });
  });

  it('ignores what is no message', async () => {
    for (const message of [
      null,
      'start',
      { type: 'start' },
      { type: 'start', experimentPath: 1, storeDirectory: [] },
    ]) {
      job.send(message as unknown as HostToJob);
    }
    start();
    expect(await job.exited).toBe(0);
    const warnings = job.messages.filter(message => message.type === 'log' && message.level === 'warn');
    expect(warnings).toHaveLength(4);
    expect(last()).toEqual({ type: 'finished', status: 'done' });
  });
});
