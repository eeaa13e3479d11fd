import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/shared/compareConfig';
import { qualityOf } from '../../../src/shared/quality';
import type { Method, ReportPoint, ReportSeries } from '../../../src/shared/report';
import { statistic } from '../../../src/lottery/statistics';
import { verdict, type VerdictInput } from '../../../src/lottery/verdict';

const total = 266_200;
/** Kept at levels 0, 1 and 2. */
const kept = [total, 55_826, 9_366];

interface Level {
  readonly accuracy: readonly number[];
  readonly r2?: readonly number[];
  readonly stop?: readonly number[];
}

function point(level: number, { accuracy, r2, stop = [] }: Level): ReportPoint {
  return {
    level,
    kept: kept[level]!,
    total,
    sparsity: 1 - kept[level]! / total,
    testAccuracy: statistic(accuracy),
    testLoss: statistic([]),
    validationAccuracy: statistic([]),
    earlyStopStep: statistic(stop),
    seconds: statistic([]),
    ...(r2 && { measures: { r2: statistic(r2) } }),
    runs: accuracy.map((_, replicate) => `${level}.${replicate}`),
  };
}

/** Levels from 0 for iterative, from 1 for the others; null leaves a level out. */
function judge(
  levels: Partial<Record<Method, readonly (Level | null)[]>>,
  changes: Partial<Omit<VerdictInput, 'series'>> = {},
) {
  const series = Object.entries(levels).map(([method, list]): ReportSeries => ({
    method: method as Method,
    points: list.flatMap((level, i) => (level ? [point(i + (method === 'iterative' ? 0 : 1), level)] : [])),
  }));
  const compare = Object.keys(levels).filter((method): method is Comparison => method !== 'iterative');
  return verdict({ quality: qualityOf({}), series, compare, levels: 2, running: false, ...changes });
}

const dense = { accuracy: [0.9783, 0.9795, 0.9807], stop: [2400, 2300, 2500] };
const ticket = { accuracy: [0.9822, 0.9827, 0.9832], stop: [1600, 1700, 1668] };
const reinit = { accuracy: [0.9691, 0.9701, 0.9711] };
const random = { accuracy: [0.9617, 0.9627, 0.9637] };

describe('a winning ticket', () => {
  it('is the sparsest level that is as accurate, as fast, and better than both controls', () => {
    const result = judge({
      iterative: [dense, ticket, ticket],
      'random-reinit': [reinit, reinit],
      'random-mask': [random, random],
    });
    expect(result).toMatchObject({ found: true, level: 2 });
    expect(result.sparsity).toBeCloseTo(0.9648, 4);
    expect(result.summary).toBe(
      'Winning ticket at 3.5 % of the weights: 98.27 ± 0.05 % test accuracy, dense 97.95 ± 0.12 %; stops 31 % earlier.',
    );
    expect(result.reasons[0]).toBe(
      'Not luck: fresh weights under the same mask 97.01 ± 0.10 %, the same density at random 96.27 ± 0.10 %.',
    );
    expect(result.advice).toBeUndefined();
    expect(result.levels.map(({ level, reasons }) => [level, reasons.map(({ met }) => met)])).toEqual([
      [1, [true, true, true, true]],
      [2, [true, true, true, true]],
    ]);
  });

  it('is a denser level where the sparsest fails a condition', () => {
    const worse = { ...ticket, accuracy: [0.977, 0.978, 0.9779] };
    const result = judge({
      iterative: [dense, ticket, worse],
      'random-reinit': [reinit, reinit],
      'random-mask': [random, random],
    });
    expect(result).toMatchObject({ found: true, level: 1 });
  });

  it('may lose one dense standard deviation, not more', () => {
    const at = (mean: number) =>
      judge({
        iterative: [dense, { accuracy: [mean, mean, mean], stop: [1] }],
        'random-reinit': [reinit],
        'random-mask': [random],
      });
    expect(at(0.9795 - 0.0012).found).toBe(true);
    expect(at(0.9795 - 0.0013).found).toBe(false);
  });

  it('may not need more steps than dense', () => {
    const at = (stop: number) =>
      judge({ iterative: [dense, { ...ticket, stop: [stop] }], 'random-reinit': [reinit], 'random-mask': [random] });
    expect(at(2400)).toMatchObject({ found: true, summary: expect.stringContaining('stops at the same step') });
    expect(at(2401).found).toBe(false);
  });

  it('must beat each control by more than the deviation of that control', () => {
    const near = (gap: number) => ({ accuracy: [0.9727 - gap, 0.9827 - gap, 0.9927 - gap] }); // deviation 1 pp
    for (const [method, other] of [
      ['random-reinit', 'random-mask'],
      ['random-mask', 'random-reinit'],
    ] as const) {
      expect(judge({ iterative: [dense, ticket], [method]: [near(0.0101)], [other]: [random] }).found).toBe(true);
      expect(judge({ iterative: [dense, ticket], [method]: [near(0.0099)], [other]: [random] }).found).toBe(false);
    }
  });

  it('with one replicate takes 0.2 percentage points for the deviation that it cannot know', () => {
    const at = (ticketAccuracy: number, control: number) =>
      judge({
        iterative: [
          { accuracy: [0.98], stop: [100] },
          { accuracy: [ticketAccuracy], stop: [50] },
        ],
        'random-reinit': [{ accuracy: [control] }],
        'random-mask': [{ accuracy: [control] }],
      });
    expect(at(0.978, 0.9759)).toMatchObject({ found: true });
    expect(at(0.9779, 0.9)).toMatchObject({ found: false });
    expect(at(0.978, 0.976)).toMatchObject({ found: false });
    expect(at(0.978, 0.9759).summary).toContain('97.80 % test accuracy, dense 98.00 %; stops 50 % earlier');
  });

  it('without validation data says that speed was not measured, and judges by the rest', () => {
    const still = ({ accuracy }: Level) => ({ accuracy });
    const result = judge({
      iterative: [still(dense), still(ticket)],
      'random-reinit': [reinit],
      'random-mask': [random],
    });
    expect(result.found).toBe(true);
    expect(result.summary).not.toContain('stops');
    expect(result.reasons).toContain('Speed: not measured, because there is no validation data.');
    expect(result.levels[0]!.reasons.some(({ text }) => text.startsWith('Speed'))).toBe(false);
  });

  it('says "so far" while it runs', () => {
    const result = judge(
      { iterative: [dense, ticket], 'random-reinit': [reinit], 'random-mask': [random] },
      { running: true },
    );
    expect(result.summary).toMatch(/^Winning ticket so far at 21\.0 % of the weights/);
  });
});

