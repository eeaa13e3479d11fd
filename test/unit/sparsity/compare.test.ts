import { describe, expect, it } from 'vitest';
import { chanceIou, ComparisonAccumulator, sumComparisons } from '../../../src/sparsity/compare';

function compare(left: number[], right: number[], chunk = left.length) {
  const accumulator = new ComparisonAccumulator();
  for (let begin = 0; begin < left.length; begin += chunk) {
    const part = (values: number[]) => Float32Array.from(values.slice(begin, begin + chunk));
    accumulator.add(part(left), part(right));
  }
  return accumulator.result();
}

describe('a comparison of two tensors', () => {
  it('counts what is kept, flips of sign and differences, and measures the distance', () => {
    const result = compare([1, -2, 3, 0, 0, 4, -0], [1, 2, 0, 5, 0, 4, 0]);
    expect(result).toMatchObject({ count: 7, keptInBoth: 3, onlyLeft: 1, onlyRight: 1, neither: 2 });
    expect(result).toMatchObject({ signFlips: 1, different: 3, notFinite: 0, maskIou: 3 / 5 });
    expect(result.distance).toBeCloseTo(Math.sqrt(16 + 9 + 25), 12);
    expect(result.leftNorm).toBeCloseTo(Math.sqrt(30), 12);
  });

  it('is the same whatever the chunks', () => {
    const [left, right] = [1, 2].map(seed => Array.from({ length: 9001 }, (_, i) => ((i * 37 + seed) % 11) - 5));
    expect(compare(left!, right!, 700)).toMatchObject({
      ...compare(left!, right!),
      distance: expect.closeTo(compare(left!, right!).distance, 9),
      leftNorm: expect.any(Number),
      rightNorm: expect.any(Number),
    });
  });

  it('leaves NaN and infinite values out of the distance; NaN equals NaN', () => {
    const result = compare([NaN, Infinity, NaN, 3], [NaN, Infinity, 1, 7]);
    expect(result).toMatchObject({ different: 2, notFinite: 3, distance: 4, signFlips: 0, keptInBoth: 4 });
  });

  it('of nothing at all has no overlap', () => {
    expect(compare([], [])).toMatchObject({ count: 0, maskIou: null, chanceIou: null, distance: 0 });
    expect(compare([0, 0], [0, 0])).toMatchObject({ maskIou: null, chanceIou: null });
  });
});

describe('overlap by chance', () => {
  it('is what independent random masks reach', () => {
    const [p, q, count] = [0.3, 0.5, 200_000];
    let [both, either, state] = [0, 0, 1];
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    for (let i = 0; i < count; i++) {
      const [a, b] = [random() < p, random() < q];
      if (a && b) both++;
      if (a || b) either++;
    }
    expect(chanceIou(p, q)).toBeCloseTo(both / either, 2);
    expect(chanceIou(1, 1)).toBe(1);
    expect(chanceIou(0, 0)).toBeNull();
  });

  it('of several tensors is taken within each: masks that only share densities overlap no more than chance', () => {
    const one = { ...compare([1, 1, 0, 0], [1, 0, 1, 0]) };
    const dense = { ...compare([1, 1, 1, 1], [1, 1, 1, 1]) };
    const sum = sumComparisons([one, dense]);
    expect(sum).toMatchObject({ count: 8, keptInBoth: 5, onlyLeft: 1, onlyRight: 1, neither: 1, maskIou: 5 / 7 });
    // of the first on average 1 of 3, of the second 4 of 4
    expect(sum.chanceIou).toBeCloseTo(5 / 7, 12);
  });
});
