/** Linear mode connectivity (J. Frankle et al., ICML 2020): error on the straight line between two trained networks. */
import { stableBarrier } from '../../shared/studies';

/** Evenly from 0 to 1, both ends among them. @param points 2 or more */
export function positionsOnLine(points: number): number[] {
  return Array.from({ length: points }, (_, i) => i / (points - 1));
}

/**
 * @param errors along the line, the ends first and last
 * @returns the highest error minus the mean of the ends; never below 0, since the ends are on the line
 */
export function barrierOf(errors: readonly number[]): number {
  return Math.max(...errors) - (errors[0]! + errors.at(-1)!) / 2;
}

export function isStable(barrier: number): boolean {
  return barrier < stableBarrier;
}
