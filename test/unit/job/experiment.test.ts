import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../../src/checkpoints/safetensors';
import { runExperiment, type JobEvent } from '../../../src/job/experiment';
import type { ExecutorSource } from '../../../src/job/executors';
import { exitCodeOf, outcomeOf } from '../../../src/job/outcome';
import { parseExperiment } from '../../../src/shared/parse';
import type { Report } from '../../../src/shared/report';
import type { RunRecord } from '../../../src/shared/run';
import { noRegularization } from '../../../src/training/trainer';
import { fakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-experiment-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const tiny = {
  name: 'tiny',
  model: 'builtin:mlp:4',
  data: { format: 'digits', training: 20, test: 10 },
  training: { steps: 10, batchSize: 5, evaluateEvery: 5 },
  pruning: { levels: 2 },
  worth: false,
};

interface Job {
  readonly events: JobEvent[];
  readonly report: Report;
}

async function run(overlay: object, executor: ExecutorSource, signal?: AbortSignal): Promise<Job> {
  const events: JobEvent[] = [];
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  const report = await runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...tiny, ...overlay }), experimentPath),
    storeDirectory: store(),
    emit: event => events.push(event),
    executors: [executor],
    ...(signal && { signal }),
  });
  return { events, report };
}

const store = (): string => path.join(directory, 'store');
const runFile = (key: string, name: string): string => path.join(store(), 'runs', key, name);
const record = (key: string): RunRecord => JSON.parse(readFileSync(runFile(key, 'run.json'), 'utf8')) as RunRecord;
const tensor = (key: string, file: string, name: string) =>
  decodeSafetensors(readFileSync(runFile(key, `${file}.safetensors`)), file).tensors.get(name)!;

