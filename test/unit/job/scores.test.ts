/** Pruning at initialisation in the job: what is scored on which examples, and what becomes of a layer that would be emptied. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { runExperiment } from '../../../src/job/experiment';
import { outputLayerOf } from '../../../src/job/outputLayer';
import { drawExamples } from '../../../src/job/scoredExamples';
import { Scorer } from '../../../src/job/scores';
import { prunableLayers } from '../../../src/lottery/layers';
import { buildMasks } from '../../../src/lottery/masks';
import { loadModel } from '../../../src/models/load';
import { initialWeights } from '../../../src/models/weights';
import { parseExperiment } from '../../../src/shared/parse';
import type { Report } from '../../../src/shared/report';
import { networkOf } from '../../../src/training/networkOf';
import { fakeExecutor, type FakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-scores-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function run(overlay: object, executor: FakeExecutor): Promise<Report> {
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  const experiment = {
    name: 'tiny',
    model: 'builtin:mlp:4',
    data: { format: 'digits', training: 60, test: 10 },
    training: { steps: 4, batchSize: 5 },
    pruning: { levels: 2, rate: 0.5 },
    worth: false,
    ...overlay,
  };
  return runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify(experiment), experimentPath),
    storeDirectory: path.join(directory, 'store'),
    emit: () => undefined,
    executors: [executor],
  });
}

const methods = ['snip', 'grasp', 'synflow', 'prospr', 'magnitude-init', 'random'] as const;

describe('pruning at initialisation', { timeout: 60_000 }, () => {
  it('meets the counts of the levels by every criterion, each with a mask of its own, from the same first weights', async () => {
    const executor = fakeExecutor();
    const report = await run({ compare: methods }, executor);
    expect(report.status).toBe('done');
    const kept = (method: string): (number | null)[] =>
      report.series.find(series => series.method === method)!.points.map(point => point.kept);
    for (const method of methods) expect(kept(method), method).toEqual(kept('iterative').slice(1));
    // dense, then level by level the ticket and the six
    const level1 = executor.opened.slice(2, 8);
    const masks = new Set(level1.map(({ masks }) => masks.map(mask => mask?.join('')).join()));
    expect(masks.size).toBe(methods.length);
    const [dense] = executor.opened;
    for (const { weights, masks, fromStep } of level1) {
      expect(fromStep).toBe(0);
      const kept = (values: Float32Array, p: number) => values.filter((_, i) => masks[p]?.[i] !== 0);
      expect(weights.map(kept)).toEqual(dense!.weights.map(kept));
    }
  });

  it('has the same masks again, and others with another seed', async () => {
    const masksOf = async (seed: number): Promise<string[]> => {
      const executor = fakeExecutor();
      await run({ compare: [{ method: 'snip', levels: [2] }], name: `seed-${seed}`, seed }, executor);
      rmSync(path.join(directory, 'store'), { recursive: true });
      return executor.opened.at(-1)!.masks.map(mask => mask?.join('') ?? '');
    };
    const first = await masksOf(1);
    expect(await masksOf(1)).toEqual(first);
    expect(await masksOf(2)).not.toEqual(first);
  });

  it('goes to sparsities of its own', async () => {
    const compare = [
      { method: 'synflow', sparsities: [0.5, 0.9], rounds: 7 },
      { method: 'random', sparsities: [0.8], distribution: 'erk' },
    ];
    const report = await run({ compare }, fakeExecutor());
    const total = 784 * 4 + 40;
    const kept = (method: string): (number | null)[] =>
      report.series.find(series => series.method === method)!.points.map(point => point.kept);
    expect(kept('synflow')).toEqual([total - total * 0.5, total - Math.round(total * 0.9)]);
    expect(kept('random')).toEqual([total - Math.round(total * 0.8)]);
  });

  it('fails the run that would leave a layer empty, names the layer, and goes on with the others', async () => {
    const executor = fakeExecutor();
    const compare = [
      { method: 'magnitude-init', sparsities: [0.999] },
      { method: 'synflow', sparsities: [0.99] },
    ];
    const report = await run({ compare }, executor);
    const runOf = (method: string) => report.runs.find(one => one.method === method)!;
    expect(runOf('magnitude-init').status).toBe('failed');
    expect(runOf('magnitude-init').error).toMatch(/no weight of layer "dense(_1)?" \(layer collapse\)/);
    expect(runOf('synflow').status).toBe('done');
    // dense, two levels, SynFlow
    expect(executor.opened).toHaveLength(4);
  });

  it('tells that VGG-16 falls apart where its smallest first weights go, at 99.9 %', async () => {
    const target = { inputShape: [32, 32, 3], classes: 10, task: 'classification', loss: 'cross-entropy' } as const;
    const network = await networkOf(await loadModel('builtin:vgg-16', directory, target), target);
    const layers = prunableLayers(network.parameters, outputLayerOf(network));
    const weights = initialWeights(network, 1);
    const data: Partial<DataSet> = {};
    const scorer = new Scorer({
      network,
      layers,
      data: data as DataSet,
      inputs: { model: '', data: '' },
      signal: undefined,
    });
    const none = (): Promise<never> => Promise.reject(new Error('nothing else is needed'));
    const building = buildMasks(
      {
        kind: 'scored',
        criterion: 'magnitude',
        start: { kind: 'initial', seed: 1 },
        distribution: 'global',
        exclude: [],
        sparsity: 0.999,
      },
      {
        layers,
        level: 1,
        finalKernels: none,
        finalWeights: none,
        masks: none,
        coupling: () => {
          throw new Error('nothing else is needed');
        },
        score: (request, masks) => scorer.score(request, weights, masks),
      },
    );
    await expect(building).rejects.toThrow(/layer "layers\.\d+\.conv" \(layer collapse\)/);
  });
});

describe('examples that are scored on', () => {
  const labels = Uint8Array.from({ length: 90 }, (_, i) => (i < 60 ? 0 : i < 88 ? 1 : 2));
  const data = { task: 'classification', classes: 3, training: { count: labels.length, labels } } as const;
  const perClass = (rows: Uint32Array): number[] =>
    [0, 1, 2].map(wanted => rows.filter(row => labels[row] === wanted).length);

  it('are ten of each class, fewer where there are no more, and differ with the seed', () => {
    const rows = drawExamples(data, undefined, 1);
    expect(new Set(rows).size).toBe(30);
    expect(perClass(rows)).toEqual([14, 14, 2]);
    expect(drawExamples(data, undefined, 1)).toEqual(rows);
    expect(drawExamples(data, undefined, 2)).not.toEqual(rows);
  });

  it('are as many as asked for, and all at most', () => {
    expect(perClass(drawExamples(data, 6, 1))).toEqual([2, 2, 2]);
    expect(Array.from(drawExamples(data, 1000, 1)).sort((a, b) => a - b)).toEqual(Array.from(labels, (_, i) => i));
  });
});
