import { describe, expect, test } from 'vitest';
import {
  formatAccuracy,
  formatAccuracyStatistic,
  formatClock,
  formatCount,
  formatFigure,
  formatNumber,
  formatPoints,
  formatProgress,
  formatBytes,
  formatMemory,
  formatSeconds,
  formatShare,
  plural,
} from '../../../src/shared/format';

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [266200, '266,200'],
  [1234567, '1,234,567'],
  [-1500, '−1,500'],
])('count %d reads %s', (value, text) => {
  expect(formatCount(value)).toBe(text);
});

test('an accuracy has two digits, and none where it was not measured', () => {
  expect(formatAccuracy(0.97951)).toBe('97.95 %');
  expect(formatAccuracy(1)).toBe('100.00 %');
  expect(formatAccuracy(NaN)).toBe('–');
});

test('a deviation is shown only where there is one', () => {
  expect(formatAccuracyStatistic({ mean: 0.9795, std: 0.0012, values: [0.978, 0.981] })).toBe('97.95 ± 0.12 %');
  expect(formatAccuracyStatistic({ mean: 0.9795, std: 0, values: [0.9795] })).toBe('97.95 %');
  expect(formatAccuracyStatistic({ mean: 0, std: 0, values: [] })).toBe('–');
});

describe('shares', () => {
  test.each([
    [1, '100 %'],
    [0, '0 %'],
    [0.5128, '51.3 %'],
    [0.0352, '3.5 %'],
    [0.9648, '96.5 %'],
    [0.0042, '0.42 %'],
    [0.9958, '99.58 %'],
  ])('%d reads %s', (value, text) => {
    expect(formatShare(value)).toBe(text);
  });

  test('neither end is claimed before it is reached', () => {
    expect(formatShare(0.99999)).toBe('99.999 %');
    expect(formatShare(0.00001)).toBe('0.001 %');
  });
});

test.each([
  [0.0027, '+0.27'],
  [-0.0131, '−1.31'],
  [0.00001, '0.00'],
  [-0.00001, '0.00'],
])('difference %d reads %s points', (value, text) => {
  expect(formatPoints(value)).toBe(text);
});

test.each([
  [0, '0:00'],
  [38.4, '0:38'],
  [59.6, '1:00'],
  [3599.7, '1:00:00'],
  [3725, '1:02:05'],
])('%d seconds read %s on a clock', (value, text) => {
  expect(formatClock(value)).toBe(text);
});

test.each([
  [0.123, '0.12 s'],
  [6.12, '6.1 s'],
  [9.97, '10 s'],
  [38.2, '38 s'],
  [59.7, '1:00'],
  [85, '1:25'],
])('a measured time of %d s reads %s', (value, text) => {
  expect(formatSeconds(value)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1,023 B'],
  [1536, '1.5 KiB'],
  [300 * 1024, '300 KiB'],
  [47.04e6, '45 MiB'],
  [3.5 * 2 ** 30, '3.5 GiB'],
  [2 ** 42, '4,096 GiB'],
])('memory of %d bytes reads %s', (value, text) => {
  expect(formatBytes(value)).toBe(text);
});

test('what memory goes to is said part by part', () => {
  expect(formatMemory({ data: 47.04e6, parameters: 3e6, activations: 600, total: 50.04e6 + 600 })).toBe(
    'data 45 MiB, weights and optimiser 2.9 MiB, activations 600 B',
  );
});

test.each([
  [0, '0'],
  [0.08231, '0.0823'],
  [2.3026, '2.3'],
  [0.00001234, '1.23e-5'],
  [Infinity, '–'],
])('number %d reads %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0, '0'],
  [-7, '−7'],
  [-0.33, '−0.330'],
  [0.05, '0.0500'],
  [999.96, '1000'],
  [12.3456, '12.3'],
  [0.000123456, '1.23e-4'],
  [48_123, '48100'],
  [NaN, '–'],
])('in a column %d reads %s', (value, text) => {
  expect(formatFigure(value)).toBe(text);
});

test('one is singular', () => {
  expect(plural(1, 'run')).toBe('1 run');
  expect(plural(1200, 'run')).toBe('1,200 runs');
});

describe('progress', () => {
  const run = { key: 'a', method: 'iterative', level: 9, replicate: 0, step: 10, steps: 100 } as const;
  const progress = { runsDone: 9, runsTotal: 40, levels: 15, fraction: 0.2, secondsLeft: 38 };

  test('names level and time left', () => {
    expect(formatProgress({ ...progress, run })).toBe('level 9 of 15 · 0:38 left');
  });

  test('names a control', () => {
    expect(formatProgress({ ...progress, run: { ...run, method: 'random-mask' } })).toBe(
      'random mask, level 9 of 15 · 0:38 left',
    );
  });

  test('says how many runs are at work where there are several', () => {
    expect(formatProgress({ ...progress, run, runsAtWork: 3 })).toBe('level 9 of 15 · 3 runs at work · 0:38 left');
  });

  test('promises no time before anything was measured', () => {
    expect(formatProgress({ ...progress, run, secondsLeft: null })).toBe('level 9 of 15');
    expect(formatProgress(null)).toBe('starting');
  });
});
