import { describe, expect, it } from 'vitest';
import { rankings } from '../../../src/lottery/ranking';
import { statistic } from '../../../src/lottery/statistics';
import { qualityOf } from '../../../src/shared/quality';
import type { Method, ReportPoint, ReportSeries } from '../../../src/shared/report';

const none = statistic([]);

/** @param values test accuracy of replicates 0, 1, …; null: that replicate is missing */
function point(method: Method, level: number, kept: number, values: readonly (number | null)[]): ReportPoint {
  return {
    level,
    kept,
    total: 1000,
    sparsity: 1 - kept / 1000,
    testAccuracy: statistic(values.filter(value => value !== null)),
    testLoss: none,
    validationAccuracy: none,
    earlyStopStep: none,
    seconds: none,
    runs: values.flatMap((value, replicate) => (value === null ? [] : [`${method} ${level} ${replicate}`])),
  };
}

const replicateOf = (run: string) => Number(run.split(' ')[2]);
const quality = qualityOf({});
const ranked = (series: readonly ReportSeries[]) => rankings(series, quality, replicateOf);

describe('how the methods stand at each sparsity', () => {
  it('puts the best first, with its numbers, and the others in pairs of replicates against it', () => {
    const [only, ...more] = ranked([
      {
        method: 'iterative',
        points: [point('iterative', 0, 1000, [0.9]), point('iterative', 1, 50, [0.97, 0.98, 0.99])],
      },
      { method: 'synflow', points: [point('synflow', 1, 50, [0.96, null, 0.97])] },
    ]);
    expect(more).toEqual([]);
    expect(only).toMatchObject({ sparsity: 0.95, level: 1 });
    expect(only!.entries.map(({ method }) => method)).toEqual(['iterative', 'synflow']);
    expect(only!.entries[0]!.difference).toBeUndefined();
    // replicates 0 and 2 have both: −0.01 and −0.02
    const { mean, std, pairs } = only!.entries[1]!.difference!;
    expect([mean, std, pairs]).toEqual([expect.closeTo(-0.015, 12), expect.closeTo(0.01 / Math.SQRT2, 12), 2]);
    expect(only!.text).toBe('Best at 95.0 %: iterative 98.00 ± 1.00 %; SynFlow 96.50 ± 0.71 %');
  });

  it('matches targets of a series of its own by what they keep, never by level', () => {
    const found = ranked([
      { method: 'iterative', points: [point('iterative', 1, 800, [0.9]), point('iterative', 2, 100, [0.8])] },
      { method: 'snip', sparsities: [0.9, 0.99], points: [point('snip', 1, 102, [0.85]), point('snip', 2, 10, [0.5])] },
      { method: 'grasp', sparsities: [0.99], points: [point('grasp', 1, 10, [0.6])] },
    ]);
    expect(found.map(({ sparsity, level, entries }) => [sparsity, level, entries.map(({ method }) => method)])).toEqual(
      [
        [expect.closeTo(0.9, 12), 2, ['snip', 'iterative']],
        [expect.closeTo(0.99, 12), undefined, ['grasp', 'snip']],
      ],
    );
  });

  it('says nothing of a sparsity that one method alone was measured at', () => {
    expect(ranked([{ method: 'iterative', points: [point('iterative', 1, 800, [0.9])] }])).toEqual([]);
  });
});
