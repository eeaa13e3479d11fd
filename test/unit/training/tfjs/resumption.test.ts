/** Sessions on TensorFlow.js that are closed and opened again. */
import { describe, it } from 'vitest';
import type { DataSet } from '../../../../src/data/dataset';
import { createTfExecutor } from '../../../../src/training/tfjs/executor';
import { noRegularization } from '../../../../src/training/trainer';
import { backends } from '../../../support/tfjs';
import {
  denseSubject,
  expectResumption,
  expectStricterMasks,
  imageSubject,
  optimizers,
  regularizations,
} from '../resumption';

describe.each(backends)('a session on $name that is opened with the state of another', { timeout: 60_000 }, backend => {
  const create = (data: DataSet) => Promise.resolve(createTfExecutor(data, backend));

  it.each(optimizers)('goes on with the same bits by %s', async (_, optimizer) => {
    await expectResumption(create, imageSubject(1, false), { optimizer });
    await expectResumption(create, denseSubject(0.3), { optimizer });
  });

  it.each(regularizations)('goes on with the same bits with %s', async (_, regularization) => {
    await expectResumption(create, imageSubject(0.5, false), { optimizer: optimizers[3]![1], regularization });
  });

  it('holds stricter masks for the state too', async () => {
    for (const [, optimizer] of optimizers) {
      const regularization = { ...noRegularization, averageDecay: 0.7 };
      await expectStricterMasks(create, denseSubject(1), { optimizer, regularization });
    }
  });
});
