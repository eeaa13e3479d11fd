/** How peers come from scores to masks of a density. */
import { removeLowest, type Ranked } from '../../../src/lottery/select';

type Scores = Float32Array | Float64Array;

/**
 * Synaptic-Flow's rule: k = int((1 − density) · n), and what scores no more than the k-th lowest goes, ties too.
 * @returns 1 = kept
 */
export function keepDensity(layers: readonly Scores[], density: number): Uint8Array[] {
  const total = layers.reduce((sum, { length }) => sum + length, 0);
  return removeUpTo(layers, Math.trunc((1 - density) * total));
}

/** The original GraSP's: its k-th largest score is that of a weight that stays, so that one weight fewer goes. */
export function keepDensityAsGrasp(layers: readonly Scores[], density: number): Uint8Array[] {
  const total = layers.reduce((sum, { length }) => sum + length, 0);
  const keptRatio = 1 - (1 - density);
  return removeUpTo(layers, Math.trunc(total * (1 - keptRatio)) - 1);
}

/** The count lowest and all ties with them. */
function removeUpTo(layers: readonly Scores[], count: number): Uint8Array[] {
  const ranked = rankByScore(layers);
  if (count >= 1) removeLowest(ranked, { kind: 'up-to-rank', rank: count - 1 });
  return ranked.map(({ live }) => live);
}

/** Scores by their place among all different ones. */
function rankByScore(layers: readonly Scores[]): Ranked[] {
  const sorted = Float64Array.from(new Set(layers.flatMap(scores => [...scores]))).sort();
  const places = new Map(Array.from(sorted, (score, place) => [score, place]));
  return layers.map(scores => ({
    keys: Uint32Array.from(scores, score => places.get(score)!),
    live: new Uint8Array(scores.length).fill(1),
  }));
}
