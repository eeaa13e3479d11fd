import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { speedOver } from '../../../src/job/choose';
import { runExperiment, type JobEvent } from '../../../src/job/experiment';
import type { ExecutorSource } from '../../../src/job/executors';
import { describeChoice, describeLoss } from '../../../src/shared/executorChoice';
import { parseExperiment } from '../../../src/shared/parse';
import type { Report } from '../../../src/shared/report';
import type { RunRecord } from '../../../src/shared/run';
import { fakeExecutor } from '../../support/fakeExecutor';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-choice-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const tiny = {
  name: 'tiny',
  model: 'builtin:mlp:20',
  data: { format: 'digits', training: 20, test: 10 },
  training: { steps: 2000, batchSize: 5, evaluateEvery: 1000 },
  pruning: { levels: 2, rate: 0.5 },
};

interface Job {
  readonly report: Report;
  readonly log: readonly string[];
}

async function run(
  executors: readonly ExecutorSource[],
  overlay: object = {},
  options: { readonly preferred?: 'wasm' | 'webgpu'; readonly signal?: AbortSignal } = {},
): Promise<Job> {
  const events: JobEvent[] = [];
  const experimentPath = path.join(directory, 'tiny.ticket.json');
  const report = await runExperiment({
    experimentPath,
    parsed: parseExperiment(JSON.stringify({ ...tiny, ...overlay }), experimentPath),
    storeDirectory: path.join(directory, 'store'),
    emit: event => events.push(event),
    executors,
    ...options,
  });
  return { report, log: events.flatMap(event => (event.type === 'log' ? [event.message] : [])) };
}

const stored = (...parts: string[]): string => path.join(directory, 'store', ...parts);
const recordOf = (key: string): RunRecord =>
  JSON.parse(readFileSync(stored('runs', key, 'run.json'), 'utf8')) as RunRecord;
/** What computed each run; its key must say so too. */
const executorOf = (report: Report): (string | undefined)[] =>
  report.runs.map(({ key, status }) => {
    if (status !== 'done') return undefined;
    const { executor, inputs } = recordOf(key);
    expect(inputs.executor.name).toBe(executor);
    return executor;
  });

/** Slow enough that an experiment of some thousand steps is worth a trial. */
const wasm = (milliseconds = 10, sparse = milliseconds) =>
  fakeExecutor({ secondsPerStep: density => (density === 1 ? milliseconds : sparse) / 1000 });
const webgpu = (milliseconds = 1) => fakeExecutor({ name: 'webgpu', secondsPerStep: () => milliseconds / 1000 });

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
    writeFileSync(path.join(directory, 'model.json'), JSON.stringify({ modelTopology: { model_config: topology } }));
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

