/** Weights on the straight line between two networks, with statistics of normalisation that belong to them. */
import type { Network } from '../../training/network';
import { isPlan } from '../../training/network';
import type { Weights } from '../../training/trainer';

/** (1 − alpha) · from + alpha · to, value by value; at 0 and 1 the ends to the bit. */
export function interpolate(from: Weights, to: Weights, alpha: number): Float32Array[] {
  return from.map((values, i) => {
    const other = to[i]!;
    return values.map((value, j) => (1 - alpha) * value + alpha * other[j]!);
  });
}

/** A moving mean or variance of a network, by its place among the parameters. */
interface MovingStatistic {
  readonly parameter: number;
  /** Share of the old value that stays in a step. */
  readonly momentum: number;
}

/** Keras' own where a layer names none. */
const kerasMomentum = 0.99;

/** Those of every batch normalisation; empty where the network has none, and then nothing has to be done for it. */
export function movingStatistics(network: Network): MovingStatistic[] {
  if (isPlan(network)) {
    return network.ops.flatMap(op =>
      op.kind === 'batch-normalization'
        ? [op.movingMean, op.movingVariance].map(parameter => ({ parameter, momentum: op.momentum }))
        : [],
    );
  }
  return network.parameters.flatMap(({ layer, trainable }, parameter) =>
    trainable ? [] : [{ parameter, momentum: momentumOf(network.topology.config, layer) }],
  );
}

function momentumOf(config: unknown, layer: string): number {
  const { layers } = config as { readonly layers: readonly { readonly config: Readonly<Record<string, unknown>> }[] };
  const momentum = layers.find(one => one.config['name'] === layer)?.config['momentum'];
  return typeof momentum === 'number' ? momentum : kerasMomentum;
}

/** The same weights with moving statistics of 0: what `settled` makes averages of after some steps. */
export function unsettled(weights: Weights, statistics: readonly MovingStatistic[]): Weights {
  return replaced(weights, statistics, (values, { momentum }) => (momentum < 1 ? values.map(() => 0) : values));
}

/**
 * Moving statistics that began at 0 and took in `steps` batches are (1 − momentum) · Σ momentum^(steps − i) · batch i: divided by
 * the sum of these shares, 1 − momentum^steps, they are an average over the batches, as Adam corrects its moments.
 */
export function settled(weights: Weights, statistics: readonly MovingStatistic[], steps: number): Weights {
  return replaced(weights, statistics, (values, { momentum }) =>
    momentum < 1 ? values.map(value => value / (1 - momentum ** steps)) : values,
  );
}

function replaced(
  weights: Weights,
  statistics: readonly MovingStatistic[],
  change: (values: Float32Array, statistic: MovingStatistic) => Float32Array,
): Weights {
  const byParameter = new Map(statistics.map(one => [one.parameter, one]));
  return weights.map((values, i) => {
    const statistic = byParameter.get(i);
    return statistic ? change(values, statistic) : values;
  });
}
