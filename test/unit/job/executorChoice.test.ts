import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { beside, executorOf, run, stored, tiny, useFolder, wasm, webgpu } from '../../support/choiceJobs';
import { fakeExecutor } from '../../support/fakeExecutor';

useFolder();

describe('auto', () => {
  it('takes the executor that does the steps of all runs in the least time, and says what it compared', async () => {
    const { report, log } = await run([wasm(), webgpu()]);
    expect(executorOf(report)).toEqual(['webgpu', 'webgpu', 'webgpu']);
    expect(report).toMatchObject({ executor: 'webgpu', experiment: { executor: 'webgpu' } });
    expect(report.executorChoice).toMatchObject({
      executor: 'webgpu',
      candidates: [
        {
          executor: 'webgpu',
          device: 'fake device',
          speed: { mean: expect.closeTo(1000), dense: expect.closeTo(1000) },
        },
        { executor: 'wasm', speed: { mean: expect.closeTo(100) } },
      ],
      losses: [],
    });
    expect(log.join('\n')).toMatch(/measuring which executor .*wasm, webgpu/);
    expect(log.join('\n')).toContain('executor webgpu, fake device: the fastest on this model and data: 1,000 steps/s');
  });

  it('counts a mask that makes an executor faster, at the densities that the runs have', async () => {
    // half of the steps are dense or nearly so, the others run at a quarter of the weights
    const executors = [wasm(10, 1), webgpu(8)];
    expect((await run(executors, { pruning: { levels: 1, rate: 0.75 } })).report.executor).toBe('wasm');
    const denser = await run(executors, {
      name: 'denser',
      pruning: { levels: 1, rate: 0.75 },
      replicates: 1,
      compare: [],
    });
    expect(denser.report.executorChoice!.candidates.map(({ executor }) => executor)).toEqual(['wasm', 'webgpu']);
    expect((await run([wasm(10, 9), webgpu(8)], { name: 'other' })).report.executor).toBe('webgpu');
  });

  it('measures on the experiment itself: dense, then under a mask of the last level', async () => {
    const first = wasm();
    await run([first, webgpu()]);
    const [dense, sparse] = first.opened;
    expect(dense).toMatchObject({ batchSize: 5, totalSteps: 2000, fromStep: 0, masks: [null, null, null, null] });
    const kept = sparse!.masks.flatMap(mask => (mask ? [...mask] : []));
    expect(kept.filter(one => one === 1).length / kept.length).toBeCloseTo(0.25, 2);
  });

  it('is settled at the first start: it is not measured again, whatever the speeds are then', async () => {
    const first = await run([wasm(), webgpu()]);
    const [slow, fast] = [wasm(0.1), webgpu(100)];
    const again = await run([slow, fast]);
    expect(again.report).toEqual(first.report);
    expect(slow.opened.length + fast.opened.length).toBe(0);
    const more = await run([slow, fast], { compare: ['random-reinit'], replicates: 2 });
    expect(slow.opened).toEqual([]);
    expect(new Set(executorOf(more.report))).toEqual(new Set(['webgpu']));
    expect(more.report.executorChoice).toEqual(first.report.executorChoice);
  });

  it('is settled by a start that was cancelled before a run was done', async () => {
    const controller = new AbortController();
    const stopping = fakeExecutor({
      name: 'webgpu',
      secondsPerStep: () => 0.001,
      onTrain: (session, step) => {
        if (session === 2 && step === 1000) controller.abort();
      },
    });
    expect((await run([wasm(), stopping], {}, { signal: controller.signal })).report.status).toBe('cancelled');
    expect((await run([wasm(0.1), webgpu(100)])).report.executor).toBe('webgpu');
  });

  it('measures anew where the model or the recipe is another', async () => {
    await run([wasm(), webgpu()]);
    const { report } = await run([wasm(0.5), webgpu()], { training: { ...tiny.training, batchSize: 10 } });
    expect(report.executor).toBe('wasm');
    expect((await run([wasm(), webgpu(100)])).report.executor).toBe('webgpu');
  });

  it('measures nothing where only one can be used', async () => {
    const only = wasm();
    const { report } = await run([only, fakeExecutor({ name: 'webgpu', unusable: 'no adapter' })]);
    expect(only.opened).toHaveLength(3);
    expect(report.executorChoice).toEqual({
      executor: 'wasm',
      reason: 'the only one that can train it on this machine',
      candidates: [
        { executor: 'wasm', device: 'fake device' },
        { executor: 'webgpu', reason: 'no adapter' },
      ],
      losses: [],
    });
  });

  it('measures no other where the first is done sooner than a trial', async () => {
    const other = webgpu(0.001);
    const { report } = await run([wasm(), other], { training: { steps: 20, batchSize: 5 } });
    expect(other.opened).toEqual([]);
    expect(report.executorChoice).toMatchObject({ executor: 'wasm', reason: expect.stringContaining('too short') });
  });

  it('trains nothing to choose where nothing is to be trained', async () => {
    const only = wasm();
    const { report } = await run([only, webgpu()], { training: { steps: 0, batchSize: 5 }, pruning: { levels: 0 } });
    expect(report.executor).toBe('wasm');
    expect(only.opened).toHaveLength(1);
  });

  it('leaves out what cannot be measured, and says why', async () => {
    const small = fakeExecutor({ name: 'webgpu', memoryLimit: 10 });
    const lost = fakeExecutor({ name: 'tensorflow', loses: { session: 0, step: 1, kind: 'out-of-memory' } });
    const slow = fakeExecutor({ name: 'tensorflow-gpu', secondsPerStep: () => 1 });
    const { report } = await run([wasm(), small, lost, slow]);
    expect(report.executor).toBe('wasm');
    const reasons = Object.fromEntries(
      report.executorChoice!.candidates.map(({ executor, reason }) => [executor, reason]),
    );
    expect(reasons).toMatchObject({
      webgpu: expect.stringContaining('at most 1 MiB can be used'),
      tensorflow: 'the fake device is gone',
      'tensorflow-gpu': 'too slow: 1 steps/s',
    });
    expect([small, lost, slow].map(one => one.alive())).toEqual([0, 0, 0]);
    expect(slow.steps()).toBeLessThan(5);
  });

  it('does not try the reference where another can be used', async () => {
    const reference = { ...fakeExecutor({ name: 'cpu', secondsPerStep: () => 1e-6 }), reference: true as const };
    const { report } = await run([wasm(), reference]);
    expect(report.executor).toBe('wasm');
    expect(report.executorChoice!.candidates).toContainEqual({
      executor: 'cpu',
      reason: expect.stringContaining('reference'),
    });
    expect((await run([fakeExecutor({ unusable: 'broken' }), reference], { name: 'other' })).report.executor).toBe(
      'cpu',
    );
  });

  it('goes by the preference of the person instead', async () => {
    const executors = [wasm(), webgpu(100)];
    const { report } = await run(executors, {}, { preferred: 'webgpu' });
    expect(report.executor).toBe('webgpu');
    expect(report.executorChoice!.reason).toContain('setting');
    expect((await run(executors, {}, { preferred: 'wasm' })).report).toEqual(report);
  });

  it('goes on with the executor of a store that a version without executor.json has left', async () => {
    const { report } = await run([wasm()], { executor: 'wasm' });
    rmSync(stored('experiments/tiny/executor.json'));
    const again = await run([wasm(), webgpu()]);
    expect(again.report.runs.map(({ key }) => key)).toEqual(report.runs.map(({ key }) => key));
    expect(again.report.executorChoice!.reason).toContain('in the store already');
  });

  it('measures anew where executor.json is damaged', async () => {
    await run([wasm(), webgpu()]);
    for (const text of ['{', '[]', '{"version":1,"entries":[{"subject":1}]}', 'null']) {
      writeFileSync(stored('experiments/tiny/executor.json'), text);
      // the runs there say what it was
      expect((await run([wasm(0.1), webgpu()])).report.executor).toBe('webgpu');
    }
  });
});