describe('a device that is lost', () => {
  /** Lost in the second of the runs, after a trial of two sessions where there is one. */
  const losing = (session = 1) =>
    fakeExecutor({
      name: 'webgpu',
      secondsPerStep: () => 0.001,
      loses: { session, step: 2000, kind: 'out-of-memory' },
    });

  it('hands the run over to the next executor, and the rest; what was finished stays', async () => {
    const [first, second] = [losing(3), wasm()];
    const { report, log } = await run([second, first], { compare: ['random-reinit'] });
    expect(report.status).toBe('done');
    expect(executorOf(report)).toEqual(['webgpu', 'wasm', 'wasm', 'wasm', 'wasm']);
    expect(report).toMatchObject({ executor: 'wasm', experiment: { executor: 'webgpu' } });
    const [dense, level1] = report.runs.map(({ key }) => recordOf(key));
    expect(level1!.inputs.mask).toMatchObject({ run: dense!.key });
    expect(report.executorChoice!.losses).toEqual([
      {
        executor: 'webgpu',
        device: 'fake device',
        kind: 'out-of-memory',
        message: 'the fake device is gone',
        method: 'iterative',
        level: 1,
        replicate: 0,
        next: 'wasm',
      },
    ]);
    expect(log).toContain('the GPU ran out of memory in level 1; went on with wasm. the fake device is gone');
    expect([first, second].map(one => one.alive())).toEqual([0, 0]);
  });

  it('leaves a store that gives the same report again, computing nothing, whether the device is back or not', async () => {
    const { report } = await run([wasm(), losing()], { executor: 'webgpu' });
    expect(report.executorChoice!.losses).toHaveLength(1);
    const gone = fakeExecutor({ name: 'webgpu', unusable: 'no adapter' });
    for (const device of [webgpu(), gone]) {
      const next = wasm();
      expect((await run([next, device], { executor: 'webgpu' })).report).toEqual(report);
      expect([...next.opened, ...device.opened]).toEqual([]);
    }
  });

  it('is not gone back to: what is added later is computed by the next one, beside what is there', async () => {
    const { report } = await run([wasm(), losing()], { executor: 'webgpu' });
    const [next, back] = [wasm(), webgpu()];
    const more = await run([next, back], { executor: 'webgpu', compare: ['random-reinit'] });
    expect(next.opened).toHaveLength(2);
    expect(back.opened).toEqual([]);
    const keys = more.report.runs.filter(({ method }) => method === 'iterative').map(({ key }) => key);
    expect(keys).toEqual(report.runs.map(({ key }) => key));
  });

  it('before the first run is done leaves everything to the next', async () => {
    const { report } = await run([wasm(), losing(0)], { executor: 'webgpu' });
    expect(executorOf(report)).toEqual(['wasm', 'wasm', 'wasm']);
    expect(describeLoss(report.executorChoice!.losses[0]!)).toBe(
      'the GPU ran out of memory in the dense run; went on with wasm',
    );
  });

  it('where a finished run of it was deleted since is made up for by the next', async () => {
    const { report } = await run([wasm(), losing()], { executor: 'webgpu' });
    rmSync(stored('runs', report.runs[0]!.key), { recursive: true });
    const again = await run([wasm(), webgpu()], { executor: 'webgpu' });
    expect(executorOf(again.report)).toEqual(['wasm', 'wasm', 'wasm']);
  });

  it('hands over in the order of the speeds, and again where the next is lost too', async () => {
    const executors = [
      wasm(),
      losing(3),
      fakeExecutor({
        name: 'tensorflow-gpu',
        secondsPerStep: () => 0.002,
        loses: { session: 3, step: 2000, kind: 'lost' },
      }),
      fakeExecutor({ name: 'tensorflow', secondsPerStep: () => 0.05 }),
    ];
    const { report } = await run(executors);
    expect(executorOf(report)).toEqual(['webgpu', 'tensorflow-gpu', 'wasm']);
    expect(report.executorChoice!.losses.map(describeLoss)).toEqual([
      'the GPU ran out of memory in level 1; went on with tensorflow-gpu',
      'the GPU was lost in level 2; went on with wasm',
    ]);
    expect((await run(executors)).report).toEqual(report);
  });

  it('fails the experiment with what it said where there is no other', async () => {
    const { report } = await run([losing(1)], { executor: 'webgpu' });
    expect(report).toMatchObject({ status: 'failed', error: 'the fake device is gone' });
    expect(report.runs.map(({ status }) => status)).toEqual(['done', 'waiting', 'waiting']);
  });

  it('since the last start hands over at the first run that is missing', async () => {
    const controller = new AbortController();
    const stopping = fakeExecutor({
      name: 'webgpu',
      secondsPerStep: () => 0.001,
      onTrain: session => {
        if (session === 3) controller.abort();
      },
    });
    await run([wasm(), stopping], {}, { signal: controller.signal });
    const gone = fakeExecutor({ name: 'webgpu', unusable: 'no adapter' });
    const { report } = await run([wasm(), gone]);
    expect(executorOf(report)).toEqual(['webgpu', 'wasm', 'wasm']);
    expect(report.executorChoice!.losses.map(describeLoss)).toEqual([
      'the GPU could not be used any more in level 1; went on with wasm',
    ]);
  });
});

describe('the mean speed over an experiment', () => {
  const workload = [1, 0.8, 0.4, 0.2, 0.1].map(density => ({ density, steps: 100 }));

  it('takes steps for dense down to density 0.4, and from there in proportion to the last', () => {
    const { mean } = speedOver(workload, { dense: 10, sparse: 40 });
    // 0.1 s three times, at 0.1 what was measured, 0.025 s, at 0.2 a third of the way from there
    expect(1 / mean).toBeCloseTo((3 * 0.1 + 0.025 + (0.025 + (0.1 - 0.025) / 3)) / 5);
  });

  it('is the speed itself where a mask changes nothing', () => {
    expect(speedOver(workload, { dense: 10, sparse: 10 }).mean).toBeCloseTo(10);
  });

  it('knows the last level where that is hardly sparse', () => {
    expect(
      speedOver(
        [1, 0.8].map(density => ({ density, steps: 1 })),
        { dense: 10, sparse: 20 },
      ).mean,
    ).toBeCloseTo(2 / 0.15);
  });
});

describe('the words of a choice', () => {
  it('are the executor with its reason, each candidate with its speeds or why it has none, and each loss', () => {
    const lost = { executor: 'webgpu', device: 'H100', message: 'gone', next: 'wasm' } as const;
    expect(
      describeChoice({
        executor: 'webgpu',
        reason: 'the fastest',
        candidates: [
          { executor: 'webgpu', device: 'H100', speed: { dense: 2000, sparse: 2100, mean: 2050.4 } },
          { executor: 'wasm', device: '2 threads', speed: { dense: 1.234, sparse: 9.87, mean: 4.321 } },
          { executor: 'tensorflow', reason: 'is not installed' },
        ],
        losses: [
          { ...lost, kind: 'lost', method: 'prefix', level: 0, replicate: 0 },
          { ...lost, executor: 'tensorflow', kind: 'missing', method: 'random-mask', level: 4, replicate: 1 },
        ],
      }),
    ).toEqual([
      'webgpu: the fastest',
      'webgpu (H100): 2,050 steps/s (2,000 steps/s dense, 2,100 steps/s at the last level)',
      'wasm (2 threads): 4.3 steps/s (1.2 steps/s dense, 9.9 steps/s at the last level)',
      'tensorflow: is not installed',
      'the GPU was lost in the run to the rewind step; went on with wasm',
      'tensorflow could not be used any more in random-mask, level 4, replicate 2; went on with wasm',
    ]);
  });
});
