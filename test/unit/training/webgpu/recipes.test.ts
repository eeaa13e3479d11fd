/** Several steps of each recipe on the device, against training in double precision. */
import { describe, it } from 'vitest';
import type { OptimizerConfig } from '../../../../src/shared/experiment';
import { noRegularization, type Regularization } from '../../../../src/training/trainer';
import { createExecutor, webGpu } from '../../../support/webgpu';
import { adaptive, expectRecipe, sgd } from '../recipeAgreement';

const compare = (optimizer: OptimizerConfig, regularization: Regularization, density: number) =>
  expectRecipe(createExecutor, { optimizer, regularization, density });

describe.skipIf(!webGpu)(
  'several steps of training on the device follow double precision',
  { timeout: 120_000 },
  () => {
    it.each<[string, OptimizerConfig]>([
      ['SGD', sgd(0, false)],
      ['momentum', sgd(0.9, false)],
      ['Nesterov momentum', sgd(0.9, true)],
      ['Adam', { name: 'adam', ...adaptive }],
      ['AdamW', { name: 'adamw', ...adaptive }],
    ])('by %s, dense and masked', async (_, optimizer) => {
      for (const density of [1, 0.3]) await compare(optimizer, noRegularization, density);
    });

    it.each<[string, Partial<Regularization>]>([
      ['label smoothing', { labelSmoothing: 0.2 }],
      ['gradients clipped at every step', { clipNorm: 0.05 }],
      ['averaged weights', { averageDecay: 0.7 }],
      ['all of them', { labelSmoothing: 0.1, clipNorm: 0.3, averageDecay: 0.9 }],
    ])('with %s, masked', async (_, changes) => {
      await compare({ name: 'adam', ...adaptive }, { ...noRegularization, ...changes }, 0.5);
    });

    it('with a penalty on some weights, clipped or not', async () => {
      const [penalty, density] = [0.7, 0.5];
      const plain = { optimizer: sgd(0.9, true), regularization: noRegularization };
      await expectRecipe(createExecutor, { ...plain, density, penalty });
      const regularization = { ...noRegularization, clipNorm: 0.3 };
      const optimizer = { name: 'adamw', ...adaptive } as const;
      await expectRecipe(createExecutor, { optimizer, regularization, density: 1, penalty });
    });
  },
);
