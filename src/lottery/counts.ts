/**
 * How many weights go in a round. Three conventions are in use; all round as NumPy and Python do (half to even), so that
 * a peer's counts can be met to the weight.
 */
import type { PruningConfig } from '../shared/experiment';

export type Counts = PruningConfig['counts'];

/**
 * - `exact`: round(rate · remaining) of the smallest go, ties by position (`torch.nn.utils.prune`).
 * - `open_lth`: n = ⌈rate · remaining⌉; everything up to and including sorted[n] goes, so n+1 without ties
 *   (facebookresearch/open_lth `pruning/sparse_global.py`).
 * - `google`: n = round(rate · remaining); everything up to and including sorted[n] goes, so n+1 without ties
 *   (google-research/lottery-ticket-hypothesis `foundations/pruning.py`).
 */
export type Cut =
  /** This many of the smallest go, ties by position: the earliest goes first. */
  | { readonly kind: 'count'; readonly count: number }
  /** Whatever is no larger than the value of this rank goes, ties included; rank 0 is the smallest. */
  | { readonly kind: 'up-to-rank'; readonly rank: number };

/** @param counted remaining weights that the rate refers to; in open_lth's global scope those of excluded layers too */
export function cutFor(counts: Counts, rate: number, counted: number): Cut {
  switch (counts) {
    case 'exact':
      return { kind: 'count', count: roundHalfEven(rate * counted) };
    case 'open_lth':
      return { kind: 'up-to-rank', rank: Math.ceil(rate * counted) };
    case 'google':
      return { kind: 'up-to-rank', rank: roundHalfEven(rate * counted) };
  }
}

/** How many weights a cut takes where no two are tied. */
export function removedBy(cut: Cut): number {
  return cut.kind === 'count' ? cut.count : cut.rank + 1;
}

/** As Python's `round` and NumPy's `np.round`. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Whether each layer is cut by itself: with scope "layer", and with "google", which is defined per layer only. */
export function isLayerwise(rule: { readonly scope: PruningConfig['scope']; readonly counts: Counts }): boolean {
  return rule.scope === 'layer' || rule.counts === 'google';
}