describe('an experiment', () => {
  it('leaves every run whole in the store, and a report that agrees with it', async () => {
    const executor = fakeExecutor();
    const { report, events } = await run({ compare: ['one-shot', 'random-reinit', 'random-mask'] }, executor);
    expect(report.status).toBe('done');
    expect(executor.alive()).toBe(0);
    expect(report.runs).toHaveLength(1 + 2 * 4);
    expect(readdirSync(path.join(store(), 'runs')).sort()).toEqual(
      [...new Set(report.runs.map(({ key }) => key))].sort(),
    );
    expect(JSON.parse(readFileSync(path.join(store(), 'experiments/tiny/report.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
    for (const { key, kept } of report.runs) {
      expect(readdirSync(path.join(store(), 'runs', key)).sort()).toEqual([
        'curve.jsonl',
        'evaluation.json',
        'final.safetensors',
        'mask.safetensors',
        'run.json',
        'start.safetensors',
      ]);
      expect(readFileSync(runFile(key, 'curve.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
      expect(record(key).layers.reduce((sum, layer) => sum + layer.kept, 0)).toBe(kept);
    }
    expect(events.filter(event => event.type === 'evaluation')).toHaveLength(2 * 8); // one-shot level 1 is iterative level 1
    expect(events.at(-1)).toEqual({ type: 'report', report });
    expect(readdirSync(store()).sort()).toEqual(['experiments', 'logs', 'runs', 'store.json']);
  });

  it('trains a ticket from θ₀ under its mask: what is pruned is 0 in start and final', async () => {
    const { report } = await run({}, fakeExecutor());
    const [dense, , ticket] = report.series[0]!.points.map(point => point.runs[0]!);
    const mask = tensor(ticket!, 'mask', 'dense/kernel').data;
    const start = tensor(ticket!, 'start', 'dense/kernel').data;
    const final = tensor(ticket!, 'final', 'dense/kernel').data;
    const theta0 = tensor(dense!, 'start', 'dense/kernel').data;
    expect(mask).toContain(0);
    mask.forEach((kept, i) => {
      expect(start[i]).toBe(kept === 0 ? 0 : theta0[i]);
      if (kept === 0) expect(final[i]).toBe(0);
    });
  });

  it('goes back to the weights of the rewind step, biases included, and trains the rest only', async () => {
    const executor = fakeExecutor();
    const { report } = await run({ rewind: 4 }, executor);
    const ticket = record(report.series[0]!.points[1]!.runs[0]!);
    expect(ticket.inputs.start.kind).toBe('final');
    const prefix = ticket.inputs.start.kind === 'final' ? ticket.inputs.start.run : '';
    expect(record(prefix).inputs.steps).toEqual({ from: 0, to: 4, total: 10 });
    expect(tensor(ticket.key, 'start', 'dense/bias').data).toEqual(tensor(prefix, 'final', 'dense/bias').data);
    expect(executor.opened.map(setup => setup.fromStep)).toEqual([0, 0, 4, 4]);
    expect(executor.steps()).toBe(4 + 10 + 6 + 6);
  });

  it('computes nothing when it has been finished before, and does not even start the executor', async () => {
    const first = await run({}, fakeExecutor());
    const executor = fakeExecutor();
    const create = () => Promise.reject(new Error('must not be started'));
    const probe = async () => ({ ...(await executor.probe()), create });
    const second = await run({}, { ...executor, probe });
    expect(second.report).toEqual(first.report);
  });

  it('computes only what is new when a comparison is added', async () => {
    await run({}, fakeExecutor());
    const executor = fakeExecutor();
    const { report } = await run({ compare: ['random-reinit'] }, executor);
    expect(executor.opened).toHaveLength(2);
    expect(report.series.map(({ method }) => method)).toEqual(['iterative', 'random-reinit']);
  });

  it('with 0 steps only evaluates', async () => {
    const executor = fakeExecutor();
    const { report } = await run({ training: { steps: 0 } }, executor);
    expect(executor.steps()).toBe(0);
    expect(report.series[0]!.points).toHaveLength(3);
  });

  it('sets a run aside whose record is cut short, and computes it anew', async () => {
    const { report } = await run({}, fakeExecutor());
    const { key } = report.runs[1]!;
    const text = readFileSync(runFile(key, 'run.json'), 'utf8');
    const damaged = text.slice(0, text.length / 2);
    writeFileSync(runFile(key, 'run.json'), damaged);
    const executor = fakeExecutor();
    const second = await run({}, executor);
    expect(second.report.status).toBe('done');
    expect(executor.opened).toHaveLength(1);
    const aside = path.join(store(), 'damaged', `${key}-1`);
    expect(readFileSync(path.join(aside, 'run.json'), 'utf8')).toBe(damaged);
    expect(readFileSync(path.join(aside, 'why.txt'), 'utf8')).toContain('run.json is no JSON object');
    expect(JSON.stringify(second.events)).toContain(`run ${key} is damaged`);
    expect(record(key).final).toEqual((JSON.parse(text) as RunRecord).final);
  });

  it.each(['mask', 'final'])(
    'finds one byte changed in %s of what a run starts from, and computes both',
    async name => {
      const { report } = await run({}, fakeExecutor());
      const [dense, level1, level2] = report.runs.map(({ key }) => key);
      for (const key of [level1, level2]) rmSync(path.join(store(), 'runs', key!), { recursive: true });
      const file = runFile(dense!, `${name}.safetensors`);
      const bytes = readFileSync(file);
      const damaged = Buffer.from(bytes);
      damaged[damaged.length - 1]! ^= 1;
      writeFileSync(file, damaged);
      const executor = fakeExecutor();
      expect((await run({}, executor)).report.status).toBe('done');
      expect(executor.opened).toHaveLength(3);
      expect(readFileSync(file)).toEqual(bytes);
      expect(readFileSync(path.join(store(), 'damaged', `${dense!}-1`, `${name}.safetensors`))).toEqual(damaged);
    },
  );

  it('brings a store of version 1 to version 2 without computing anything', async () => {
    const first = await run({}, fakeExecutor());
    rmSync(path.join(store(), 'store.json'));
    for (const { key } of first.report.runs) {
      const { files, checksum, ...old } = JSON.parse(readFileSync(runFile(key, 'run.json'), 'utf8')) as Record<
        string,
        object
      >;
      expect(Object.keys(files!)).toHaveLength(5);
      expect(checksum).toBeTypeOf('string');
      writeFileSync(runFile(key, 'run.json'), JSON.stringify(old));
    }
    const executor = fakeExecutor();
    const second = await run({}, executor);
    expect(executor.opened).toHaveLength(0);
    expect(second.report).toEqual(first.report);
    expect(JSON.stringify(second.events)).toContain('brought to version 2: 3 runs got checksums');
    expect(readFileSync(path.join(store(), 'store.json'), 'utf8')).toBe('{"version":2}\n');
    expect(record(first.report.runs[0]!.key)).toHaveProperty('checksum');
  });

  it('leaves a store of a newer version as it is', async () => {
    await run({}, fakeExecutor());
    writeFileSync(path.join(store(), 'store.json'), '{"version":3}');
    const before = readdirSync(store(), { recursive: true });
    await expect(run({}, fakeExecutor())).rejects.toThrow('update Winning Ticket');
    expect(readdirSync(store(), { recursive: true })).toEqual(before);
  });
});

describe('a recipe', () => {
  it('reaches the executor whole; a run to the rewind step keeps the raw weights', async () => {
    const executor = fakeExecutor();
    const recipe = {
      labelSmoothing: 0.1,
      clipNorm: 2,
      averageDecay: 0.99,
      augmentation: { crop: 2, flip: true },
    };
    await run({ rewind: 4, training: { ...tiny.training, ...recipe } }, executor);
    const [prefix, ...others] = executor.opened.map(({ regularization }) => regularization);
    expect(prefix).toEqual({ ...recipe, averageDecay: null });
    expect(others).toHaveLength(3);
    for (const regularization of others) expect(regularization).toEqual(recipe);
  });

  it('that asks for nothing of the kind has none', async () => {
    const executor = fakeExecutor();
    await run({}, executor);
    expect(executor.opened[0]!.regularization).toEqual(noRegularization);
  });
});

describe('early stopping', () => {
  const training = { steps: 40, batchSize: 5, evaluateEvery: 5, earlyStopping: { patience: 2 } };
  const bottom = (at: number) => (session: number, step: number) => Math.abs(step - at - 5 * session);

  it('ends a run after as many evaluations without a lower validation loss; its plan stays', async () => {
    const executor = fakeExecutor({ validationLoss: bottom(10) });
    const { report, events } = await run({ training }, executor);
    const [dense, ticket] = report.series[0]!.points.map(point => record(point.runs[0]!));
    expect(dense).toMatchObject({ stoppedAt: 20, earlyStopStep: 10, inputs: { steps: { from: 0, to: 40 } } });
    expect(ticket).toMatchObject({ stoppedAt: 25, earlyStopStep: 15 });
    expect(executor.steps()).toBe(20 + 25 + 30);
    const curve = readFileSync(runFile(dense!.key, 'curve.jsonl'), 'utf8').trim().split('\n');
    expect(curve.map(line => (JSON.parse(line) as { step: number }).step)).toEqual([5, 10, 15, 20]);
    expect(report.series[0]!.points[0]!.earlyStopStep.mean).toBe(10);
    const progress = events.flatMap(event => (event.type === 'progress' ? [event.progress] : []));
    expect(progress.find(({ run }) => run)!.run).toMatchObject({ step: 0, steps: 40 });
    expect(progress.at(-1)).toMatchObject({ runsDone: 3, fraction: 1, secondsLeft: 0 });
  });

  it('expects of the next runs what those before them took', async () => {
    const { events } = await run({ training }, fakeExecutor({ validationLoss: bottom(5) }));
    const dense = events.findIndex(event => event.type === 'progress' && event.progress.runsDone === 1);
    const event = events[dense]!;
    // 15 of 40 steps, and no more of the two runs that are left
    expect(event.type === 'progress' && event.progress.fraction).toBeCloseTo(1 / 3, 1);
  });

  it('says nothing of a run that goes to its end', async () => {
    const { report } = await run({ training }, fakeExecutor());
    expect(record(report.runs[0]!.key)).not.toHaveProperty('stoppedAt');
  });

  it('does not stop a run to the rewind step before it', async () => {
    const executor = fakeExecutor({ validationLoss: (_, step) => step });
    const { report } = await run({ training, rewind: 30 }, executor);
    expect(report.status).toBe('done');
    const ticket = record(report.series[0]!.points[1]!.runs[0]!);
    const prefix = ticket.inputs.start.kind === 'final' ? ticket.inputs.start.run : '';
    expect(record(prefix)).not.toHaveProperty('stoppedAt');
    expect(executor.steps()).toBe(30 + 15 + 10 + 10);
  });
});

describe('memory', () => {
  it('is in the record of each run, and in the report the most that one takes', async () => {
    const { report } = await run({}, fakeExecutor());
    const memory = report.runs.map(({ key }) => record(key).memory!);
    expect(memory[0]).toMatchObject({ data: 100, activations: 50 });
    expect(report.memory).toEqual(memory[0]);
  });

  it('that is not there fails the job before anything is trained, and names the field to change', async () => {
    const executor = fakeExecutor({ memoryLimit: 1000 });
    const { report } = await run({}, executor);
    expect(report).toMatchObject({ status: 'failed', errorField: 'training.batchSize' });
    expect(report.error).toMatch(/^training\.batchSize: training needs 1 MiB .* choose a smaller batch size/);
    expect(executor.steps()).toBe(0);
    expect(executor.alive()).toBe(0);
    expect(report.runs.map(({ status }) => status)).not.toContain('failed');
    const finished = outcomeOf(report);
    expect(finished).toMatchObject({ status: 'failed', error: { field: 'training.batchSize' } });
    expect(exitCodeOf(finished)).toBe(1);
    expect((await run({}, fakeExecutor())).report.status).toBe('done');
  });
});

describe('a run whose loss diverges', () => {
  it('is failed with its step; what needs it is not run; the rest goes on', async () => {
    // sessions: 0 dense, 1 level 1, 2 its reinit, then level 2
    const executor = fakeExecutor({ diverges: { session: 1, step: 7 } });
    const { report } = await run({ compare: ['random-reinit'] }, executor);
    expect(report.status).toBe('failed');
    expect(report.error).toContain('iterative, level 1: the loss is no longer a finite number at step 7');
    const status = (method: string, level: number) =>
      report.runs.find(one => one.method === method && one.level === level);
    expect(status('iterative', 0)!.status).toBe('done');
    expect(status('iterative', 1)).toMatchObject({ status: 'failed', error: expect.stringContaining('step 7') });
    expect(status('iterative', 2)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('iterative, level 1'),
    });
    expect(record(status('iterative', 1)!.key)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('step 7'),
    });
  });

  it('in one replicate leaves the others to go on', async () => {
    const executor = fakeExecutor({ diverges: { session: 1, step: 3 } });
    const { report } = await run({ replicates: 2 }, executor);
    expect(report.series[0]!.points.map(point => point.runs.length)).toEqual([1, 1, 1]);
    expect(report.status).toBe('failed');
  });

  it('is not tried again', async () => {
    await run({}, fakeExecutor({ diverges: { session: 0, step: 1 } }));
    const executor = fakeExecutor();
    expect((await run({}, executor)).report.status).toBe('failed');
    expect(executor.opened).toHaveLength(0);
  });
});

describe('a cancelled experiment', () => {
  it('stores nothing of the run at work, says so in its report, and goes on from there', async () => {
    const controller = new AbortController();
    const executor = fakeExecutor({ onTrain: session => (session === 1 ? controller.abort() : undefined) });
    const { report } = await run({}, executor, controller.signal);
    expect(report.status).toBe('cancelled');
    expect(report.error).toBeUndefined();
    expect(report.runs.map(({ status }) => status)).toEqual(['done', 'cancelled', 'cancelled']);
    const [, cut] = report.runs;
    expect(readdirSync(path.join(store(), 'runs', cut!.key))).toEqual(['resume.safetensors']);
    expect(readdirSync(path.join(store(), 'runs'))).toHaveLength(2);
    expect(readdirSync(store()).sort()).toEqual(['experiments', 'logs', 'runs', 'store.json']);
    expect(executor.alive()).toBe(0);
    const again = fakeExecutor();
    expect((await run({}, again)).report.status).toBe('done');
    expect(again.opened).toHaveLength(2);
  });
});

describe('progress', () => {
  it('counts every run once and ends at 1', async () => {
    const { events } = await run({ replicates: 2 }, fakeExecutor());
    const progress = events.flatMap(event => (event.type === 'progress' ? [event.progress] : []));
    expect(progress[0]).toMatchObject({ runsDone: 0, runsTotal: 6, fraction: 0, secondsLeft: null, levels: 2 });
    expect(progress.at(-1)).toMatchObject({ runsDone: 6, fraction: 1, secondsLeft: 0 });
    const fractions = progress.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });
});
