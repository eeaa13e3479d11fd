/** Buffers that serve one tensor after another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSlots, mergeSizes } from '../../../../src/training/webgpu/slots';

const lifetimes = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 1, max: 1000 }), from: fc.nat(20), length: fc.nat(6) })
    .map(({ bytes, from, length }) => ({ bytes, from, to: from + length })),
  { maxLength: 25 },
);

describe('slots', () => {
  it('hold no two tensors at a time, each large enough, never more of them than tensors alive at once', () => {
    fc.assert(
      fc.property(lifetimes, lives => {
        const { slots, sizes } = assignSlots(lives);
        lives.forEach((life, i) => {
          expect(sizes[slots[i]!]).toBeGreaterThanOrEqual(life.bytes);
          lives.slice(i + 1).forEach((other, j) => {
            if (slots[i] === slots[i + 1 + j]) expect(other.from > life.to || life.from > other.to).toBe(true);
          });
        });
        const alive = (time: number): number => lives.filter(({ from, to }) => from <= time && time <= to).length;
        expect(sizes.length).toBe(Math.max(0, ...lives.map(({ from }) => alive(from))));
      }),
    );
  });

  it('serve a second use, largest with largest', () => {
    expect(mergeSizes([1, 50, 7], [20, 60])).toEqual([60, 20, 1]);
    expect(mergeSizes([], [3])).toEqual([3]);
  });
});
