/** Cuts by scores: any numbers, the larger the more worth keeping. */
import { roundHalfEven } from './counts';
import { distribute } from './distribution';
import type { PrunableLayer } from './layers';
import { Mask } from './mask';

/** A score for each weight of a kernel, in its order. */
export type Scores = Float32Array | Float64Array;

/** Scores that are not a number rank nothing. */
export class NanScoreError extends Error {
  constructor(readonly kernel: string) {
    super(`the scores of ${kernel} are not a number (NaN), so it cannot be pruned: check the weights it starts from`);
    this.name = 'NanScoreError';
  }
}

/** How many weights each group of layers that are ranked together is to keep. */
export interface Cut {
  /** Places in the list of layers. */
  readonly layers: readonly number[];
  readonly kept: number;
}

/**
 * @param kept over all layers, those left whole too
 * @returns one cut over all layers that are not excluded, or one for each of them
 * @throws RangeError where those left whole alone hold more
 */
export function cutsFor(
  distribution: 'global' | 'uniform' | 'erk',
  layers: readonly PrunableLayer[],
  exclude: readonly string[],
  kept: number,
): Cut[] {
  const pruned = layers.flatMap(({ name }, i) => (exclude.includes(name) ? [] : [i]));
  const whole = layers.reduce((sum, { name, size }) => (exclude.includes(name) ? sum + size : sum), 0);
  const left = kept - whole;
  if (left < 0) throw new RangeError(`the layers left whole hold ${whole} weights, more than the ${kept} to be kept`);
  if (distribution === 'global') return [{ layers: pruned, kept: left }];
  const counts = distribute(
    distribution,
    pruned.map(i => layers[i]!),
    left,
  );
  return pruned.map((i, place) => ({ layers: [i], kept: counts[place]! }));
}

/** Weights that a share of sparsity leaves of all prunable ones. */
export function keptAt(sparsity: number, layers: readonly Pick<PrunableLayer, 'size'>[]): number {
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  return total - roundHalfEven(sparsity * total);
}

/**
 * Removes what scores lowest among the weights still kept, until `cut.kept` are left; ties by position, the earliest layer
 * and weight first.
 * @throws NanScoreError; RangeError where fewer are kept already
 */
export function pruneByScores(
  layers: readonly PrunableLayer[],
  masks: readonly Mask[],
  scores: readonly Scores[],
  cuts: readonly Cut[],
): Mask[] {
  const pruned = [...masks];
  for (const cut of cuts) {
    const live = cut.layers.map(i => masks[i]!.toBytes());
    const own = cut.layers.map(i => scores[i]!);
    cut.layers.forEach((i, place) => {
      checkNumbers(layers[i]!.name, own[place]!, live[place]!);
    });
    const present = cut.layers.reduce((sum, i) => sum + masks[i]!.kept, 0);
    if (present < cut.kept) throw new RangeError(`${present} weights are kept, fewer than the ${cut.kept} asked for`);
    removeLowestScores(own, live, present - cut.kept);
    cut.layers.forEach((i, place) => (pruned[i] = Mask.fromBytes(live[place]!)));
  }
  return pruned;
}

function checkNumbers(name: string, scores: Scores, live: Uint8Array): void {
  for (let i = 0; i < scores.length; i++) if (live[i] === 1 && Number.isNaN(scores[i])) throw new NanScoreError(name);
}

function removeLowestScores(scores: readonly Scores[], live: readonly Uint8Array[], count: number): void {
  if (count === 0) return;
  const present = new Float64Array(live.reduce((sum, bytes) => sum + bytes.reduce((kept, byte) => kept + byte, 0), 0));
  let length = 0;
  scores.forEach((values, layer) => {
    for (let i = 0; i < values.length; i++) if (live[layer]![i] === 1) present[length++] = values[i]!;
  });
  present.sort();
  const threshold = present[count - 1]!;
  // how many of those tied with the threshold go
  let tied = count;
  for (let i = 0; i < count && present[i]! < threshold; i++) tied--;
  scores.forEach((values, layer) => {
    const bytes = live[layer]!;
    for (let i = 0; i < values.length; i++) {
      if (bytes[i] === 0 || values[i]! > threshold) continue;
      if (values[i]! === threshold && tied-- <= 0) continue;
      bytes[i] = 0;
    }
  });
}
