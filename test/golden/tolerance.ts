/** Tolerances that a case gives relative to the largest value. */
import type { GoldenCase } from './goldenCase';

export function relativeTolerance(golden: GoldenCase, tensor: string, relative: number): number {
  return golden.floats(tensor).reduce((most, value) => Math.max(most, Math.abs(value)), 0) * relative;
}
