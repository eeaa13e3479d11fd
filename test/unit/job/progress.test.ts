import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/job/progress';

const run = (density: number, seconds: number, steps = 1000) => ({ density, steps, seconds });

describe('the time left', () => {
  it('is unknown before anything was measured', () => {
    expect(estimate([], [{ density: 1, steps: 100 }])).toEqual({ fraction: 0, secondsLeft: null });
  });

  it('is nothing where nothing is left', () => {
    expect(estimate([run(1, 5)], [])).toEqual({ fraction: 1, secondsLeft: 0 });
  });

  it('of a run like one that was measured is what that took', () => {
    const { secondsLeft, fraction } = estimate([run(1, 10)], [{ density: 1, steps: 1000 }]);
    expect(secondsLeft).toBeCloseTo(10);
    expect(fraction).toBeCloseTo(0.5);
  });

  it('of sparse runs is scaled from the dense run until they are measured', () => {
    const left = (density: number): number => estimate([run(1, 10)], [{ density, steps: 1000 }]).secondsLeft!;
    expect(left(0.8)).toBeCloseTo(10);
    expect(left(0.05)).toBeLessThan(2.5);
    expect(left(0.05)).toBeGreaterThan(1);
    const densities = [0.9, 0.6, 0.45, 0.39, 0.3, 0.2, 0.1, 0.05, 0.01];
    const times = densities.map(left);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('follows what was measured at near densities more than what was presumed', () => {
    // here sparse runs save nothing
    const { secondsLeft } = estimate([run(1, 10), run(0.05, 10)], [{ density: 0.04, steps: 1000 }]);
    expect(secondsLeft).toBeGreaterThan(8);
  });

  it('goes down step by step in a run at an even pace', () => {
    const left = Array.from({ length: 9 }, (_, i) => {
      const done = (i + 1) / 10;
      return estimate([run(1, 10), run(0.8, 10 * done, 1000 * done)], [{ density: 0.8, steps: 1000 * (1 - done) }])
        .secondsLeft!;
    });
    left.slice(1).forEach((seconds, i) => expect(seconds).toBeLessThan(left[i]!));
    expect(left[4]).toBeGreaterThan(4);
    expect(left[4]).toBeLessThan(6);
  });

  it('is the share of each run where several are side by side, but no less than the longest of them needs', () => {
    const rest = (steps: number) => ({ density: 1, steps, runs: 2 });
    expect(estimate([run(1, 10)], [rest(1000), rest(1000)]).secondsLeft).toBeCloseTo(20);
    expect(estimate([run(1, 10)], [rest(1000)]).secondsLeft).toBeCloseTo(20);
    const waiting = { density: 1, steps: 1000 };
    expect(estimate([run(1, 10)], [rest(1000), waiting, waiting]).secondsLeft).toBeCloseTo(30);
  });

  it('is finite for runs of no steps', () => {
    const { secondsLeft } = estimate([run(1, 0.5, 0)], [{ density: 0.5, steps: 0 }]);
    expect(secondsLeft).toBeCloseTo(0.5);
  });
});
