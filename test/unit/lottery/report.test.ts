import { describe, expect, it } from 'vitest';
import type { RunNode, RunRecord } from '../../../src/shared/run';
import { planRuns } from '../../../src/lottery/graph';
import { buildReport, type ReportInput } from '../../../src/lottery/report';
import { experiment, lenet } from './support';

const planned = experiment({ rewind: 100, pruning: { levels: 2 } });
const nodes = planRuns({
  experiment: planned,
  model: { fingerprint: 'model', parameters: lenet, outputLayer: 'dense_3' },
  data: 'data',
  executor: { name: 'wasm', variant: '1' },
});

/** A finished run: accuracy falls by level, replicate 1 is a little better. */
function record(node: RunNode, changes: Partial<RunRecord> = {}): RunRecord {
  const { level, replicate, key, inputs } = node;
  return {
    key,
    inputs,
    status: 'done',
    executor: 'wasm',
    device: '2 threads',
    versions: {},
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:10Z',
    seconds: { train: 2, evaluate: 1, total: 4 },
    layers: lenet.map(({ name, shape, size }) => ({ name, shape, total: size, kept: size / 10 ** level + replicate })),
    final: {
      testAccuracy: 0.98 - level / 100 + replicate / 1000,
      testLoss: 0.1,
      validationAccuracy: null,
      validationLoss: null,
    },
    earlyStopStep: 1000,
    ...changes,
  };
}

function report(records: readonly RunRecord[], changes: Partial<ReportInput> = {}) {
  return buildReport({
    experiment: planned,
    nodes,
    records: new Map(records.map(one => [one.key, one])),
    status: 'done',
    executor: 'wasm',
    device: '2 threads',
    executorChoice: { executor: 'wasm', reason: 'named by the experiment', candidates: [], losses: [] },
    dataDescription: 'MNIST',
    modelDescription: 'LeNet',
    ...changes,
  });
}

const all = nodes.map(node => record(node));
const find = (method: RunNode['method'], level: number, replicate = 0) =>
  nodes.find(node => node.method === method && node.level === level && node.replicate === replicate)!;

