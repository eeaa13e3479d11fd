import { expect } from 'vitest';
import type { TensorStatistics } from '../../src/shared/inspection';

/** Counts and extremes exactly; mean and deviation to a part in a million of what the values are like. */
export function expectSameStatistics(actual: TensorStatistics, expected: TensorStatistics): void {
  const { mean, std, ...counts } = actual;
  const { mean: expectedMean, std: expectedStd, ...expectedCounts } = expected;
  expect(counts).toEqual(expectedCounts);
  const scale = Math.max(Math.abs(expectedMean ?? 0), expectedStd ?? 0);
  expectClose(mean, expectedMean, scale);
  expectClose(std, expectedStd, scale);
}

function expectClose(actual: number | null, expected: number | null, scale: number): void {
  if (expected === null) expect(actual).toBeNull();
  else expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(1e-6 * Math.max(Math.abs(expected), 1e-3 * scale));
}
