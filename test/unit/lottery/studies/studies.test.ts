import { describe, expect, it } from 'vitest';
import { barrierOf, isStable, positionsOnLine } from '../../../../src/lottery/studies/barrier';
import { stabilityAdvice } from '../../../../src/lottery/studies/stabilityAdvice';
import { interpolate, settled, unsettled } from '../../../../src/job/studies/interpolation';
import { statistic } from '../../../../src/lottery/statistics';
import type { Stability } from '../../../../src/shared/studies';

describe('a barrier', () => {
  it('is the highest error minus the mean of the ends', () => {
    const errors = [0.1, 0.2, 0.34, 0.25, 0.14];
    let highest = 0;
    for (const error of errors) highest = Math.max(highest, error);
    expect(barrierOf(errors)).toBeCloseTo(highest - 0.12, 12);
    expect(barrierOf([0.1, 0.05, 0.1])).toBe(0);
    expect([0.0199, 0.02].map(isStable)).toEqual([true, false]);
    expect(positionsOnLine(5)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  it('becomes advice where to rewind', () => {
    const at = (step: number, barrier: number): Stability => ({
      at: step,
      level: 0,
      barrier: statistic([barrier]),
      stable: isStable(barrier),
      path: [],
      runs: [],
    });
    expect(stabilityAdvice([at(0, 0.142), at(500, 0.011)], 0)).toBe(
      'Unstable at step 0 (barrier 14.2 %); from step 500 on it is stable (1.1 %). Set rewind to 500.',
    );
    expect(stabilityAdvice([at(0, 0.142), at(500, 0.05)], 0)).toContain('Measure later steps');
  });
});

describe('weights between two networks', () => {
  it('lie on the line, and are the ends to the bit', () => {
    const [from, to] = [[Float32Array.of(1, -0.3)], [Float32Array.of(3, 0.7)]];
    expect(interpolate(from, to, 0)).toEqual(from);
    expect(interpolate(from, to, 1)).toEqual(to);
    expect([...interpolate(from, to, 0.25)[0]!]).toEqual([1.5, Math.fround(0.75 * from[0]![1]! + 0.25 * to[0]![1]!)]);
  });

  it('get moving statistics that are an average over batches, whatever the momentum', () => {
    const statistics = [{ parameter: 1, momentum: 0.9 }];
    const start = unsettled([Float32Array.of(2), Float32Array.of(7)], statistics);
    let moving = start[1]![0]!;
    for (let batch = 0; batch < 5; batch++) moving = 0.9 * moving + 0.1 * 3;
    const [kernel, mean] = settled([start[0]!, Float32Array.of(moving)], statistics, 5);
    expect(kernel![0]).toBe(2);
    expect(mean![0]).toBeCloseTo(3, 6);
  });
});
