/** Runs that change on the way, trained for real: gradual magnitude pruning and the dual lottery ticket. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeSafetensors } from '../../../src/checkpoints/safetensors';
import { runExperiment } from '../../../src/job/experiment';
import { executorSources, type ExecutorSource } from '../../../src/job/executors';
import { parseExperiment } from '../../../src/shared/parse';
import type { Report, ReportPoint } from '../../../src/shared/report';
import type { RunRecord } from '../../../src/shared/run';
import { fakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-stages-'));
  // weights and optimiser state under the masks are looked at after each stage
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
  training: { steps: 30, batchSize: 32, evaluateEvery: 7, averageDecay: 0.9 },
  pruning: { levels: 2, rate: 0.6 },
  compare: ['gradual', 'dual-lottery-ticket', 'random'],
  worth: false,
};
const onWasm = executorSources.filter(({ name }) => name === 'wasm');

async function run(overlay: object = {}, store = 'store', executors: readonly ExecutorSource[] = onWasm) {
  const experimentPath = path.join(directory, 'small.ticket.json');
  const storeDirectory = path.join(directory, store);
  const report = await runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...small, ...overlay }), experimentPath),
    storeDirectory,
    emit: () => undefined,
    executors,
  });
  const file = (key: string, name: string) => readFileSync(path.join(storeDirectory, 'runs', key, name));
  return {
    report,
    bytes: (key: string, name: string) => file(key, `${name}.safetensors`),
    tensors: (key: string, name: string) => decodeSafetensors(file(key, `${name}.safetensors`), name).tensors,
    record: (key: string) => JSON.parse(file(key, 'run.json').toString()) as RunRecord,
    steps: (key: string) =>
      file(key, 'curve.jsonl')
        .toString()
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as { step: number }).step),
  };
}

function points(report: Report, method: string): readonly ReportPoint[] {
  return report.series.find(series => series.method === method)!.points;
}

const evaluations = [7, 14, 21, 28, 30];

describe('runs that are pruned while they train', { timeout: 60_000 }, () => {
  it('start from θ₀ whole, keep in the end what the ticket of the level keeps, and are 0 elsewhere', async () => {
    const { report, tensors, bytes, steps } = await run();
    expect(report.error).toBeUndefined();
    expect(report.status).toBe('done');
    const iterative = points(report, 'iterative').filter(({ level }) => level > 0);
    const dense = points(report, 'iterative')[0]!.runs[0]!;
    for (const method of ['gradual', 'dual-lottery-ticket']) {
      const own = points(report, method).filter(({ level }) => level > 0);
      expect(own.map(({ kept }) => kept)).toEqual(iterative.map(({ kept }) => kept));
      for (const { runs } of own) {
        const key = runs[0]!;
        expect(bytes(key, 'start')).toEqual(bytes(dense, 'start'));
        expect(steps(key)).toEqual(evaluations);
        const final = tensors(key, 'final');
        for (const [name, { data }] of tensors(key, 'mask')) {
          const values = final.get(name)!.data as Float32Array;
          expect(values.every((value, i) => data[i] !== 0 || Object.is(value, 0))).toBe(true);
          expect(values.some((value, i) => data[i] !== 0 && value !== 0)).toBe(true);
        }
      }
    }
    // what the transformation brings can be told from chance: the mask is the same
    const masks = (method: string) => points(report, method).map(({ runs }) => bytes(runs[0]!, 'mask'));
    expect(masks('dual-lottery-ticket')).toEqual(masks('random'));
    expect(masks('gradual')).not.toEqual(masks('random'));
  });

  it('meet sparsities of their own in exact counts, leave what is excluded whole, and go by their options', async () => {
    const { report, record, tensors } = await run({
      pruning: { levels: 1, exclude: ['dense_1'] },
      compare: [
        { method: 'gradual', sparsities: [0.5, 0.9], begin: '10%', end: 25, every: 4 },
        { method: 'dual-lottery-ticket', sparsities: [0.9], cut: 20, strength: 0.5, distribution: 'erk' },
      ],
    });
    expect(report.error).toBeUndefined();
    const total = 784 * 8 + 8 * 10;
    const [half, tenth] = points(report, 'gradual');
    expect([half!.kept, tenth!.kept]).toEqual([total - total / 2, total - Math.round(0.9 * total)]);
    const { inputs, layers } = record(tenth!.runs[0]!);
    expect(inputs.mask).toMatchObject({ kind: 'gradual', begin: 3, end: 25, every: 4, sparsity: 0.9 });
    expect(layers.map(({ kept }) => kept)).toEqual([tenth!.kept - 80, 80]);
    const dual = record(points(report, 'dual-lottery-ticket')[0]!.runs[0]!);
    expect(dual.inputs.mask).toMatchObject({ kind: 'scored', criterion: 'random', distribution: 'erk', sparsity: 0.9 });
    expect(dual.inputs.training.transformation).toMatchObject({ cut: 20, bound: 0.5 });
    expect([...tensors(dual.key, 'mask').values()].map(({ data }) => data.length)).toEqual([784 * 8, 80]);
  });

  it('give the same bits again', async () => {
    const [one, other] = [await run({}, 'one'), await run({}, 'other')];
    for (const method of ['gradual', 'dual-lottery-ticket']) {
      for (const { runs } of points(one.report, method)) {
        for (const name of ['final', 'mask']) expect(one.bytes(runs[0]!, name)).toEqual(other.bytes(runs[0]!, name));
      }
    }
  });

  it('are not stopped early before their mask is the last one, whose lowest validation loss is the early stop', async () => {
    const { report, record } = await run(
      { training: { ...small.training, earlyStopping: { patience: 1 } }, compare: ['gradual', 'dual-lottery-ticket'] },
      'store',
      // lowest at first and rising ever after
      [fakeExecutor({ validationLoss: (_, step) => step })],
    );
    expect(report.error).toBeUndefined();
    const stops = (method: string) => {
      const { stoppedAt, earlyStopStep } = record(points(report, method).at(-1)!.runs[0]!);
      return [earlyStopStep, stoppedAt];
    };
    expect(stops('iterative')).toEqual([7, 14]);
    // the last cuts are at 23 and 15
    expect(stops('gradual')).toEqual([28, undefined]);
    expect(stops('dual-lottery-ticket')).toEqual([21, 28]);
  });

  it('fail where a layer is emptied on the way, and others go on', async () => {
    const { report } = await run({
      model: 'builtin:mlp:1',
      pruning: { levels: 1 },
      compare: [{ method: 'gradual', sparsities: [0.5, 0.998] }],
    });
    expect(report.status).toBe('failed');
    expect(report.error).toMatch(/^1 run failed\. gradual, 99\.8 % sparsity: pruning left no weight of layer/);
    expect(points(report, 'gradual').filter(({ runs }) => runs.length > 0)[0]!.sparsity).toBeCloseTo(0.5, 2);
  });

  it('are refused where no step is left to train on, before anything is written', async () => {
    for (const compare of [[{ method: 'gradual', end: '100%' }], [{ method: 'dual-lottery-ticket', cut: 30 }]]) {
      await expect(run({ compare })).rejects.toThrow(/compare: .* of 30/);
    }
  });
});
