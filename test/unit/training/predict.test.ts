/** Outputs over a whole split: what evaluation computes its loss and accuracy from. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import type { Plan } from '../../../src/training/plan/plan';
import {
  noRegularization,
  type SplitName,
  type TrainingSession,
  type TrainingSetup,
} from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { adam, dense, floatData, planOf, randomValues, sequential, setupOf } from './support';

const inputs = 20;
const classes = 7;
const random = new Random('predict');
const data = floatData(random, inputs, classes, { training: 400, validation: 0, test: 75 });
const layers = [dense(16, 'relu'), { className: 'Dropout', config: { rate: 0.5 } }, dense(classes)];

async function withSession(
  changes: Partial<TrainingSetup>,
  use: (session: TrainingSession) => Promise<void>,
  { threads = 2, loss = 'cross-entropy' }: { threads?: number; loss?: Plan['loss'] } = {},
): Promise<void> {
  const plan = planOf(sequential(inputs, layers), inputs, classes, loss);
  const weights = plan.parameters.map(({ name, size }) => randomValues(new Random('predict', name), size, 0.4));
  const executor = await createWasmExecutor(data, { threads });
  try {
    const session = await executor.open(setupOf(plan, weights, { optimizer: adam, orderSeed: 3, ...changes }));
    await session.train(5);
    await use(session);
    await session.close();
  } finally {
    await executor.close();
  }
}

async function outputsOf(session: TrainingSession, split: SplitName): Promise<Float32Array> {
  const all = new Float32Array(data[split].count * classes);
  let next = 0;
  await session.predict(split, (first, outputs) => {
    expect(first * classes).toBe(next);
    all.set(outputs, next);
    next += outputs.length;
  });
  expect(next).toBe(all.length);
  return all;
}

function rowsOf(outputs: Float32Array): Float32Array[] {
  return Array.from({ length: outputs.length / classes }, (_, i) => outputs.subarray(i * classes, (i + 1) * classes));
}

function lossAndAccuracy(
  split: SplitName,
  outputs: Float32Array,
  lossOf: (row: Float32Array, label: number) => number,
) {
  const rows = rowsOf(outputs);
  const { labels } = data[split];
  const losses = rows.map((row, i) => lossOf(row, labels[i]!));
  const hits = rows.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]);
  return { loss: losses.reduce((sum, loss) => sum + loss, 0) / rows.length, accuracy: hits.length / rows.length };
}

function crossEntropy(row: Float32Array, label: number): number {
  return Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - row[label]!;
}

function squaredError(row: Float32Array, label: number): number {
  return row.reduce((sum, value, i) => sum + (value - Number(i === label)) ** 2, 0) / classes;
}

describe('predict', () => {
  it.each([
    ['cross-entropy', crossEntropy],
    ['mean-squared-error', squaredError],
  ] as const)('gives the outputs that the %s and accuracy of evaluate come from', async (loss, lossOf) => {
    await withSession(
      {},
      async session => {
        for (const split of ['training', 'test'] as const) {
          const evaluation = (await session.evaluate(split))!;
          const own = lossAndAccuracy(split, await outputsOf(session, split), lossOf);
          expect(own.loss).toBeCloseTo(evaluation.loss, 5);
          expect(own.accuracy).toBe(evaluation.accuracy);
        }
      },
      { loss },
    );
  });

  it('gives the same bits on any number of threads, and asked again', async () => {
    const outputs: Float32Array[] = [];
    for (const threads of [1, 2, 3]) {
      await withSession(
        {},
        async session => {
          outputs.push(await outputsOf(session, 'training'), await outputsOf(session, 'training'));
        },
        { threads },
      );
    }
    for (const other of outputs) expect(other).toEqual(outputs[0]);
  });

  it('uses averaged weights where the recipe has them, and training goes on from the others', async () => {
    const changes = { regularization: { ...noRegularization, averageDecay: 0.9 } };
    await withSession(changes, async session => {
      const evaluation = (await session.evaluate('test'))!;
      const own = lossAndAccuracy('test', await outputsOf(session, 'test'), crossEntropy);
      expect(own.loss).toBeCloseTo(evaluation.loss, 5);
      await session.train(9);
      const asked = await session.weights();
      await withSession(changes, async undisturbed => {
        await undisturbed.train(9);
        expect(asked).toEqual(await undisturbed.weights());
      });
    });
  });

  it('visits nothing of an empty split', async () => {
    await withSession({}, async session => {
      expect(await outputsOf(session, 'validation')).toHaveLength(0);
    });
  });

  it('stops between two stretches when it is told to, and the session can be used further', async () => {
    await withSession({}, async session => {
      const controller = new AbortController();
      let visits = 0;
      const stopped = session.predict(
        'training',
        () => {
          visits++;
          controller.abort();
        },
        controller.signal,
      );
      await expect(stopped).rejects.toThrow('aborted');
      expect(visits).toBe(1);
      expect((await outputsOf(session, 'test')).length).toBe(75 * classes);
      await session.train(6);
    });
  });

  it('passes on what a visitor throws', async () => {
    await withSession({}, async session => {
      const failing = session.predict('test', () => {
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
    });
  });
});
