/** Scores of the weights of an untrained network, by the criterion of a recipe. */
import type { PrunableLayer } from '../lottery/layers';
import type { Mask } from '../lottery/mask';
import type { ScoredRecipe } from '../lottery/masks';
import type { Scores } from '../lottery/scored';
import { Random } from '../shared/random';
import type { Network } from '../training/network';
import type { Weights } from '../training/trainer';

/** What a recipe is scored on. */
export interface ScoreSubject {
  readonly network: Network;
  readonly layers: readonly PrunableLayer[];
  /** Of every parameter of the network, as the recipe's start has them. */
  readonly weights: Weights;
  readonly masks: readonly Mask[];
}

/** @returns a score for each weight of each layer, the larger the more worth keeping */
export function scoreWeights(recipe: ScoredRecipe, subject: ScoreSubject): Promise<readonly Scores[]> {
  const { network, layers, weights } = subject;
  switch (recipe.criterion) {
    case 'magnitude':
      return Promise.resolve(
        layers.map(({ name }) => weights[network.parameters.findIndex(one => one.name === name)]!.map(Math.abs)),
      );
    case 'random':
      return Promise.resolve(layers.map(({ name, size }) => randomScores(recipe.seed ?? 0, name, size)));
    case 'snip':
    case 'grasp':
    case 'synflow':
    case 'prospr':
      return Promise.reject(new Error(`${recipe.criterion} is not there yet`));
  }
}

/** A stream for each layer, so that one layer's size does not move the others. */
function randomScores(seed: number, layer: string, size: number): Float64Array {
  const random = new Random(seed, 'scores', layer);
  return Float64Array.from({ length: size }, () => random.nextFloat());
}
