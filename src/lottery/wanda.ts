/**
 * Wanda (Sun et al. 2024, "A Simple and Effective Pruning Approach for Large Language Models"; `lib/prune.py` of
 * locuslab/wanda): a weight is worth |W| · ‖X‖₂, the norm of what it is multiplied with over calibration examples, and weights
 * are ranked within each output, so that every output keeps as many.
 */
import type { PrunableLayer } from './layers';

/** Outputs of a kernel, whose weights lie that far apart: row-major, outputs last. */
export function outputsOf({ name, shape }: Pick<PrunableLayer, 'name' | 'shape'>): number {
  // of a depthwise kernel each input has outputs of its own
  return name.endsWith('/depthwise_kernel') ? shape.at(-1)! * shape.at(-2)! : shape.at(-1)!;
}

/** @param squares for each weight Σ x² of what it is multiplied with */
export function wandaScores(weights: Float32Array, squares: Float64Array): Float64Array {
  return squares.map((square, i) => Math.abs(weights[i]!) * Math.sqrt(square));
}

/** What an output has left: places of its weights in the kernel, lowest score first, ties by position. */
function ranked(scores: Float64Array, live: Uint8Array, outputs: number, output: number): number[] {
  const places: number[] = [];
  for (let i = output; i < scores.length; i += outputs) if (live[i] === 1) places.push(i);
  return places.sort((a, b) => scores[a]! - scores[b]! || a - b);
}

/**
 * Removes from each output the lowest of its weights.
 * @param live 1 = still there; set to 0 where a weight goes
 * @param countOf how many go of an output that has `present` left
 */
export function pruneOutputs(
  scores: Float64Array,
  live: Uint8Array,
  outputs: number,
  countOf: (present: number, output: number) => number,
): void {
  for (let output = 0; output < outputs; output++) {
    const places = ranked(scores, live, outputs, output);
    for (const place of places.slice(0, Math.max(0, countOf(places.length, output)))) live[place] = 0;
  }
}

/**
 * The authors' variant: each output loses the weights that hold the lowest share α of the sum of its scores, with one α for all
 * outputs, found by bisection so that the share `rate` of the weights goes, within 0.001 or as near as α on a grid of 0.001 gets.
 */
export function pruneOutputsByShare(scores: Float64Array, live: Uint8Array, outputs: number, rate: number): void {
  const rows = Array.from({ length: outputs }, (_, output) => ranked(scores, live, outputs, output));
  const present = rows.reduce((sum, places) => sum + places.length, 0);
  let [low, high, alpha] = [0, 0.8, 0.4];
  let cut = cutsAt(scores, rows, alpha);
  const share = (): number => cut.reduce((sum, count) => sum + count, 0) / present;
  while (Math.abs(share() - rate) > 0.001 && high - low >= 0.001) {
    if (share() > rate) high = alpha;
    else low = alpha;
    alpha = (low + high) / 2;
    cut = cutsAt(scores, rows, alpha);
  }
  rows.forEach((places, output) => {
    for (const place of places.slice(0, cut[output])) live[place] = 0;
  });
}

/** How many go of each row: those up to the score at which the running sum passes the share, ties with it too. */
function cutsAt(scores: Float64Array, rows: readonly (readonly number[])[], alpha: number): number[] {
  return rows.map(places => {
    const limit = alpha * places.reduce((sum, place) => sum + scores[place]!, 0);
    let sum = 0;
    let count = 0;
    while (count < places.length && sum + scores[places[count]!]! <= limit) sum += scores[places[count++]!]!;
    // the peer's index of −1, where not even the lowest fits, is the highest score: the whole row goes
    const threshold = scores[places[count === 0 ? places.length - 1 : count - 1]!]!;
    while (count < places.length && scores[places[count]!]! <= threshold) count++;
    return count;
  });
}
