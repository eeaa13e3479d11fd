/** Runs that are stopped and go on: whatever the step, the bits of a run that was never stopped. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runExperiment } from '../../../src/job/experiment';
import { executorSources, type ExecutorSource } from '../../../src/job/executors';
import { Stop, type StopKind } from '../../../src/job/stop';
import { parseExperiment } from '../../../src/shared/parse';
import type { CurvePoint, Progress, Report } from '../../../src/shared/report';
import { cutExecutor } from '../../support/cutExecutor';
import { fakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-resume-'));
  vi.stubEnv('WINNING_TICKET_DEBUG', '1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const small = {
  name: 'small',
  model: 'builtin:mlp:8',
  data: { format: 'digits', training: 500, validation: 100, test: 100 },
  training: { steps: 20, batchSize: 32, evaluateEvery: 6 },
  pruning: { levels: 1, rate: 0.7 },
  worth: false,
};

interface Settings {
  readonly store: string;
  readonly executor: ExecutorSource;
  readonly signal?: AbortSignal;
  readonly checkpointSeconds?: number;
}

async function run(overlay: object, { store, executor, ...settings }: Settings) {
  const experimentPath = path.join(directory, 'small.ticket.json');
  const log: string[] = [];
  const curves: Record<string, CurvePoint[]> = {};
  const progress: Progress[] = [];
  const report = await runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...small, ...overlay }), experimentPath),
    storeDirectory: path.join(directory, store),
    emit: event => {
      if (event.type === 'log') log.push(event.message);
      else if (event.type === 'progress') progress.push(event.progress);
      else if (event.type === 'evaluation') (curves[event.run] ??= []).push(event.point);
    },
    executors: [executor],
    parallel: 1,
    ...settings,
  });
  return { report, log, curves, progress };
}

/** Stops after every so many calls of the executor, of some steps each, and starts again, until it is done. */
async function runInPieces(overlay: object, source: ExecutorSource, calls: number, steps: number, kind: StopKind) {
  const log: string[] = [];
  for (let pieces = 1; ; pieces++) {
    const controller = new AbortController();
    let left = calls;
    const executor = cutExecutor(source, steps, () => {
      if (--left === 0) controller.abort(new Stop(kind));
    });
    const piece = await run(overlay, { store: 'pieces', executor, signal: controller.signal, checkpointSeconds: 0 });
    log.push(...piece.log);
    if (piece.report.status === 'done') return { pieces, log, report: piece.report };
    expect(piece.report.status).toBe(kind === 'left' ? 'running' : kind);
    expect(piece.report.runs.some(({ status }) => status === 'running')).toBe(false);
  }
}

/** What runs come to, by key and file: everything but times and what tells of the machine. */
function results(store: string): Record<string, string> {
  const runs = path.join(directory, store, 'runs');
  const names = ['start.safetensors', 'final.safetensors', 'mask.safetensors', 'curve.jsonl', 'evaluation.json'];
  return Object.fromEntries(
    readdirSync(runs).flatMap(key =>
      names.map(name => [`${key}/${name}`, readFileSync(path.join(runs, key, name)).toString('base64')] as const),
    ),
  );
}

const accuracies = (report: Report) => report.series.map(({ method, points }) => [method, points.map(p => p.testLoss)]);
const wasm = executorSources.find(({ name }) => name === 'wasm')!;

const recipes: readonly [string, object][] = [
  ['Adam, with averaged weights', { training: { ...small.training, averageDecay: 0.9 } }],
  [
    'momentum, with augmentation',
    { training: { ...small.training, optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 } } },
  ],
  ['pruning and penalties that change on the way', { compare: ['gradual', 'dual-lottery-ticket'] }],
  ['early stopping', { training: { ...small.training, steps: 40, evaluateEvery: 2, earlyStopping: { patience: 1 } } }],
];

