/** Several steps of each recipe on TensorFlow.js, against training in double precision. */
import { describe, it } from 'vitest';
import type { DataSet } from '../../../../src/data/dataset';
import type { OptimizerConfig } from '../../../../src/shared/experiment';
import { createTfExecutor } from '../../../../src/training/tfjs/executor';
import { noRegularization } from '../../../../src/training/trainer';
import { backends } from '../../../support/tfjs';
import { adaptive, expectRecipe, sgd } from '../recipeAgreement';

describe.each(backends)('several steps on $name follow double precision', { timeout: 60_000 }, backend => {
  const create = (data: DataSet) => Promise.resolve(createTfExecutor(data, backend));

  it.each<[string, OptimizerConfig]>([
    ['SGD', sgd(0, false)],
    ['momentum', sgd(0.9, false)],
    ['Nesterov momentum', sgd(0.9, true)],
    ['Adam', { name: 'adam', ...adaptive }],
    ['AdamW', { name: 'adamw', ...adaptive }],
  ])('by %s, dense and masked', async (_, optimizer) => {
    for (const density of [1, 0.1]) {
      await expectRecipe(create, { optimizer, regularization: noRegularization, density });
    }
  });

  it.each([
    { labelSmoothing: 0.2 },
    { clipNorm: 0.05 },
    { clipNorm: 1e4 },
    { averageDecay: 0.7 },
    { labelSmoothing: 0.1, clipNorm: 0.3, averageDecay: 0.9 },
  ])('with %o, masked', async changes => {
    const regularization = { ...noRegularization, ...changes };
    await expectRecipe(create, { optimizer: sgd(0.9, false), regularization, density: 0.5 });
    await expectRecipe(create, { optimizer: { name: 'adam', ...adaptive }, regularization, density: 0.5 });
  });

  it('with a penalty on some weights, clipped or not', async () => {
    const [penalty, density] = [0.7, 0.5];
    await expectRecipe(create, { optimizer: sgd(0.9, true), regularization: noRegularization, density, penalty });
    const regularization = { ...noRegularization, clipNorm: 0.3 };
    await expectRecipe(create, { optimizer: { name: 'adamw', ...adaptive }, regularization, density: 1, penalty });
  });
});
