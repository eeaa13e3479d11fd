import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeLoss } from '../../../src/shared/executorChoice';
import { executorOf, recordOf, run, stored, useFolder, wasm, webgpu } from '../../support/choiceJobs';
import { fakeExecutor } from '../../support/fakeExecutor';

useFolder();

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
