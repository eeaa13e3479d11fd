import { describe, expect, it } from 'vitest';
import { learningRate } from '../../../src/shared/learningRate';
import { batchAt, fillOrder } from '../../../src/training/schedule';

describe('learning-rate schedules', () => {
  it('are constant, after a warm-up that starts at 0', () => {
    const schedule = { name: 'constant', warmup: 4 } as const;
    expect([0, 1, 2, 4, 100].map(step => learningRate(0.8, schedule, step, 200))).toEqual([0, 0.2, 0.4, 0.8, 0.8]);
  });

  it('fall by the factor at each milestone, from the milestone on', () => {
    const schedule = { name: 'multi-step', milestones: [10, 20], factor: 0.1, warmup: 0 } as const;
    const rates = [0, 9, 10, 19, 20, 50].map(step => learningRate(1, schedule, step, 60));
    expect(rates.map(rate => Number(rate.toFixed(9)))).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01]);
  });

  it('follow half a cosine from the base to the minimum', () => {
    const schedule = { name: 'cosine', minimum: 0.1, warmup: 0 } as const;
    expect(learningRate(1, schedule, 0, 100)).toBe(1);
    expect(learningRate(1, schedule, 50, 100)).toBeCloseTo(0.55, 12);
    expect(learningRate(1, schedule, 100, 100)).toBeCloseTo(0.1, 12);
  });
});

describe('batches', () => {
  it('take every example once an epoch, the last batch smaller', () => {
    expect(batchAt(0, 10, 4)).toEqual({ epoch: 0, position: 0, count: 4 });
    expect(batchAt(2, 10, 4)).toEqual({ epoch: 0, position: 8, count: 2 });
    expect(batchAt(3, 10, 4)).toEqual({ epoch: 1, position: 0, count: 4 });
  });

  it('are shuffled anew each epoch, the same for the same seed', () => {
    const order = (seed: number | null, epoch: number): number[] => {
      const values = new Uint32Array(50);
      fillOrder(values, seed, epoch);
      return [...values];
    };
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
    expect(order(1, 0).toSorted((a, b) => a - b)).toEqual(order(null, 3));
  });
});
