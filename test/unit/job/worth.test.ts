import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runExperiment } from '../../../src/job/experiment';
import { parseReport } from '../../../src/host/validate';
import { parseExperiment } from '../../../src/shared/parse';
import type { Report } from '../../../src/shared/report';
import { fakeExecutor, type FakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-worth-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** 784 inputs, 4 hidden units, 10 classes. */
const tiny = {
  name: 'tiny',
  model: 'builtin:mlp:4',
  data: { format: 'digits', training: 20, test: 10 },
  training: { steps: 10, batchSize: 5 },
  pruning: { levels: 2, rate: 0.5 },
  compare: ['random-mask'],
  replicates: 2,
};
const weights = 784 * 4 + 4 * 10;
const biases = 4 + 10;

const timed = () => fakeExecutor({ secondsPerStep: density => 0.02 * density });

function run(executor: FakeExecutor, overlay: object = {}, signal?: AbortSignal): Promise<Report> {
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  return runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...tiny, ...overlay }), experimentPath),
    storeDirectory: directory,
    emit: () => undefined,
    executors: [executor],
    ...(signal && { signal }),
  });
}

const fileOf = (key: string): string => path.join(directory, 'runs', key, 'worth.json');

describe('what the levels are worth', () => {
  it('is told of the iterative runs of the first replicate, with sizes and operations that follow from the masks', async () => {
    const { worth, series } = await run(timed());
    const points = series.find(({ method }) => method === 'iterative')!.points;
    expect(worth).toMatchObject({ executor: 'wasm', device: 'fake device', batchSize: 5 });
    expect(worth!.statement).toMatch(/dense kernel/);
    expect(worth!.levels.map(({ level, run: key }) => [level, key])).toEqual(
      points.map(({ level, runs }) => [level, runs[0]]),
    );
    for (const [i, { bytes, multiplyAdds, layers }] of worth!.levels.entries()) {
      const { kept } = points[i]!;
      expect(multiplyAdds).toEqual({ dense: weights, effective: kept });
      expect(bytes).toMatchObject({
        dense: 4 * (weights + biases),
        coo: 12 * kept + 4 * biases,
        csr: 8 * kept + 4 * (4 + 1 + 10 + 1) + 4 * biases,
        bitmask: 4 * kept + weights / 8 + 4 * biases,
      });
      expect(layers.map(({ name }) => name)).toEqual(['dense/kernel', 'dense_1/kernel']);
    }
    const [dense, , sparse] = worth!.levels;
    expect(sparse!.bytes.gzip).toBeLessThan(dense!.bytes.gzip);
  });

  it('has the time of a step as the executor takes it under that mask', async () => {
    const { worth, series } = await run(timed());
    for (const { level, seconds } of worth!.levels) {
      const { kept } = series[0]!.points[level]!;
      expect(seconds!.step).toBeCloseTo((0.02 * kept) / weights, 6);
      expect(seconds!.inference).toBeGreaterThan(0);
    }
  });

  it('stands in the report as the host takes it', async () => {
    const { worth } = await run(timed());
    const text = readFileSync(path.join(directory, 'experiments/tiny/report.json'), 'utf8');
    expect(parseReport(text)).toMatchObject({ ok: true, value: { worth } });
  });

  it('is measured once: a finished experiment starts no executor', async () => {
    const first = await run(timed());
    const again = timed();
    const second = await run(again);
    expect(again.opened).toEqual([]);
    expect(second.worth).toEqual(first.worth);
  });

  it.each([
    ['is damaged', '{"key":'],
    ['belongs to another run', null],
    ['holds numbers that are none', '{"seconds":{"step":-1}}'],
  ])('is measured again where its file %s', async (_, text) => {
    const { worth } = await run(timed());
    const [first, second] = worth!.levels;
    writeFileSync(fileOf(first!.run), text ?? readFileSync(fileOf(second!.run)));
    const again = timed();
    const { worth: measured } = await run(again);
    expect(again.opened).toHaveLength(1);
    expect(measured!.levels.map(({ run: key, bytes }) => [key, bytes])).toEqual(
      worth!.levels.map(({ run: key, bytes }) => [key, bytes]),
    );
  });

  it('is not asked for by an experiment that says so, and enters no key', async () => {
    const executor = timed();
    const { worth, runs } = await run(executor, { worth: false });
    expect(worth).toBeUndefined();
    expect(executor.opened).toHaveLength(new Set(runs.map(({ key }) => key)).size);
    const later = timed();
    const asked = await run(later);
    expect(asked.runs.map(({ key }) => key)).toEqual(runs.map(({ key }) => key));
    expect(later.opened).toHaveLength(3);
  });

  it('keeps its sizes where a level cannot be timed', async () => {
    // the ten runs have the sessions before
    const { worth, status } = await run(fakeExecutor({ diverges: { session: 10, step: 1 } }));
    expect(status).toBe('done');
    expect(worth!.levels[0]!.seconds).toBeNull();
    expect(worth!.levels.every(({ bytes }) => bytes.dense > 0)).toBe(true);
  });

  it('is left out where the experiment is cancelled', async () => {
    const controller = new AbortController();
    const executor = fakeExecutor({
      onTrain: session => {
        if (session === 9) controller.abort();
      },
    });
    const { worth, status } = await run(executor, {}, controller.signal);
    expect(status).toBe('cancelled');
    expect(worth).toBeUndefined();
  });
});
