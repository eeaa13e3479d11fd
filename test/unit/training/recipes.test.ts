/** Several steps of each recipe on a convolutional network, against training in double precision. */
import { describe, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import type { OptimizerConfig } from '../../../src/shared/experiment';
import { noRegularization, type Regularization } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { adaptive, expectRecipe, sgd } from './recipeAgreement';

const create = (data: DataSet) => createWasmExecutor(data, { threads: 2 });
const compare = (optimizer: OptimizerConfig, regularization: Regularization, density: number, penalty?: number) =>
  expectRecipe(create, { optimizer, regularization, density, ...(penalty !== undefined && { penalty }) });

describe('several steps of training a convolutional network follow double precision', { timeout: 60_000 }, () => {
  it.each<[string, OptimizerConfig]>([
    ['SGD', sgd(0, false)],
    ['momentum', sgd(0.9, false)],
    ['Nesterov momentum', sgd(0.9, true)],
    ['Adam', { name: 'adam', ...adaptive }],
    ['AdamW', { name: 'adamw', ...adaptive }],
  ])('by %s, dense and masked', async (_, optimizer) => {
    for (const density of [1, 0.5, 0.1]) await compare(optimizer, noRegularization, density);
  });

  it.each<[string, Partial<Regularization>]>([
    ['label smoothing', { labelSmoothing: 0.2 }],
    ['gradients clipped at every step', { clipNorm: 0.05 }],
    ['gradients that never reach the norm they would be clipped to', { clipNorm: 1e4 }],
    ['averaged weights', { averageDecay: 0.7 }],
    ['all of them', { labelSmoothing: 0.1, clipNorm: 0.3, averageDecay: 0.9 }],
  ])('with %s, dense and masked', async (_, changes) => {
    for (const density of [1, 0.5, 0.1]) {
      await compare(sgd(0.9, false), { ...noRegularization, ...changes }, density);
      await compare({ name: 'adam', ...adaptive }, { ...noRegularization, ...changes }, density);
    }
  });

  it('with a penalty on some weights, clipped or not', async () => {
    for (const density of [1, 0.5, 0.1]) {
      await compare(sgd(0.9, true), noRegularization, density, 0.7);
      await compare({ name: 'adamw', ...adaptive }, { ...noRegularization, clipNorm: 0.3 }, density, 0.7);
    }
  });
});
