/** A straight line through samples: does a process grow? */

export interface Sample {
  readonly seconds: number;
  readonly mebibytes: number;
}

export interface Trend {
  /** MiB an hour, by least squares. */
  readonly slope: number;
  /** Of the slope, as if samples were independent of each other. */
  readonly standardError: number;
}

export function trendOf(samples: readonly Sample[]): Trend {
  const n = samples.length;
  const meanX = mean(samples.map(({ seconds }) => seconds / 3600));
  const meanY = mean(samples.map(({ mebibytes }) => mebibytes));
  const sumOver = (f: (x: number, y: number) => number): number =>
    samples.reduce((sum, { seconds, mebibytes }) => sum + f(seconds / 3600 - meanX, mebibytes - meanY), 0);
  const squares = sumOver(x => x * x);
  const slope = sumOver((x, y) => x * y) / squares;
  const rest = sumOver((x, y) => (y - slope * x) ** 2);
  return { slope, standardError: Math.sqrt(rest / (n - 2) / squares) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
