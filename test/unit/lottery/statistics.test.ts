import { describe, expect, it } from 'vitest';
import { earlyStopStep, evaluationsWithoutGain, statistic } from '../../../src/lottery/statistics';

describe('statistics over replicates', () => {
  it('gives the mean and the deviation with n−1', () => {
    expect(statistic([1, 2, 3, 4])).toEqual({ mean: 2.5, std: Math.sqrt(5 / 3), values: [1, 2, 3, 4] });
  });

  it('knows no deviation of one value, and nothing of none', () => {
    expect(statistic([0.1])).toEqual({ mean: 0.1, std: 0, values: [0.1] });
    expect(statistic([])).toEqual({ mean: 0, std: 0, values: [] });
  });
});

const curve = (...losses: (number | null)[]) => losses.map((validationLoss, i) => ({ step: i * 100, validationLoss }));

describe('early-stop step', () => {
  it('is the first evaluated step with the lowest validation loss', () => {
    expect(earlyStopStep(curve(2, 1, 0.5, 0.7, 0.5))).toBe(200);
  });

  it('is not known without validation data', () => {
    expect(earlyStopStep(curve(null, null))).toBeNull();
    expect(earlyStopStep([])).toBeNull();
    expect(earlyStopStep(curve(NaN, 1, NaN))).toBe(100);
  });
});

describe('evaluations without gain', () => {
  it('are those since the lowest loss: one as low is no gain', () => {
    expect(evaluationsWithoutGain(curve(2, 1))).toBe(0);
    expect(evaluationsWithoutGain(curve(2, 1, 1, 1.5))).toBe(2);
    expect(evaluationsWithoutGain(curve(2, 1, 3, 0.5))).toBe(0);
  });

  it('are none where no loss was measured', () => {
    expect(evaluationsWithoutGain(curve())).toBe(0);
    expect(evaluationsWithoutGain(curve(null, null))).toBe(0);
  });
});
