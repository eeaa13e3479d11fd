/**
 * Random sparse network transformation: Y. Bai, H. Wang, Z. Tao, K. Li and Y. Fu, "Dual Lottery Ticket Hypothesis", ICLR
 * 2022. A random mask is given; before it comes into force, a growing penalty drives what the weights it drops have learned
 * over to the others. Numbers as in the authors' code (yueb17/DLTH, one-shot) where they carry over to any length of training.
 */
import { ExperimentError } from '../shared/experiment';
import type { Transformation } from '../shared/run';

/** Of the steps before the cut, those in which the penalty rises: 50,000 of 90,000 there. */
const risingShare = 5 / 9;
/** Raises up to the bound: there 10,000, one every five steps; the difference is not seen, and each takes a moment here. */
const raises = 100;

/**
 * @param given what the experiment says; else the cut comes after half of training (90,000 steps before and 78,200 after it there)
 * @throws ExperimentError (`compare`) where the cut leaves no step before or after it
 */
export function transformationOf(
  given: { readonly cut?: number | undefined; readonly strength: number },
  steps: number,
): Transformation {
  const { cut = Math.round(0.5 * steps), strength } = given;
  if (cut < 1 || cut >= steps) {
    throw new ExperimentError(
      'compare',
      `dual-lottery-ticket drops weights at step ${cut} of ${steps}: that must be after the first and before the last step`,
    );
  }
  const rising = Math.max(1, cut * risingShare);
  const every = Math.max(1, Math.round(rising / raises));
  return { cut, every, by: (strength * every) / rising, bound: strength };
}

/** λ at a step before the cut: it rises by η at step 0 and then every few steps, up to the bound. */
export function strengthAt(step: number, { every, by, bound }: Transformation): number {
  return Math.min(bound, by * (1 + Math.floor(step / every)));
}

/** The step at which λ changes next, or the weights go. */
export function nextChange(step: number, transformation: Transformation): number {
  const { cut, every, bound } = transformation;
  if (strengthAt(step, transformation) >= bound) return cut;
  return Math.min(cut, (Math.floor(step / every) + 1) * every);
}
