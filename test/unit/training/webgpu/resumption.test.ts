/** Sessions on the device that are closed and opened again. */
import { describe, it } from 'vitest';
import { noRegularization } from '../../../../src/training/trainer';
import { createExecutor, webGpu } from '../../../support/webgpu';
import {
  denseSubject,
  expectResumption,
  expectStricterMasks,
  imageSubject,
  optimizers,
  regularizations,
} from '../resumption';

describe.skipIf(!webGpu)(
  'a session on the device that is opened with the state of another',
  { timeout: 120_000 },
  () => {
    it.each(optimizers)('goes on with the same bits by %s', async (_, optimizer) => {
      await expectResumption(createExecutor, denseSubject(0.3), { optimizer });
    });

    it.each(regularizations)('goes on with the same bits with %s', async (_, regularization) => {
      await expectResumption(createExecutor, imageSubject(0.5, false), {
        optimizer: optimizers[3]![1],
        regularization,
      });
    });

    it('holds stricter masks for the state too', async () => {
      const regularization = { ...noRegularization, averageDecay: 0.7 };
      for (const [, optimizer] of optimizers.slice(1, 4)) {
        await expectStricterMasks(createExecutor, denseSubject(1), { optimizer, regularization });
      }
    });
  },
);
