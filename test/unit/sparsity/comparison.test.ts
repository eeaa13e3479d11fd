import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ComparisonAccumulator } from '../../../src/sparsity/compare';

const value = fc.oneof(fc.constantFrom(0, -0, NaN, Infinity, 1, -1), fc.float({ min: -2, max: 2, noNaN: true }));

function compare(left: readonly number[], right: readonly number[]) {
  const accumulator = new ComparisonAccumulator();
  accumulator.add(Float64Array.from(left), Float64Array.from(right));
  return accumulator.result();
}

describe('two tensors compared', () => {
  it('have in common what the definitions say, in whatever chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 60 }), fc.nat(60), (pairs, cut) => {
        const accumulator = new ComparisonAccumulator();
        for (const part of [pairs.slice(0, cut), pairs.slice(cut)]) {
          accumulator.add(
            Float64Array.from(part, ([a]) => a),
            Float64Array.from(part, ([, b]) => b),
          );
        }
        const { distance, leftNorm, rightNorm, maskIou, chanceIou: chance, ...counts } = accumulator.result();
        const finite = pairs.filter(pair => pair.every(Number.isFinite));
        const norm = (of: (pair: [number, number]) => number): number => Math.hypot(...finite.map(of));
        const both = pairs.filter(([a, b]) => a !== 0 && b !== 0);
        const either = pairs.filter(([a, b]) => a !== 0 || b !== 0);
        expect(counts).toEqual({
          count: pairs.length,
          keptInBoth: both.length,
          onlyLeft: pairs.filter(([a, b]) => a !== 0 && b === 0).length,
          onlyRight: pairs.filter(([a, b]) => a === 0 && b !== 0).length,
          neither: pairs.length - either.length,
          signFlips: both.filter(([a, b]) => Math.sign(a) * Math.sign(b) === -1).length,
          different: pairs.filter(([a, b]) => !(a === b || (Number.isNaN(a) && Number.isNaN(b)))).length,
          notFinite: pairs.length - finite.length,
        });
        expect(distance).toBeCloseTo(
          norm(([a, b]) => a - b),
          9,
        );
        expect(leftNorm).toBeCloseTo(
          norm(([a]) => a),
          9,
        );
        expect(rightNorm).toBeCloseTo(
          norm(([, b]) => b),
          9,
        );
        expect(maskIou).toEqual(either.length > 0 ? both.length / either.length : null);
        if (either.length === 0) expect(chance).toBeNull();
      }),
    );
  });

  it('are refused where one has more values', () => {
    expect(() => compare([1], [1, 2])).toThrow(RangeError);
  });
});
