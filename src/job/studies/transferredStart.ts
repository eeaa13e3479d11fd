/** Starting weights of a run on the second data set, where its classes make another output layer. */
import type { OwnStart, TransferredStart } from '../../shared/run';
import type { Network } from '../../training/network';
import type { Weights } from '../../training/trainer';

/** The network as it is on the first data set, and where its weights come from. */
export interface TransferSource {
  readonly network: Network;
  readonly initial: (recipe: Exclude<OwnStart, { kind: 'final' }>) => Weights;
}

/**
 * @param given weights on the first data set, of `source`
 * @param drawn weights of `network`, on the second data set, for what is fresh there
 * @returns in the order of `network`'s parameters
 */
export function transferredWeights(
  { fresh }: Pick<TransferredStart, 'fresh'>,
  given: { readonly source: Pick<Network, 'parameters'>; readonly weights: Weights },
  drawn: { readonly network: Pick<Network, 'parameters'>; readonly weights: Weights },
): Weights {
  const places = new Map(given.source.parameters.map(({ name }, i) => [name, i]));
  return drawn.network.parameters.map(({ name }, i) =>
    fresh.includes(name) ? drawn.weights[i]! : given.weights[places.get(name)!]!,
  );
}
