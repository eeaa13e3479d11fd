import { describe, expect, it } from 'vitest';
import { earlyStopStep, statistic } from '../../../src/lottery/statistics';

describe('statistics over replicates', () => {
  it('gives the mean and the deviation with n−1', () => {
    expect(statistic([1, 2, 3, 4])).toEqual({ mean: 2.5, std: Math.sqrt(5 / 3), values: [1, 2, 3, 4] });
  });

  it('knows no deviation of one value, and nothing of none', () => {
    expect(statistic([0.1])).toEqual({ mean: 0.1, std: 0, values: [0.1] });
    expect(statistic([])).toEqual({ mean: 0, std: 0, values: [] });
  });
});

describe('early-stop step', () => {
  const curve = (...losses: (number | null)[]) =>
    losses.map((validationLoss, i) => ({ step: i * 100, validationLoss }));

  it('is the first evaluated step with the lowest validation loss', () => {
    expect(earlyStopStep(curve(2, 1, 0.5, 0.7, 0.5))).toBe(200);
  });

  it('is not known without validation data', () => {
    expect(earlyStopStep(curve(null, null))).toBeNull();
    expect(earlyStopStep([])).toBeNull();
    expect(earlyStopStep(curve(NaN, 1, NaN))).toBe(100);
  });
});
