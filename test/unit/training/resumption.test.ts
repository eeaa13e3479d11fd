/** Sessions of the wasm executor that are closed and opened again: in all forms, on any number of threads. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { noRegularization } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import {
  denseSubject,
  expectResumption,
  expectStricterMasks,
  imageSubject,
  optimizers,
  regularizations,
  trainedIn,
} from './resumption';

const create = (threads: number) => (data: DataSet) => createWasmExecutor(data, { threads });
const adam = optimizers[3]![1];
const averaged = { ...noRegularization, averageDecay: 0.7 };

describe('a session that is opened with the state of another goes on with the same bits', { timeout: 60_000 }, () => {
  it.each(optimizers)('by %s, dense and masked', async (_, optimizer) => {
    for (const density of [1, 0.5, 0.1]) {
      await expectResumption(create(2), imageSubject(density, false), { optimizer });
      await expectResumption(create(1), denseSubject(density), { optimizer });
    }
  });

  it.each(regularizations)('with %s, dense and masked', async (_, regularization) => {
    for (const density of [1, 0.1]) {
      await expectResumption(create(2), imageSubject(density, false), { optimizer: adam, regularization });
      await expectResumption(create(1), imageSubject(density, false), { regularization });
    }
  });

  it("in Winograd's form", async () => {
    await expectResumption(create(2), imageSubject(1, true), { optimizer: adam, regularization: averaged });
    await expectResumption(create(1), imageSubject(0.8, true), { optimizer: adam });
  });

  it('on other threads, and with kernels stored in another form', async () => {
    const { data, setup } = denseSubject(0.3);
    const executors = [
      await createWasmExecutor(data, { threads: 1, compressBelow: 0 }),
      await createWasmExecutor(data, { threads: 2, compressBelow: 1 }),
    ];
    const changes = { ...setup, optimizer: adam, regularization: averaged };
    const whole = await trainedIn(executors, changes, [7]);
    expect(await trainedIn(executors, changes, [2, 4, 7])).toEqual(whole);
    await Promise.all(executors.map(executor => executor.close()));
  });

  it('and would not without it', async () => {
    const { data, setup } = imageSubject(1, false);
    const executor = await create(1)(data);
    const { weights, state } = await trainedIn(
      [executor],
      { ...setup, optimizer: adam, regularization: averaged },
      [3],
    );
    const on = { ...setup, optimizer: adam, regularization: averaged, weights };
    const lossAfter = async (changes: object): Promise<number> => {
      const session = await executor.open({ ...on, fromStep: 3, state, ...changes });
      await session.train(5);
      const { loss } = (await session.evaluate('test'))!;
      await session.close();
      return loss;
    };
    const losses = [
      await lossAfter({}),
      await lossAfter({ state: { ...state, updates: 0 } }),
      await lossAfter({ state: { ...state, first: weights.map(() => null) } }),
      await lossAfter({ state: { ...state, second: weights.map(() => null) } }),
      await lossAfter({ state: { ...state, raw: weights.map(() => null) } }),
    ];
    expect(new Set(losses).size).toBe(losses.length);
    await executor.close();
  });
});

it('state under stricter masks is 0 at once and stays so', { timeout: 60_000 }, async () => {
  for (const [, optimizer] of optimizers) {
    await expectStricterMasks(create(2), imageSubject(1, false), { optimizer, regularization: averaged });
    await expectStricterMasks(create(1), denseSubject(0.6), { optimizer, regularization: averaged });
  }
});
