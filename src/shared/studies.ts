/** What the studies of an experiment find beyond its series, as the report holds it. */
import type { ReportPoint, ReportSeries, Statistic } from './report';

/** The iterative series rewound to one point in training. */
export interface SweepSeries {
  /** Step that tickets go back to. */
  readonly rewind: number;
  /** Level 0 is the dense network, the same for every rewind step. */
  readonly points: readonly ReportPoint[];
}

/** Two networks that part at a step, and the straight line between where they end. */
export interface Stability {
  /** Step from which their data comes in different orders. */
  readonly at: number;
  /** 0: the dense network; above, the mask of this level's ticket. */
  readonly level: number;
  /** Of a level above 0: the rewind step of the series that its mask comes from. */
  readonly rewind?: number;
  /** Highest error on the line minus the mean of its ends, 0 to 1: one value a replicate. */
  readonly barrier: Statistic;
  /** Mean barrier below 2 %: both lie in one basin, joined by a straight line of low error. */
  readonly stable: boolean;
  /** Evenly from one end (0) to the other (1): error on the test split, of a regression 1 − R². */
  readonly path: readonly { readonly alpha: number; readonly testError: Statistic }[];
  /** Keys of the runs at the ends, both of a replicate after each other. */
  readonly runs: readonly string[];
}

/** Tickets of the experiment's data set on a second one, against their controls there. */
export interface Transfer {
  /** Of the second data set, as `Report.dataDescription`. */
  readonly dataDescription: string;
  /** Trained there: the tickets ("iterative"), with the dense network as level 0, and controls under the same masks. */
  readonly series: readonly ReportSeries[];
  /** One sentence with numbers. */
  readonly summary: string;
}

/** Of a stable network: two runs end so near each other that the line between them never errs 2 % more (Frankle et al. 2020). */
export const stableBarrier = 0.02;
