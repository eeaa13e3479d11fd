import { beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../../../src/job/executors';
import { prepare } from '../../../src/job/prepare';
import { measure, type TrialLimits, type TrialSubject } from '../../../src/job/trial';
import { trialSubject } from '../../../src/job/trialSubject';
import { parseExperiment } from '../../../src/shared/parse';
import { fakeExecutor, type FakeExecutor } from '../../support/fakeExecutor';

const experiment = {
  name: 'tiny',
  model: 'builtin:mlp:20',
  data: { format: 'digits', training: 20, test: 10 },
  training: { steps: 100, batchSize: 5 },
  pruning: { levels: 2, rate: 0.5, exclude: ['dense_1'] },
};
const limits: TrialLimits = { measured: 0.4, patience: 60, slow: Infinity };

let subject: TrialSubject;
beforeAll(async () => {
  const prepared = await prepare(parseExperiment(JSON.stringify(experiment), 'tiny'), 'tiny');
  subject = trialSubject(prepared, prepared.planFor({ executor: { name: 'wasm', variant: '' } }));
});

async function trial(executor: FakeExecutor, changes: Partial<TrialLimits> = {}, signal?: AbortSignal) {
  const found = await probe(executor);
  if (!found.usable) throw new Error(found.reason);
  return measure(found, () => subject, { ...limits, ...changes }, signal);
}

const slow = (milliseconds: number) => new Promise<void>(resolve => setTimeout(resolve, milliseconds));

describe('a trial', () => {
  it('measures steps, dense and under the masks, until there are seconds enough', async () => {
    const executor = fakeExecutor({ secondsPerStep: density => (density === 1 ? 0.1 : 0.05) });
    expect(await trial(executor)).toMatchObject({
      measured: true,
      dense: expect.closeTo(10),
      sparse: expect.closeTo(20),
      memory: { data: 100 },
    });
    expect(executor.opened).toHaveLength(2);
    // one warm-up step and four dense ones; warm-up and eight sparse ones
    expect(executor.steps()).toBeLessThan(25);
    expect(executor.alive()).toBe(0);
  });

  it('leaves layers whole that the experiment leaves whole, and none empty', () => {
    const kept = subject.masks!.map(mask => mask && mask.reduce((sum, one) => sum + one, 0) / mask.length);
    expect(kept).toEqual([expect.closeTo(0.25), null, null, null]);
  });

  it('goes no further than the training itself', async () => {
    const executor = fakeExecutor({ secondsPerStep: () => 1e-6 });
    expect(await trial(executor)).toMatchObject({ measured: true });
    expect(executor.steps()).toBe(2 * experiment.training.steps);
  });

  it('gives up at once who is too slow', async () => {
    const executor = fakeExecutor({ secondsPerStep: () => 0.08 });
    expect(await trial(executor, { slow: 0.05 })).toEqual({ measured: false, reason: 'too slow: 13 steps/s' });
    // three to warm up, and one that tells
    expect(executor.steps()).toBe(4);
  });

  it('waits no longer than it is told for steps', async () => {
    const executor = fakeExecutor({ onTrain: () => slow(200) });
    expect(await trial(executor, { patience: 0.1 })).toEqual({
      measured: false,
      reason: 'its first steps took too long: more than 0.10 s in all',
    });
    expect(executor.alive()).toBe(0);
  });

  it('waits no longer for the start; what starts after that is closed', async () => {
    const executor = fakeExecutor();
    const found = await probe(executor);
    if (!found.usable) throw new Error(found.reason);
    let started = Promise.resolve();
    const create: typeof found.create = data => {
      const late = slow(200).then(() => found.create(data));
      started = late.then(() => undefined);
      return late;
    };
    const result = await measure({ ...found, create }, () => subject, { ...limits, patience: 0.05 }, undefined);
    expect(result).toEqual({ measured: false, reason: 'starting it took too long: more than 0.05 s in all' });
    await started;
    await slow(0);
    expect(executor.alive()).toBe(0);
  });

  it('counts what was trained before the loss diverges', async () => {
    const executor = fakeExecutor({ secondsPerStep: () => 0.01, diverges: { session: 0, step: 20 } });
    expect(await trial(executor)).toMatchObject({ measured: true, dense: expect.closeTo(100) });
    const atOnce = fakeExecutor({ diverges: { session: 0, step: 0 } });
    expect(await trial(atOnce)).toMatchObject({
      measured: false,
      reason: expect.stringContaining('no longer a finite'),
    });
  });

  it('ends with the reason of who stops it', async () => {
    const controller = new AbortController();
    const executor = fakeExecutor({
      onTrain: () => {
        controller.abort(new Error('stopped by hand'));
      },
    });
    await expect(trial(executor, {}, controller.signal)).rejects.toThrow('stopped by hand');
    expect(executor.alive()).toBe(0);
  });
});
