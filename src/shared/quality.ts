/**
 * What runs are judged by: test accuracy where examples belong to classes, test R² where there are numbers to predict. Of
 * both, higher is better and 1 is the best, so whoever compares runs need not know which it is.
 */
import { formatAccuracy, formatAccuracyStatistic, formatPoints } from './format';
import type { Report, ReportPoint, Statistic, Task } from './report';

export interface Quality {
  /** "test accuracy" */
  readonly name: string;
  /** At the start of a sentence: "Accuracy". */
  readonly title: string;
  /** "as accurate as" */
  readonly comparative: string;
  readonly of: (point: ReportPoint) => Statistic;
  readonly format: (value: number) => string;
  readonly formatStatistic: (statistic: Statistic) => string;
  /** "97.95 ± 0.12 % test accuracy" */
  readonly phrase: (statistic: Statistic) => string;
  /** Always signed, in `differenceUnit`. */
  readonly formatDifference: (difference: number) => string;
  /** Short, for the head of a column, in full, and as one says it; the first two are empty where it has none. */
  readonly differenceUnit: { readonly short: string; readonly full: string; readonly spoken: string };
  /** "0.20 percentage points" */
  readonly formatMargin: (margin: number) => string;
  /** What one standard deviation is taken to be where there is only one replicate. */
  readonly tolerance: number;
  /** The lowest that it can be. */
  readonly lowest: number;
}

const unmeasured: Statistic = { mean: 0, std: 0, values: [] };

const accuracy: Quality = {
  name: 'test accuracy',
  title: 'Accuracy',
  comparative: 'as accurate as',
  of: point => point.testAccuracy,
  format: formatAccuracy,
  formatStatistic: formatAccuracyStatistic,
  phrase: statistic => `${formatAccuracyStatistic(statistic)} test accuracy`,
  formatDifference: formatPoints,
  differenceUnit: { short: 'pp', full: 'percentage points', spoken: 'points' },
  formatMargin: margin => `${(margin * 100).toFixed(2)} percentage points`,
  tolerance: 0.002,
  lowest: 0,
};

const r2: Quality = {
  name: 'test R²',
  title: 'R²',
  comparative: 'as good as',
  of: point => point.measures?.r2 ?? unmeasured,
  format: formatR2,
  formatStatistic: formatR2Statistic,
  phrase: statistic => `test R² ${formatR2Statistic(statistic)}`,
  formatDifference: difference => {
    const text = formatR2(Math.abs(difference));
    return Number(text) === 0 ? text : `${difference < 0 ? '\u2212' : '+'}${text}`;
  },
  differenceUnit: { short: '', full: '', spoken: 'of R²' },
  formatMargin: formatR2,
  tolerance: 0.002,
  lowest: Number.NEGATIVE_INFINITY,
};

/** R², at most 1 and below 0 where the mean would predict better: 0.95855 → "0.9586". */
export function formatR2(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value < 0 ? `\u2212${(-value).toFixed(4)}` : value.toFixed(4);
}

export function formatR2Statistic({ mean, std, values }: Statistic): string {
  if (values.length === 0) return '–';
  return values.length < 2 ? formatR2(mean) : `${formatR2(mean)} ± ${std.toFixed(4)}`;
}

const qualities: Readonly<Record<Task, Quality>> = { classification: accuracy, regression: r2 };

export function qualityOf({ task }: Pick<Report, 'task'>): Quality {
  return qualities[task ?? 'classification'];
}

/** Of one run of a point. */
export function qualityOfRun(quality: Quality, point: ReportPoint, run: string): number | undefined {
  return quality.of(point).values[point.runs.indexOf(run)];
}
