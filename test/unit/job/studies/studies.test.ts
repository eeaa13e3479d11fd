import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../../../src/checkpoints/safetensors';
import { runExperiment } from '../../../../src/job/experiment';
import type { ExecutorSource } from '../../../../src/job/executors';
import { parseExperiment } from '../../../../src/shared/parse';
import type { Report, ReportRun } from '../../../../src/shared/report';
import { fakeExecutor } from '../../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-studies-'));
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

function run(overlay: object, executor: ExecutorSource = fakeExecutor()): Promise<Report> {
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  return runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...tiny, ...overlay }), experimentPath),
    storeDirectory: path.join(directory, 'store'),
    emit: () => undefined,
    executors: [executor],
  });
}

const runs = (): string => path.join(directory, 'store', 'runs');
const tensors = (key: string, file: string) =>
  decodeSafetensors(readFileSync(path.join(runs(), key, `${file}.safetensors`)), file).tensors;
const keysOf = (report: Report, kind: string): ReportRun[] => report.runs.filter(({ study }) => study?.kind === kind);

/** 28×28 like the digits, but of three classes: each pixel of an example has the value of its class. */
function threeClasses(side = 28): object {
  const row = (label: number): string => [...Array<number>(side * side).fill(label / 4 + 0.1), `c${label}`].join(',');
  const lines = Array.from({ length: 30 }, (_, i) => row(i % 3));
  const header = [...Array.from({ length: side * side }, (_, i) => `p${i}`), 'label'].join(',');
  writeFileSync(path.join(directory, 'three.csv'), [header, ...lines].join('\n'));
  return { format: 'csv', file: 'three.csv', label: 'label', shape: [side, side, 1], mean: 0.3, std: 0.3 };
}

describe('a rewind sweep', () => {
  it('trains the series again from each point, and shares the dense network and what it has already', async () => {
    const executor = fakeExecutor();
    const report = await run({ rewindSweep: [0, 5], rewind: 0 }, executor);
    expect(report.status).toBe('done');
    expect(report.sweep!.map(({ rewind, points }) => [rewind, points.map(({ level }) => level)])).toEqual([
      [0, [0, 1, 2]],
      [5, [0, 1, 2]],
    ]);
    expect(report.sweep![0]!.points).toEqual(report.series[0]!.points);
    expect(report.sweep![1]!.points[0]).toEqual(report.series[0]!.points[0]);
    // the series, a run to step 5, and two levels from there on
    expect(executor.steps()).toBe(3 * 10 + 5 + 2 * 5);
    expect(report.sweepAdvice).toContain('set rewind to 0');
  });
});

describe('stability', () => {
  const stability = { at: [0, 5], levels: [0, 1] };

  it('lets two runs part at each point, and the first of them is the run that is there already', async () => {
    const report = await run({ stability });
    expect(report.status).toBe('done');
    expect(report.stability!.map(({ level, at }) => [level, at])).toEqual([
      [0, 0],
      [0, 5],
      [1, 0],
      [1, 5],
    ]);
    const [dense, , ticket] = report.stability!;
    expect(dense!.runs[0]).toBe(report.series[0]!.points[0]!.runs[0]);
    expect(ticket!.runs[0]).toBe(report.series[0]!.points[1]!.runs[0]);
    for (const { runs: ends, path: line, barrier } of report.stability!) {
      expect(line.map(({ alpha }) => alpha)).toEqual(Array.from({ length: 11 }, (_, i) => i / 10));
      expect(barrier.values).toHaveLength(1);
      const [first, second] = ends as [string, string];
      expect(tensors(second, 'start')).toEqual(tensors(first, 'start'));
      expect(tensors(second, 'mask')).toEqual(tensors(first, 'mask'));
      expect(tensors(second, 'final')).not.toEqual(tensors(first, 'final'));
    }
    expect(report.stabilityAdvice).toContain('late enough');
  });

  it('computes nothing a second time, and a line anew whose file is damaged', async () => {
    const first = await run({ stability });
    const again = fakeExecutor();
    expect((await run({ stability }, again)).stability).toEqual(first.stability);
    expect(again.opened).toHaveLength(0);
    const file = path.join(runs(), first.stability![3]!.runs[1]!, 'path-11.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"testError"', '"error"'));
    const repairing = fakeExecutor();
    expect((await run({ stability }, repairing)).stability).toEqual(first.stability);
    expect(repairing.opened).toHaveLength(11);
    expect(repairing.steps()).toBe(0);
  });

  it('tells of lines that were asked for later, from runs that are there', async () => {
    await run({ stability });
    const finer = fakeExecutor();
    const report = await run({ stability: { ...stability, points: 21 } }, finer);
    expect(finer.steps()).toBe(0);
    expect(report.stability![0]!.path).toHaveLength(21);
  });
});

