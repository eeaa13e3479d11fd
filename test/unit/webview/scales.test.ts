import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countTick,
  densityPosition,
  densityTicks,
  linearTicks,
  niceRange,
  niceStep,
  steadyRange,
  percentTick,
  thin,
} from '../../../webview/charts/scales';

const labels = (ticks: readonly { label: string }[]): string[] => ticks.map(tick => tick.label);

describe('the density axis', () => {
  it('has the dense network at 0 and one unit a decade', () => {
    expect(densityPosition(1)).toBe(0);
    expect(densityPosition(0.1)).toBeCloseTo(1, 12);
    expect(densityPosition(0.001)).toBeCloseTo(3, 12);
  });

  it('puts an empty network off the axis', () => {
    expect(densityPosition(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('labels 100, 50, 20, 10 … down to the sparsest density', () => {
    expect(labels(densityTicks(0.018, 12))).toEqual(['100 %', '50 %', '20 %', '10 %', '5 %', '2 %']);
    expect(labels(densityTicks(0.004, 12)).slice(-2)).toEqual(['1 %', '0.5 %']);
  });

  it('drops labels where there is little room, down to decades', () => {
    expect(labels(densityTicks(0.009, 5))).toEqual(['100 %', '30 %', '10 %', '3 %', '1 %']);
    expect(labels(densityTicks(0.009, 3))).toEqual(['100 %', '10 %', '1 %']);
    expect(labels(densityTicks(1e-6, 3)).length).toBeLessThanOrEqual(3);
  });

  it('never gives more ticks than there is room for, in ascending order', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 0.9, noNaN: true }), fc.integer({ min: 2, max: 20 }), (minimum, most) => {
        const ticks = densityTicks(minimum, most);
        expect(ticks.length).toBeLessThanOrEqual(most);
        expect([...ticks].sort((a, b) => a.at - b.at)).toEqual(ticks);
      }),
    );
  });
});

describe('linear ticks', () => {
  it('steps by 1, 2 or 5 times a power of ten', () => {
    expect(niceStep(0.0013)).toBeCloseTo(0.002, 12);
    expect(niceStep(30)).toBe(50);
    expect(niceStep(1000)).toBe(1000);
  });

  it('carries as many digits as tell neighbours apart', () => {
    expect(labels(linearTicks({ min: 0.976, max: 0.984 }, 5, percentTick))).toEqual([
      '97.6 %',
      '97.8 %',
      '98.0 %',
      '98.2 %',
      '98.4 %',
    ]);
    expect(labels(linearTicks({ min: 0.9, max: 1 }, 5, percentTick))).toEqual([
      '90 %',
      '92 %',
      '94 %',
      '96 %',
      '98 %',
      '100 %',
    ]);
  });

  it('shortens large steps where they lie far apart', () => {
    expect(countTick(5000, 1000)).toBe('5,000');
    expect(countTick(20_000, 10_000)).toBe('20k');
    expect(countTick(12_500, 500)).toBe('12,500');
  });

  it('drops labels that would touch', () => {
    const ticks = [0, 1, 2, 3, 4].map(at => ({ at, label: String(at) }));
    expect(labels(thin(ticks, 1.5))).toEqual(['0', '2', '4']);
  });
});

describe('the range of an axis', () => {
  const unit = { min: 0, max: 1 };

  it('holds every value and stays within bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), values => {
        const { min, max } = niceRange(values, 0.01, unit);
        expect(min).toBeGreaterThanOrEqual(0);
        expect(max).toBeLessThanOrEqual(1);
        for (const value of values) {
          expect(value).toBeGreaterThanOrEqual(min);
          expect(value).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  it('does not blow a single value up to the whole axis', () => {
    const { min, max } = niceRange([0.98], 0.01, unit);
    expect(max - min).toBeLessThan(0.02);
    expect(max - min).toBeGreaterThanOrEqual(0.01);
  });

  it('stands still while points within it arrive', () => {
    expect(niceRange([0.97, 0.983, 0.981], 0.01, unit)).toEqual(niceRange([0.97, 0.983], 0.01, unit));
  });

  it('shows the whole of a bounded quantity before anything is measured', () => {
    expect(niceRange([], 0.01, unit)).toEqual(unit);
  });
});

describe('an axis that does not move needlessly', () => {
  const before = { min: 0.96, max: 0.98 };

  it('stays while it holds every value and they fill half of it', () => {
    expect(steadyRange(before, { min: 0.965, max: 0.98 }, [0.967, 0.978])).toBe(before);
  });

  it('moves when a value would leave it, or most of it would be empty', () => {
    const wider = { min: 0.95, max: 0.98 };
    expect(steadyRange(before, wider, [0.955, 0.978])).toBe(wider);
    const narrower = { min: 0.97, max: 0.975 };
    expect(steadyRange(before, narrower, [0.971, 0.974])).toBe(narrower);
    expect(steadyRange(undefined, narrower, [])).toBe(narrower);
  });
});
