import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distribute } from '../../../src/lottery/distribution';

const layer = (...shape: number[]) => ({ shape, size: shape.reduce((product, length) => product * length, 1) });

describe('how many weights each layer keeps by its shape', () => {
  it('is the same share of each with "uniform"', () => {
    expect(distribute('uniform', [layer(10, 20), layer(30, 10), layer(5, 2)], 51)).toEqual([20, 30, 1]);
  });

  it('is proportional to the sum of the lengths of the kernel with "erk"', () => {
    // densities (3+3+16+32)/(3·3·16·32) and (100+10)/(100·10), one factor: 54 : 110
    const counts = distribute('erk', [layer(3, 3, 16, 32), layer(100, 10)], 328);
    expect(counts).toEqual([108, 220]);
  });

  it('leaves small layers whole with "erk" and shares the rest', () => {
    const counts = distribute('erk', [layer(2, 2), layer(1000, 1000), layer(100, 100)], 50_000);
    expect(counts[0]).toBe(4);
    expect(counts[2]).toBeLessThanOrEqual(10_000);
    expect(counts[1]! / counts[2]!).toBeCloseTo(10, 2);
  });

  it('adds up, and never keeps more than there is', () => {
    const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom('uniform', 'erk'),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, kind, share) => {
          const layers = all.map(shape => layer(...shape));
          const kept = Math.floor(share * layers.reduce((sum, { size }) => sum + size, 0));
          const counts = distribute(kind, layers, kept);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(kept);
          counts.forEach((count, i) => {
            expect(Number.isInteger(count) && count >= 0 && count <= layers[i]!.size).toBe(true);
          });
        },
      ),
    );
  });

  it('is refused where there are too few', () => {
    expect(() => distribute('erk', [layer(3)], 4)).toThrow(RangeError);
  });
});