describe('transfer', () => {
  it('trains tickets and controls on the second data set, after all else', async () => {
    const executor = fakeExecutor();
    const report = await run({ transfer: { data: { ...tiny.data, test: 12 }, levels: [2] }, replicates: 2 }, executor);
    expect(report.status).toBe('done');
    expect(executor.alive()).toBe(0);
    expect(report.transfer!.series.map(({ method, points }) => [method, points.map(({ level }) => level)])).toEqual([
      ['iterative', [0, 2]],
      ['random-reinit', [2]],
      ['random-mask', [2]],
    ]);
    const ticket = report.transfer!.series[0]!.points[1]!;
    const own = report.series[0]!.points[2]!;
    expect(ticket.testAccuracy.values).toHaveLength(2);
    expect(tensors(ticket.runs[0]!, 'mask')).toEqual(tensors(own.runs[0]!, 'mask'));
    expect(tensors(ticket.runs[0]!, 'start')).toEqual(tensors(own.runs[0]!, 'start'));
    expect(report.transfer!.summary).toMatch(
      /^The ticket of level 2, with .* reaches .*random-reinit.*random-mask.*dense/,
    );
    // points of the experiment's own series are its own
    expect(report.series[0]!.points).toHaveLength(3);
    const again = fakeExecutor();
    await run({ transfer: { data: { ...tiny.data, test: 12 }, levels: [2] }, replicates: 2 }, again);
    expect(again.opened).toHaveLength(0);
  });

  it.each([0, 5])(
    'gives other classes an output layer of their own, whole and new, rewound to step %i',
    async rewind => {
      const data = threeClasses();
      const report = await run({ rewind, transfer: { data, levels: [1], training: { steps: 6, batchSize: 5 } } });
      expect(report.error).toBeUndefined();
      const [dense, ticket] = report.transfer!.series[0]!.points.map(point => point.runs[0]!);
      const own = report.series[0]!.points[1]!.runs[0]!;
      const start = tensors(ticket!, 'start');
      expect(start.get('dense/kernel')).toEqual(tensors(own, 'start').get('dense/kernel'));
      expect(tensors(ticket!, 'mask').get('dense/kernel')).toEqual(tensors(own, 'mask').get('dense/kernel'));
      expect(start.get('dense_1/kernel')!.shape).toEqual([4, 3]);
      expect([...(tensors(ticket!, 'mask').get('dense_1/kernel')!.data as Uint8Array)]).toEqual(Array(12).fill(1));
      expect(tensors(dense!, 'start').get('dense_1/kernel')).toEqual(start.get('dense_1/kernel'));
      const shuffled = report.transfer!.series[2]!.points[0]!.runs[0]!;
      const kept = (key: string): number =>
        (tensors(key, 'mask').get('dense/kernel')!.data as Uint8Array).reduce((sum, byte) => sum + byte, 0);
      expect(kept(shuffled)).toBe(kept(ticket!));
      expect(tensors(shuffled, 'mask').get('dense/kernel')).not.toEqual(tensors(ticket!, 'mask').get('dense/kernel'));
      expect(keysOf(report, 'transfer').map(({ status }) => status)).toEqual(Array(4).fill('done'));
    },
  );

  it('refuses examples of another shape by the name of the field', async () => {
    const data = threeClasses(4);
    await expect(run({ transfer: { data, levels: [1] } })).rejects.toMatchObject({
      field: 'transfer.data',
      message: expect.stringContaining('[4, 4, 1]') as unknown,
    });
    expect(readdirSync(directory)).not.toContain('store');
  });
});

describe('studies that cannot be', () => {
  it.each([
    [{ rewindSweep: [0, 10] }, 'rewindSweep'],
    [{ stability: { at: [10] } }, 'stability.at'],
    [{ stability: { at: [0], levels: [3] } }, 'stability.levels'],
    [{ transfer: { data: tiny.data, levels: [3] } }, 'transfer.levels'],
    [
      { transfer: { data: tiny.data, levels: [1], training: { classWeights: [1, 2] } } },
      'transfer.training.classWeights',
    ],
  ])('are refused by the name of the field: %j', async (overlay, field) => {
    await expect(run(overlay)).rejects.toMatchObject({ field });
  });
});