describe('a run that is stopped and started again', { timeout: 120_000 }, () => {
  for (const [name, overlay] of recipes) {
    it(`has the bits of one that was never stopped: ${name}`, async () => {
      const whole = await run(overlay, { store: 'whole', executor: wasm });
      const inPieces = await runInPieces(overlay, wasm, 3, 3, 'paused');
      expect(inPieces.pieces).toBeGreaterThan(3);
      expect(inPieces.log.filter(line => line.includes('goes on from step')).length).toBeGreaterThan(2);
      expect(results('pieces')).toEqual(results('whole'));
      expect(accuracies(inPieces.report)).toEqual(accuracies(whole.report));
    });
  }

  it('goes on from every single step, and leaves nothing to resume from where it is done', async () => {
    const executor = fakeExecutor();
    await run({}, { store: 'whole', executor });
    const trained = executor.steps();
    const again = fakeExecutor();
    await runInPieces({}, again, 1, 1, 'left');
    expect(results('pieces')).toEqual(results('whole'));
    // and no step was computed twice
    expect(again.steps()).toBe(trained);
    expect(resumeFiles('pieces')).toEqual([]);
  });

  it('tells whoever follows it what was evaluated before it was cut off', async () => {
    const controller = new AbortController();
    let calls = 0;
    const executor = cutExecutor(fakeExecutor(), 1, () => {
      if (++calls === 14) controller.abort(new Stop('left'));
    });
    const before = await run({}, { store: 'pieces', executor, signal: controller.signal });
    const after = await run({}, { store: 'pieces', executor: fakeExecutor() });
    const [key] = Object.keys(before.curves);
    const whole = readFileSync(path.join(directory, 'pieces/runs', key!, 'curve.jsonl'), 'utf8');
    expect(before.curves[key!]!.length).toBeGreaterThan(1);
    expect(after.curves[key!]!.map(({ step }) => step)).toEqual(
      whole
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as CurvePoint).step),
    );
  });

  it('tells from the first progress on which step it goes on from, and how long the rest takes', async () => {
    const controller = new AbortController();
    let calls = 0;
    const executor = cutExecutor(fakeExecutor(), 1, () => {
      if (++calls === 14) controller.abort(new Stop('left'));
    });
    await run({}, { store: 'pieces', executor, signal: controller.signal });
    const [first] = (await run({}, { store: 'pieces', executor: fakeExecutor() })).progress;
    expect(first!.run).toMatchObject({ level: 0, step: 14, steps: 20 });
    expect(first!.fraction).toBeGreaterThan(0);
    expect(first!.secondsLeft).toBeGreaterThan(0);
  });

  it('begins anew where what it would resume from is damaged, in any byte, or is of another run', async () => {
    const executor = fakeExecutor();
    await run({}, { store: 'whole', executor });
    const stopAt = async (calls: number) => {
      const controller = new AbortController();
      const cut = cutExecutor(fakeExecutor(), 1, () => {
        if (--calls === 0) controller.abort(new Stop('paused'));
      });
      await run({}, { store: 'pieces', executor: cut, signal: controller.signal });
    };
    await stopAt(9);
    const [file] = resumeFiles('pieces');
    const good = readFileSync(file!);
    for (const share of [0, 0.001, 0.01, 0.3, 0.6, 0.999999]) {
      const bad = Buffer.from(good);
      bad[Math.floor(share * bad.length)]! ^= 0x10;
      writeFileSync(file!, bad);
      const controller = new AbortController();
      const cut = cutExecutor(fakeExecutor(), 1, () => {
        controller.abort(new Stop('paused'));
      });
      const { log } = await run({}, { store: 'pieces', executor: cut, signal: controller.signal });
      expect(log.filter(line => line.includes('goes on'))).toEqual([]);
    }
    writeFileSync(file!, good.subarray(0, good.length - 5));
    const { report } = await run({}, { store: 'pieces', executor: fakeExecutor() });
    expect(report.status).toBe('done');
    expect(results('pieces')).toEqual(results('whole'));
  });

  it('saves on its way too, as often as it is told', async () => {
    const seen: string[] = [];
    const executor = cutExecutor(fakeExecutor(), 1, async () => {
      await sleep(5);
      seen.push(...resumeFiles('store'));
    });
    const settings = { store: 'store', executor, checkpointSeconds: 1e-9 };
    await run({ training: { ...small.training, steps: 200 }, pruning: { levels: 0 } }, settings);
    expect(seen).not.toEqual([]);
    expect(resumeFiles('store')).toEqual([]);
  });

  it('trains on where it cannot be saved, and says so once', async () => {
    const runs = path.join(directory, 'store', 'runs');
    const executor = cutExecutor(fakeExecutor(), 1, () => sleep(5));
    await run({ pruning: { levels: 0 } }, { store: 'other', executor: fakeExecutor() });
    const key = readdirSync(path.join(directory, 'other', 'runs'))[0]!;
    // a folder is in its place
    mkdirSync(path.join(runs, key, 'resume.safetensors', 'x'), { recursive: true });
    const { report, log } = await run(
      { pruning: { levels: 0 } },
      { store: 'store', executor, checkpointSeconds: 1e-9 },
    );
    expect(report.status).toBe('done');
    expect(log.filter(line => line.includes('cannot be saved'))).toHaveLength(1);
    expect(existsSync(path.join(runs, key, 'run.json'))).toBe(true);
  });
});

function resumeFiles(store: string): string[] {
  const runs = path.join(directory, store, 'runs');
  const files = existsSync(runs) ? readdirSync(runs).map(key => path.join(runs, key, 'resume.safetensors')) : [];
  return files.filter(file => existsSync(file));
}
