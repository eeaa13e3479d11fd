/** Runs that an executor trains together come to what they come to one after another, whatever happens to some of them. */
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ExecutorSource } from '../../../src/job/executors';
import type { Report } from '../../../src/shared/report';
import { contentsOf, executorOf, recordOf, run, stored, useFolder, wasm } from '../../support/choiceJobs';
import { fakeExecutor, type FakeBehaviour } from '../../support/fakeExecutor';
import { createExecutor, webGpu } from '../../support/webgpu';

useFolder();

const together = (behaviour: FakeBehaviour = {}) => fakeExecutor({ room: 100, ...behaviour });
const experiment = { executor: 'wasm', replicates: 3, compare: ['random-mask'] };

const status = ({ runs }: Report): string[] =>
  runs.map(({ method, level, replicate, status }) => `${method} ${level}.${replicate} ${status}`);

/** The same experiment in a new store. */
async function anew(executor: ExecutorSource, overlay: object) {
  rmSync(stored(), { recursive: true });
  return run([executor], overlay);
}

describe('runs that train together', { timeout: 60_000 }, () => {
  it('are those that need none of each other, and leave what they leave one after another', async () => {
    const executor = together();
    const { report, events } = await run([executor], experiment);
    // dense; level 1; its random masks and level 2; random masks of level 2
    expect(executor.groups).toEqual([3, 3, 6, 3]);
    expect(executor.alive()).toBe(0);
    const told = events.flatMap(event => (event.type === 'evaluation' ? [event.run] : []));
    expect(told).toHaveLength(15 * 2);
    expect(new Set(told)).toEqual(new Set(report.runs.map(({ key }) => key)));
    const progress = events.flatMap(event => (event.type === 'progress' ? [event.progress] : []));
    expect(progress.at(-1)).toMatchObject({ runsDone: 15, runsTotal: 15, fraction: 1 });
    const side = contentsOf(report);
    expect(contentsOf((await anew(wasm(), experiment)).report)).toEqual(side);
  });

  it('are as many at a time as there is room for', async () => {
    const executor = together({ room: 2 });
    const { report } = await run([executor], experiment);
    expect(executor.groups).toEqual([2, 1, 2, 1, 2, 2, 2, 2, 1]);
    expect(report.status).toBe('done');
  });

  it('train by one recipe through the same steps: a run to the rewind step is none of them', async () => {
    const executor = together();
    await run([executor], { ...experiment, rewind: 500 });
    expect(executor.groups).toEqual([3, 3, 3, 6, 3]);
  });

  it('go on where one of them diverges; it fails, and what needs it is not run', async () => {
    const executor = together({ diverges: { session: 4, step: 1500 } });
    const { report } = await run([executor], { executor: 'wasm', replicates: 3 });
    expect(executor.groups).toEqual([3, 3, 2]);
    expect(status(report).filter(text => text.endsWith('failed'))).toEqual([
      'iterative 1.1 failed',
      'iterative 2.1 failed',
    ]);
    expect(recordOf(report.runs.find(one => one.level === 1 && one.replicate === 1)!.key)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('step 1500'),
    });
    expect(report.series[0]!.points.map(point => point.runs.length)).toEqual([3, 2, 2]);
  });

  it('stop early each at its own step, and are stored then', async () => {
    const training = { steps: 40, batchSize: 5, evaluateEvery: 5, earlyStopping: { patience: 2 } };
    const validationLoss = (session: number, step: number) => Math.abs(step - 5 - 5 * session);
    const overlay = { executor: 'wasm', replicates: 3, training, pruning: { levels: 1 } };
    const { report } = await run([together({ validationLoss })], overlay);
    const runs = [...report.runs].filter(({ level }) => level === 0).map(({ key }) => recordOf(key));
    expect(runs.map(({ stoppedAt }) => stoppedAt)).toEqual([15, 20, 25]);
    expect(runs.map(({ finishedAt }) => finishedAt)).toEqual(runs.map(({ finishedAt }) => finishedAt).toSorted());
    const side = contentsOf(report);
    expect(contentsOf((await anew(fakeExecutor({ validationLoss }), overlay)).report)).toEqual(side);
  });

  it('leave nothing where they are stopped, but what was finished before', async () => {
    const controller = new AbortController();
    const executor = together({
      onTrain: (session, step) => {
        if (session === 4 && step === 2000) controller.abort();
      },
    });
    const { report } = await run([executor], experiment, { signal: controller.signal });
    expect(report.status).toBe('cancelled');
    const done = status(report).filter(text => text.endsWith('done'));
    expect(done).toEqual(['iterative 0.0 done', 'iterative 0.1 done', 'iterative 0.2 done']);
    expect(executor.alive()).toBe(0);
    const rest = together();
    expect((await run([rest], experiment)).report.status).toBe('done');
    expect(rest.groups).toEqual([3, 6, 3]);
  });

  it('are handed over together where the device is lost; the next executor computes them one by one', async () => {
    const losing = together({ name: 'webgpu', loses: { session: 4, step: 2000, kind: 'lost' } });
    const next = wasm();
    const { report, log } = await run([next, losing], { ...experiment, executor: 'webgpu', compare: [] });
    expect(report.status).toBe('done');
    const executors = executorOf(report);
    expect(executors.filter(name => name === 'webgpu')).toHaveLength(3);
    expect(executors.filter(name => name === 'wasm')).toHaveLength(6);
    expect(log).toContain('the GPU was lost in level 1; went on with wasm. the fake device is gone');
    expect((await run([wasm(), losing], { ...experiment, executor: 'webgpu', compare: [] })).report).toEqual(report);
  });

  it('all stop where one cannot be stored, and say why', async () => {
    const training = { steps: 40, batchSize: 5, evaluateEvery: 5, earlyStopping: { patience: 1 } };
    const executor = together({
      // the first ends early, but a file is where its folder would be
      validationLoss: (session, step) => (session === 0 ? step : -step),
      onTrain: (session, step) => {
        if (session === 0 && step === 5) rmSync(stored('runs'), { recursive: true });
        if (session === 0 && step === 5) writeFileSync(stored('runs'), '');
      },
    });
    const { report } = await run([executor], { executor: 'wasm', replicates: 3, training });
    expect(report).toMatchObject({ status: 'failed', error: expect.stringContaining('cannot be written') });
    expect(executor.steps()).toBeLessThan(3 * 40);
    expect(executor.alive()).toBe(0);
  });
});

describe.skipIf(!webGpu)('runs that train together on a device', { timeout: 300_000 }, () => {
  it('have the bits that they have alone', async () => {
    const overlay = {
      ...{ executor: 'webgpu', replicates: 2 },
      ...{ training: { steps: 5, batchSize: 5, evaluateEvery: 5 }, pruning: { levels: 1, rate: 0.5 } },
    };
    const probe = (groups: boolean): ExecutorSource => ({
      name: 'webgpu',
      probe: () =>
        Promise.resolve({
          ...webGpu!,
          create: async data => {
            const executor = await createExecutor(data);
            const { name, device, variant } = executor;
            const [open, close] = [executor.open.bind(executor), executor.close.bind(executor)];
            return groups ? executor : { name, device, variant, open, close };
          },
        }),
    });
    const side = contentsOf((await run([probe(true)], overlay)).report);
    expect(side).toHaveLength(4);
    expect(contentsOf((await anew(probe(false), overlay)).report)).toEqual(side);
  });
});
