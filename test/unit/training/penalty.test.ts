/** A penalty on some weights, in all forms of the wasm executor: one plain step of rate 1 shows it. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { Penalty } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { denseSubject, imageSubject, type Subject } from './resumption';
import { plainSgd, randomMask } from './support';

const strength = 0.25;

describe('a penalty adds strength · w to the gradient of the weights it is on, and nothing to that of others', () => {
  it.each<[string, Subject]>([
    ['stored in blocks, directly convolved', imageSubject(1, false)],
    ['masked', imageSubject(0.6, false)],
    ['compressed', imageSubject(0.1, false)],
    ["in Winograd's form", imageSubject(1, true)],
    ['behind a shift of the inputs', denseSubject(1)],
    ['behind a shift of the inputs, compressed', denseSubject(0.2)],
  ])('%s', async (_, { data, setup }) => {
    const random = new Random('penalty');
    const penalised = setup.network.parameters.map(p => (p.prunable ? randomMask(random, p.size, 0.5) : null));
    const executor = await createWasmExecutor(data, { threads: 2 });
    const after = async (penalty: Penalty | null): Promise<Float32Array[]> => {
      const schedule = { name: 'constant', warmup: 0 } as const;
      const session = await executor.open({ ...setup, optimizer: plainSgd, schedule, penalty });
      await session.train(1);
      const weights = await session.weights();
      await session.close();
      return weights;
    };
    const [without, withIt] = [await after(null), await after({ masks: penalised, strength })];
    setup.network.parameters.forEach(({ name }, p) => {
      const expected = without[p]!.map((value, i) => {
        const isOn = penalised[p]?.[i] === 0 && setup.masks[p]?.[i] !== 0;
        return isOn ? value - strength * setup.weights[p]![i]! : value;
      });
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - withIt[p]![i]!)), 0);
      expect(worst, name).toBeLessThan(1e-6);
      const spared = (values: Float32Array) => values.filter((_, i) => penalised[p]?.[i] !== 0);
      expect(spared(withIt[p]!), name).toEqual(spared(without[p]!));
    });
    await executor.close();
  });
});
