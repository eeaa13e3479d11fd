import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutGlobally, cutSteps, gradualSchedule, meanDensity, removedAt } from '../../../src/lottery/gradual';
import { CutError } from '../../../src/lottery/select';
import { layer, trained } from './support';

describe('the schedule of gradual pruning', () => {
  it('prunes every hundredth of training up to three quarters of it where nothing else is said', () => {
    expect(gradualSchedule({}, 1000)).toEqual({ begin: 0, end: 750, every: 10 });
    expect(gradualSchedule({ begin: 100, every: 0 }, 40_000)).toEqual({ begin: 100, end: 30_000, every: 1 });
    expect(gradualSchedule({}, 30)).toEqual({ begin: 0, end: 23, every: 1 });
  });

  it.each([
    [{ begin: 750 }, 1000],
    [{ end: 1000 }, 1000],
    [{}, 1],
  ])('refuses %o of %i steps: nothing left to prune at, or to train on', (given, steps) => {
    expect(() => gradualSchedule(given, steps)).toThrow(/begin must come before end/);
  });

  it('cuts every so many steps after begin, and at the end in any case', () => {
    expect(cutSteps({ begin: 10, end: 50, every: 20 })).toEqual([30, 50]);
    expect(cutSteps({ begin: 0, end: 50, every: 20 })).toEqual([20, 40, 50]);
    expect(cutSteps({ begin: 0, end: 5, every: 20 })).toEqual([5]);
  });

  it('removes by the cubic of the paper', () => {
    const schedule = { begin: 100, end: 500, every: 100 };
    // 1 − (1 − x)³ at x = 0, ¼, ½, ¾, 1
    const shares = [0, 37 / 64, 7 / 8, 63 / 64, 1];
    expect([100, 200, 300, 400, 500].map(step => removedAt(step, schedule, 6400))).toEqual(
      shares.map(share => 6400 * share),
    );
    expect(removedAt(50, schedule, 6400)).toBe(0);
    expect(removedAt(900, schedule, 6400)).toBe(6400);
  });

  it('says what a step costs on average: the mean of the densities that the cuts leave', () => {
    const schedule = { begin: 200, end: 600, every: 1 };
    const density = (step: number) => 1 - removedAt(step, schedule, 900_000) / 1_000_000;
    const mean = Array.from({ length: 1000 }, (_, step) => density(step)).reduce((sum, one) => sum + one / 1000, 0);
    expect(meanDensity(schedule, 1000, 0.1)).toBeCloseTo(mean, 2);
  });
});

describe('a cut over all kernels', () => {
  const kernels = trained([layer('a', [40, 5]), layer('b', [30]), layer('out', [10], true)]);

  it('leaves the largest weights of all that are not excluded, as many as asked for, in nested masks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 31, max: 240 }), fc.integer({ min: 31, max: 240 }), (one, other) => {
        const [more, fewer] = [Math.max(one, other), Math.min(one, other)];
        const first = cutGlobally(kernels, more, ['b/kernel']);
        const second = cutGlobally(
          kernels.map((kernel, i) => ({ ...kernel, mask: first[i]! })),
          fewer,
          ['b/kernel'],
        );
        expect(first[1]!.kept).toBe(30);
        expect(second.reduce((sum, mask) => sum + mask.kept, 0)).toBe(fewer);
        expect(second.every((mask, i) => mask.isSubsetOf(first[i]!))).toBe(true);
        const at = (isKept: boolean) =>
          [0, 2].flatMap(k => [...kernels[k]!.weights].filter((_, i) => second[k]!.has(i) === isKept).map(Math.abs));
        expect(Math.min(...at(true), Infinity)).toBeGreaterThan(Math.max(...at(false), 0));
      }),
    );
  });

  it('is refused where the excluded kernels alone hold more', () => {
    expect(() => cutGlobally(kernels, 29, ['b/kernel'])).toThrow(CutError);
  });
});
