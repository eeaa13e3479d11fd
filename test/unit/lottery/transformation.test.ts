import { describe, expect, it } from 'vitest';
import { nextChange, strengthAt, transformationOf } from '../../../src/lottery/transformation';

/** λ at every step up to the cut, and where it changes. */
function course(transformation: ReturnType<typeof transformationOf>) {
  const changes = [0];
  while (changes.at(-1)! < transformation.cut) changes.push(nextChange(changes.at(-1)!, transformation));
  const strengths = Array.from({ length: transformation.cut }, (_, step) => strengthAt(step, transformation));
  return { changes, strengths };
}

describe('the penalty of a random sparse network transformation', () => {
  it('rises evenly to its bound in five ninths of the steps before the cut, which halves training', () => {
    const transformation = transformationOf({ strength: 1 }, 1800);
    expect(transformation).toEqual({ cut: 900, every: 5, by: 0.01, bound: 1 });
    const { changes, strengths } = course(transformation);
    expect(changes).toEqual([...Array.from({ length: 100 }, (_, i) => i * 5), 900]);
    expect(strengths[0]).toBe(0.01);
    expect(strengths[4]).toBe(0.01);
    expect(strengths[5]).toBe(0.02);
    expect(strengths[495]).toBe(1);
    expect(strengths[899]).toBe(1);
  });

  it('rises with every step where there are few', () => {
    const { changes, strengths } = course(transformationOf({ strength: 0.5 }, 36));
    expect(changes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 18]);
    expect(strengths.map(strength => strength.toFixed(2))).toEqual([
      ...['0.05', '0.10', '0.15', '0.20', '0.25', '0.30', '0.35', '0.40', '0.45'],
      ...Array<string>(9).fill('0.50'),
    ]);
  });

  it.each([
    [0, 100],
    [100, 100],
    [undefined, 0],
  ])('is refused with the cut at %s of %i steps', (cut, steps) => {
    expect(() => transformationOf({ cut, strength: 1 }, steps)).toThrow(/after the first and before the last step/);
  });
});