describe('a model with a layer that no plan covers', () => {
  const layer = (className: string, config: object) => ({ class_name: className, config });
  const topology = {
    class_name: 'Sequential',
    config: {
      name: 'recurrent',
      layers: [
        layer('Reshape', { name: 'rows', target_shape: [28, 28], batch_input_shape: [null, 28, 28, 1] }),
        layer('LSTM', { name: 'reader', units: 3 }),
        layer('Dense', { name: 'output', units: 10, activation: 'softmax' }),
      ],
    },
  };
  const recurrent = { model: 'model.json', training: { steps: 4, batchSize: 5, optimizer: { name: 'sgd' } } };
  const tensorFlow = () => ({ ...fakeExecutor({ name: 'tensorflow' }), anyLayers: true as const });
  beforeEach(() => {
    writeFileSync(beside('model.json'), JSON.stringify({ modelTopology: { model_config: topology } }));
  });

  it('is left to the executors that train any layer, also where another is preferred', async () => {
    const { report } = await run([wasm(), tensorFlow()], recurrent, { preferred: 'wasm' });
    expect(report).toMatchObject({ status: 'done', executor: 'tensorflow' });
    expect(report.executorChoice!.candidates).toContainEqual({
      executor: 'wasm',
      reason: 'cannot train all layers of this model',
    });
  });

  it('is refused by name on another', async () => {
    await expect(run([wasm(), tensorFlow()], { ...recurrent, executor: 'wasm' })).rejects.toMatchObject({
      field: 'executor',
      reason: '"wasm" cannot train layer "reader" (LSTM): choose "auto", "tensorflow" or "cpu"',
    });
  });
});

describe('an executor that is named', () => {
  it('is taken without measuring', async () => {
    const fast = webgpu();
    const { report } = await run([wasm(), fast], { executor: 'wasm' });
    expect(fast.opened).toEqual([]);
    expect(report.executorChoice).toMatchObject({ executor: 'wasm', reason: 'named by the experiment' });
  });

  it('and cannot be used is refused before anything is written', async () => {
    const missing = fakeExecutor({ name: 'webgpu', unusable: 'no adapter was found' });
    await expect(run([wasm(), missing], { executor: 'webgpu' })).rejects.toMatchObject({
      field: 'executor',
      message: expect.stringMatching(/tiny\.ticket\.json: executor: "webgpu" cannot be used: no adapter was found/),
    });
    expect(existsSync(stored())).toBe(false);
  });

  it('and can no longer be used still tells what it found, and refuses to compute more', async () => {
    const first = await run([wasm(), webgpu()], { executor: 'webgpu' });
    const gone = fakeExecutor({ name: 'webgpu', unusable: 'no adapter was found' });
    expect((await run([wasm(), gone], { executor: 'webgpu' })).report).toEqual(first.report);
    const { report } = await run([wasm(), gone], { executor: 'webgpu', compare: ['random-mask'] });
    expect(report).toMatchObject({ status: 'failed', errorField: 'executor' });
    expect(report.error).toBe('executor: "webgpu" cannot be used: no adapter was found');
    expect(report.executorChoice!.losses).toEqual([]);
  });
});
