import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mask } from '../../../src/lottery/mask';

const bytes = fc.array(fc.constantFrom(0, 1), { maxLength: 70 }).map(list => Uint8Array.from(list));

describe('Mask', () => {
  it('keeps every bit and counts them, through bytes and through the packed form', () => {
    fc.assert(
      fc.property(bytes, values => {
        const mask = Mask.fromBytes(values);
        expect(mask.size).toBe(values.length);
        expect(mask.kept).toBe(values.filter(value => value === 1).length);
        expect(mask.toBytes()).toEqual(values);
        expect([...values].map((_, i) => mask.has(i))).toEqual([...values].map(value => value === 1));
        const again = Mask.fromPacked(mask.toPacked(), mask.size);
        expect(again.kept).toBe(mask.kept);
        expect(again.equals(mask)).toBe(true);
      }),
    );
  });

  it('takes one bit a weight', () => {
    expect(Mask.ones(266_200).toPacked().length).toBe(33_275);
    expect(Mask.fromBytes(Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 0, 7)).toPacked()).toEqual(Uint8Array.of(0b1001, 1));
  });

  it('starts with everything kept', () => {
    for (let size = 0; size < 20; size++) {
      expect(Mask.ones(size).equals(Mask.fromBytes(new Uint8Array(size).fill(1)))).toBe(true);
      expect(Mask.ones(size).kept).toBe(size);
    }
  });

  it('is a subset exactly where no weight is kept that the other prunes', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const size = Math.min(a.length, b.length);
        const [one, other] = [a.subarray(0, size), b.subarray(0, size)];
        const subset = one.every((value, i) => value <= other[i]!);
        expect(Mask.fromBytes(one).isSubsetOf(Mask.fromBytes(other))).toBe(subset);
      }),
    );
    expect(Mask.ones(3).isSubsetOf(Mask.ones(4))).toBe(false);
    expect(Mask.ones(3).equals(Mask.ones(4))).toBe(false);
  });

  it('refuses packed bits that do not fit its size', () => {
    expect(() => Mask.fromPacked(Uint8Array.of(0xff, 0xff), 8)).toThrow(/not the mask of 8/);
    expect(() => Mask.fromPacked(Uint8Array.of(0xff), 7)).toThrow(/beyond its 7/);
  });

  it('cannot be changed from outside', () => {
    const packed = Uint8Array.of(1);
    const mask = Mask.fromPacked(packed, 8);
    packed[0] = 0;
    mask.toPacked()[0] = 0;
    expect(mask.has(0)).toBe(true);
  });
});
