import { describe, expect, test } from 'vitest';
import { durationInWords, estimateSeconds } from '../../../src/host/estimate';

const work = {
  multiplyAdds: 266_200,
  batchSize: 60,
  steps: 5000,
  levels: 15,
  comparisons: 0,
  replicates: 1,
  threads: 2,
};

describe('the estimate', () => {
  test('of LeNet-300-100 on MNIST is within a factor of three of what two cores take', () => {
    // 16 levels of 5,000 steps at a mean of 0.35 ms, and evaluations
    expect(estimateSeconds(work)).toBeGreaterThan(28 / 3);
    expect(estimateSeconds(work)).toBeLessThan(3 * 45);
  });

  test('grows with steps, replicates and controls', () => {
    const base = estimateSeconds(work);
    expect(estimateSeconds({ ...work, steps: 10_000 })).toBeCloseTo(2 * base);
    expect(estimateSeconds({ ...work, replicates: 3 })).toBeCloseTo(3 * base);
    expect(estimateSeconds({ ...work, comparisons: 3 })).toBeGreaterThan(2 * base);
  });

  test('sparse levels cost less than dense ones', () => {
    const first = estimateSeconds({ ...work, levels: 1 }) - estimateSeconds({ ...work, levels: 0 });
    const last = estimateSeconds({ ...work, levels: 15 }) - estimateSeconds({ ...work, levels: 14 });
    expect(last).toBeLessThan(first / 2);
  });
});

test.each([
  [3, 'a few seconds'],
  [33, 'about 40 s'],
  [70, 'about a minute'],
  [700, 'about 12 min'],
  [3600, 'about an hour'],
  [12_000, 'about 3 h'],
  [200_000, 'about 2 days'],
])('%d seconds in words: %s', (seconds, words) => {
  expect(durationInWords(seconds)).toBe(words);
});
