/** What two tensors of one shape have in common. A weight is kept where it is not 0. */
export interface TensorComparison {
  readonly count: number;
  readonly keptInBoth: number;
  readonly onlyLeft: number;
  readonly onlyRight: number;
  readonly neither: number;
  /** Of the weights kept in both, those of opposite sign. */
  readonly signFlips: number;
  /** Positions whose values differ. NaN equals NaN here, and 0 equals −0. */
  readonly different: number;
  /** ‖left − right‖₂, ‖left‖₂ and ‖right‖₂ over positions that are finite on both sides. */
  readonly distance: number;
  readonly leftNorm: number;
  readonly rightNorm: number;
  /** Positions left out of these because a side is NaN or infinite. */
  readonly notFinite: number;
  /** Overlap of the masks, |both| / |either|; null where neither side keeps anything. */
  readonly maskIou: number | null;
  /** What two independent random masks of these densities p, q would reach: pq / (p + q − pq). */
  readonly chanceIou: number | null;
}

/** A tensor that only one checkpoint has, or that has another shape in the other. */
export interface UnpairedTensor {
  readonly name: string;
  /** Shapes; null where the checkpoint has no such tensor. */
  readonly left: readonly number[] | null;
  readonly right: readonly number[] | null;
}