describe('no winning ticket', () => {
  it('without controls: not shown to be better than chance, and what to add', () => {
    const result = judge({ iterative: [dense, ticket, ticket], 'one-shot': [ticket, ticket] });
    expect(result).toMatchObject({ found: false, level: 0, sparsity: 0 });
    expect(result.summary).toMatch(/^Candidate at 3\.5 % of the weights: .*; not shown to be better than chance\.$/);
    expect(result.reasons.join(' ')).toContain('not shown to be better than chance; add random-reinit and random-mask');
    expect(result.advice).toContain('Add random-reinit and random-mask to "compare"');
  });

  it('with one control only: the other is asked for', () => {
    const result = judge({ iterative: [dense, ticket], 'random-reinit': [reinit] });
    expect(result.found).toBe(false);
    expect(result.advice).toMatch(/^Add random-mask to/);
  });

  it('without controls and without a candidate either', () => {
    const result = judge({ iterative: [dense, random] });
    expect(result.found).toBe(false);
    expect(result.summary).toMatch(
      /^No winning ticket: no pruned level .* The best, at 21\.0 % of the weights, has 96\.27/,
    );
    expect(result.reasons.join(' ')).toContain('not shown to be better than chance');
  });

  it('while controls are still to come, or where they failed', () => {
    const levels = { iterative: [dense, ticket], 'random-reinit': [reinit], 'random-mask': [null] };
    expect(judge(levels, { running: true }).reasons.join(' ')).toContain('random-mask at this level still to come');
    expect(judge(levels).reasons.join(' ')).toContain('random-mask at this level failed or was not run');
    expect(judge(levels).advice).toBeUndefined();
  });

  it('where chance does as well', () => {
    const result = judge({ iterative: [dense, ticket], 'random-reinit': [ticket], 'random-mask': [random] });
    expect(result.found).toBe(false);
    expect(result.summary).toContain('but not better than chance');
    expect(result.reasons[0]).toContain('not better by more than 0.05 percentage points');
  });

  it('before anything is trained, and of the dense network alone', () => {
    expect(judge({ iterative: [] }, { running: true }).summary).toBe(
      'No result so far: the dense network is not trained yet.',
    );
    expect(judge({ iterative: [] }).summary).toBe('No result: the dense network was not trained.');
    expect(judge({ iterative: [null, ticket] }).found).toBe(false);
    expect(judge({ iterative: [dense] }, { levels: 0 }).summary).toBe(
      'Dense network: 97.95 ± 0.12 % test accuracy with all 266,200 weights.',
    );
    expect(judge({ iterative: [dense] }, { running: true }).reasons).toEqual(['Level 1 of 2 is still to come.']);
  });
});

describe('a regression', () => {
  const quality = qualityOf({ task: 'regression' });
  const level = (r2: readonly number[], stop: readonly number[] = []): Level => ({ accuracy: [], r2, stop });

  it('is judged by R², of which higher is better, in words and digits of its own', () => {
    const result = judge(
      {
        iterative: [level([0.951, 0.953], [2400, 2400]), level([0.9525, 0.9527], [1600, 1600])],
        'random-reinit': [level([0.901, 0.903])],
        'random-mask': [level([-0.25, -0.27])],
      },
      { quality },
    );
    expect(result).toMatchObject({ found: true, level: 1 });
    expect(result.summary).toBe(
      'Winning ticket at 21.0 % of the weights: test R² 0.9526 ± 0.0001, dense 0.9520 ± 0.0014; stops 33 % earlier.',
    );
    expect(result.reasons.slice(0, 2)).toEqual([
      'Not luck: fresh weights under the same mask 0.9020 ± 0.0014, the same density at random −0.2600 ± 0.0141.',
      'R²: 0.9526 ± 0.0001 against 0.9520 ± 0.0014 dense; within one standard deviation, 0.0014.',
    ]);
  });

  it('tolerates 0.002 of R² where there is one replicate', () => {
    const met = (r2: number) =>
      judge({ iterative: [level([0.95]), level([r2])] }, { quality }).levels[0]!.reasons[0]!.met;
    expect([met(0.9485), met(0.9475)]).toEqual([true, false]);
  });
});