describe('report', () => {
  it('names layers, and of a layer with several kernels each of them', () => {
    const layers = ['lstm/kernel', 'lstm/recurrent_kernel', 'dense/kernel'].map(name => ({
      name,
      shape: [2, 3],
      total: 6,
      kept: 6,
    }));
    const named = report(nodes.map(node => record(node, { layers }))).layers.map(({ name }) => name);
    expect(named).toEqual(['lstm/kernel', 'lstm/recurrent_kernel', 'dense']);
  });

  it('has a series for each method and a point for each level, over replicates', () => {
    const { series } = report(all);
    expect(series.map(({ method, points }) => [method, points.map(({ level }) => level)])).toEqual([
      ['iterative', [0, 1, 2]],
      ['one-shot', [1, 2]],
      ['random-reinit', [1, 2]],
      ['random-mask', [1, 2]],
    ]);
    const point = series[0]!.points[1]!;
    expect(point.kept).toBe(26_620);
    expect(point.total).toBe(266_200);
    expect(point.sparsity).toBe(0.9);
    expect(point.testAccuracy.values).toEqual([0.97, 0.971]);
    expect(point.testAccuracy.std).toBeCloseTo(0.001 / Math.SQRT2, 12);
    expect(point.validationAccuracy.values).toEqual([]);
    expect(point.seconds.mean).toBe(4);
    expect(point.runs).toEqual([find('iterative', 1, 0).key, find('iterative', 1, 1).key]);
  });

  it('lists layers in forward order with the kept counts of the first replicate', () => {
    expect(report(all).layers[0]).toEqual({
      name: 'dense_1',
      shape: [784, 300],
      total: 235_200,
      kept: [235_200, 23_520, 2_352],
    });
    expect(report(all).layers.map(({ name }) => name)).toEqual(['dense_1', 'dense_2', 'dense_3']);
    expect(report([]).layers).toEqual([]);
  });

  it('sums the seconds of every run once, the run to the rewind step too', () => {
    expect(nodes.filter(({ method }) => method === 'prefix')).toHaveLength(2);
    // one-shot level 1 is the run of iterative level 1
    const runs = new Set(nodes.map(({ key }) => key)).size;
    expect(runs).toBe(nodes.length - 2);
    expect(report([...all, record({ ...nodes[0]!, key: 'of another experiment' })]).seconds).toEqual({
      train: 2 * runs,
      evaluate: runs,
      total: 4 * runs,
    });
  });

  it('tells the memory of the run that takes the most, and nothing where none is known', () => {
    const memory = (total: number) => ({ data: 1, parameters: 2, activations: total - 3, total });
    const records = nodes.map((node, i) => record(node, i === 3 ? { memory: memory(9) } : { memory: memory(7) }));
    expect(report(records).memory).toEqual(memory(9));
    expect(report(all)).not.toHaveProperty('memory');
  });

  it('has the measures of the runs that have them, over replicates', () => {
    const records = nodes.map(node => record(node, node.replicate === 0 ? { measures: { topFive: 0.9 } } : {}));
    const point = report(records).series[0]!.points[1]!;
    expect(point.measures).toEqual({ topFive: { mean: 0.9, std: 0, values: [0.9] } });
    // records of earlier versions have none
    expect(report(all).series[0]!.points[1]).not.toHaveProperty('measures');
  });

  it('judges a regression by R²', () => {
    const loss = { testAccuracy: null, testLoss: 0.1, validationAccuracy: null, validationLoss: null };
    const records = nodes.map(node =>
      record(node, { final: loss, measures: { r2: 0.9 - node.level / 1000 + node.replicate / 10_000 } }),
    );
    const { series, task, verdict } = report(records, { task: 'regression' });
    expect(task).toBe('regression');
    expect(series[0]!.points[0]!.testAccuracy.values).toEqual([]);
    expect(series[0]!.points[0]!.measures!.r2!.values).toEqual([0.9, 0.9001]);
    expect(verdict.summary).toContain('(0.9001 ± 0.0001)');
  });

  it('shows what is there while it runs', () => {
    const first = find('iterative', 0, 0);
    const { series, runs, verdict } = report([record(first)], {
      status: 'running',
      running: new Set([find('iterative', 0, 1).key]),
    });
    expect(series[0]!.points).toHaveLength(1);
    expect(series[0]!.points[0]!.runs).toEqual([first.key]);
    expect(series[1]!.points).toEqual([]);
    expect(runs.slice(0, 3).map(({ status }) => status)).toEqual(['done', 'running', 'waiting']);
    expect(verdict.found).toBe(false);
    expect(verdict.summary).toContain('so far');
  });

  it('never lists the run to the rewind step as a point or a run', () => {
    expect(report(all).runs).toHaveLength(nodes.length - 2);
  });

  it('gives a failed run its reason, and those that need it too', () => {
    const broken = find('iterative', 1);
    const failed = record(broken, { status: 'failed', error: 'the loss is NaN at step 7', layers: [] });
    const { runs, series } = report([...all.filter(({ key }) => find('iterative', 0).key === key), failed]);
    const at = (node: RunNode) => runs.find(({ key }) => key === node.key)!;
    expect(at(broken)).toMatchObject({ status: 'failed', error: 'the loss is NaN at step 7' });
    expect(at(broken).kept).toBeUndefined();
    for (const method of ['iterative', 'one-shot', 'random-mask'] as const) {
      expect(at(find(method, 2))).toMatchObject({
        status: 'failed',
        error: 'not run, because another run failed: iterative, level 1: the loss is NaN at step 7',
      });
    }
    expect(at(find('iterative', 2, 1)).status).toBe('waiting');
    expect(series[0]!.points.map(({ level }) => level)).toEqual([0]);
  });

  it('names the run to the rewind step where that one failed', () => {
    const prefix = nodes.find(({ method }) => method === 'prefix')!;
    const { runs } = report([record(prefix, { status: 'failed', error: 'no' })]);
    expect(runs.find(({ key }) => key === find('iterative', 1).key)!.error).toContain('the run to the rewind step: no');
  });

  it('says which runs were cancelled, and that the verdict is not the last word', () => {
    const { runs, verdict } = report([record(find('iterative', 0))], { status: 'cancelled' });
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['done', 'cancelled']));
    expect(verdict.summary).toContain('so far');
  });

  it('has names of classes as people read them: not thousands, none without end', () => {
    expect(report(all, { labelNames: ['ash', 'x'.repeat(1000)] }).labelNames).toEqual(['ash', `${'x'.repeat(79)}…`]);
    expect(report(all, { labelNames: new Array<string>(1001).fill('x') })).not.toHaveProperty('labelNames');
  });

  it('survives JSON unchanged', () => {
    for (const records of [all, []]) {
      const built = report(records, { status: 'running' });
      expect(JSON.parse(JSON.stringify(built))).toEqual(built);
    }
  });
});
