/** Memory of activations: nothing that lives at the same time overlaps, and what is dead is used again. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import { type Lifetime, pack } from '../../../src/training/wasm/liveness';

const life = (bytes: number, from: number, to: number): Lifetime => ({ bytes, from, to });

describe('pack', () => {
  it('gives the memory of the dead to the living', () => {
    expect(pack([life(256, 0, 1), life(256, 2, 3), life(256, 4, 9)])).toEqual({
      offsets: [0, 0, 0],
      shared: [true, true, true],
      bytes: 256,
    });
  });

  it('keeps apart what meets at one moment', () => {
    const { offsets, shared, bytes } = pack([life(256, 0, 2), life(512, 2, 3)]);
    expect(offsets).toEqual([512, 0]);
    expect(shared).toEqual([false, false]);
    expect(bytes).toBe(768);
  });

  it('fills a gap between two that live longer', () => {
    const { bytes } = pack([life(512, 0, 9), life(512, 0, 4), life(512, 0, 9), life(512, 5, 9)]);
    expect(bytes).toBe(3 * 512);
  });

  it.each([1, 2, 3, 4, 5])('never lets two overlap in time and place (%d)', seed => {
    const random = new Random(seed, 'lifetimes');
    const lifetimes = Array.from({ length: 60 }, () => {
      const from = random.nextBelow(40);
      return life(256 * (1 + random.nextBelow(20)), from, from + random.nextBelow(12));
    });
    const { offsets, shared, bytes } = pack(lifetimes);
    lifetimes.forEach((a, i) => {
      expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
      let touches = false;
      lifetimes.forEach((b, j) => {
        if (i === j) return;
        const together = a.from <= b.to && b.from <= a.to;
        const overlap = offsets[i]! < offsets[j]! + b.bytes && offsets[j]! < offsets[i]! + a.bytes;
        expect(together && overlap, `${i} and ${j}`).toBe(false);
        touches ||= overlap;
      });
      expect(shared[i]).toBe(touches);
    });
    // no moment needs less than what lives then
    for (let time = 0; time < 52; time++) {
      const alive = lifetimes.filter(({ from, to }) => from <= time && time <= to);
      expect(bytes).toBeGreaterThanOrEqual(alive.reduce((sum, tensor) => sum + tensor.bytes, 0));
    }
  });
});
