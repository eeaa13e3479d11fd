/** The report: what an experiment found. Derived from the run store at any time; drawn by the panel, printed by the CLI. */
import { comparisons } from './comparisons';
import type { ExecutorChoice } from './executorChoice';
import type { Experiment } from './experiment';
import type { Stability, SweepSeries, Transfer } from './studies';
import type { Worth } from './worth';

export const methods = ['iterative', ...comparisons] as const;
export type Method = (typeof methods)[number];

/** Whether examples belong to classes, or have numbers that a model is to predict. */
export type Task = 'classification' | 'regression';

export type RunStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
/** 'running' with no job at work: it was interrupted. */
export type ExperimentStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'paused';

/** Over replicates: `std` with n−1 in the denominator, 0 for one replicate. Not measured: no `values`, mean and std 0. */
export interface Statistic {
  readonly mean: number;
  readonly std: number;
  readonly values: readonly number[];
}

/**
 * What a run's evaluation after the last step comes to, on the test split; docs/science.md defines each. Shares 0 to 1:
 * `topFive` (with more than five classes), `worstRecall` (of the class with the lowest), `calibrationError`; `brier` 0 to
 * 2. Of a regression: `r2`, and errors in the unit of the targets.
 */
export const measureNames = [
  'topFive',
  'worstRecall',
  'calibrationError',
  'brier',
  'r2',
  'rootMeanSquaredError',
  'meanAbsoluteError',
] as const;
export type MeasureName = (typeof measureNames)[number];
export type Measures = Readonly<Partial<Record<MeasureName, number>>>;

export interface ReportPoint {
  readonly level: number;
  /** Kept and all weights of every prunable layer, excluded layers too; of the first replicate. */
  readonly kept: number;
  readonly total: number;
  readonly sparsity: number;
  /** After the last step; fractions 0 to 1. Without values where the task is a regression. */
  readonly testAccuracy: Statistic;
  readonly testLoss: Statistic;
  readonly validationAccuracy: Statistic;
  /** The evaluated step with the lowest validation loss. */
  readonly earlyStopStep: Statistic;
  /** Wall seconds of one run, training and evaluation. */
  readonly seconds: Statistic;
  /** Absent in reports of versions that did not measure them, and where no run of the point has been evaluated so. */
  readonly measures?: Readonly<Partial<Record<MeasureName, Statistic>>>;
  /** Keys of the runs behind the point, in order of replicate. */
  readonly runs: readonly string[];
}

export interface ReportSeries {
  readonly method: Method;
  readonly points: readonly ReportPoint[];
  /**
   * Of a comparison with targets of its own: `level` of its points counts them from 1 and is no iterative level, so points
   * of other series are matched by what they keep.
   */
  readonly sparsities?: readonly number[];
}

export interface ReportLayer {
  readonly name: string;
  /** Shape of the kernel as the model file has it, e.g. [784, 300] for Dense. */
  readonly shape: readonly number[];
  readonly total: number;
  /** Kept weights per level of the iterative series, first replicate. */
  readonly kept: readonly number[];
}

export interface Reason {
  readonly met: boolean;
  /** Not judged, so not met: what it compares with has no result at this level. */
  readonly open?: true;
  readonly text: string;
}

/** Two methods on the same replicates: starting weights and data order are the same in each pair. */
export interface PairedDifference {
  /** Mean over the pairs of what this method has more than the best one; ≤ 0 but for chance. */
  readonly mean: number;
  /** Standard deviation of the differences, n−1; 0 for one pair. */
  readonly std: number;
  readonly pairs: number;
}

/** How the methods stand at one sparsity. */
export interface Ranking {
  /** Of the iterative level, or of the target, that the others are held against. */
  readonly sparsity: number;
  /** The iterative level, where it is one. */
  readonly level?: number;
  /** Best first, by the mean. Those within 5 % of the kept count of the first take part. */
  readonly entries: readonly {
    readonly method: Method;
    readonly kept: number;
    /** Test accuracy, or R². */
    readonly quality: Statistic;
    /** Against the first entry; absent for it, and where no replicate has both. */
    readonly difference?: PairedDifference;
  }[];
  /** "Best at 95.0 %: iterative 97.9 ± 0.1 %; SynFlow 97.1 ± 0.2 %". */
  readonly text: string;
}

export interface Verdict {
  /** False without controls: then it is not shown to be better than chance. */
  readonly found: boolean;
  /** The sparsest level that meets every condition; 0 where there is none. */
  readonly level: number;
  readonly sparsity: number;
  /** One sentence that says it all. */
  readonly summary: string;
  readonly reasons: readonly string[];
  /** What to do next, if anything, e.g. add the controls that are missing. */
  readonly advice?: string;
  /** Per level above 0: which conditions hold, in words with numbers. */
  readonly levels: readonly { readonly level: number; readonly reasons: readonly Reason[] }[];
  /** Wherever at least two methods were measured at one sparsity; absent in reports of earlier versions. */
  readonly best?: readonly Ranking[];
}

/** What a run is for that is no point of `series`. */
export type Study =
  /** The iterative series again, rewound to this step. */
  | { readonly kind: 'sweep'; readonly rewind: number }
  /** Two runs that part at this step: their data comes in other orders from there on. */
  | { readonly kind: 'stability'; readonly at: number; readonly branch: 0 | 1 }
  /** On the second data set. */
  | { readonly kind: 'transfer' };

export interface ReportRun {
  readonly key: string;
  readonly method: Method;
  /** Absent: a run behind a point of `series`. */
  readonly study?: Study;
  /** The target of a comparison with targets of its own, whose place in the list `level` then is. */
  readonly sparsity?: number;
  readonly level: number;
  readonly replicate: number;
  readonly status: RunStatus;
  readonly kept?: number;
  readonly seconds?: number;
  /** Why it failed. */
  readonly error?: string;
}

/** Bytes that training takes, planned before any of them is taken. */
export interface MemoryUse {
  readonly data: number;
  /** Weights with optimiser state, masks and averages. */
  readonly parameters: number;
  /** Values and gradients of a batch. */
  readonly activations: number;
  readonly total: number;
}

export interface Report {
  readonly experiment: Experiment;
  readonly status: ExperimentStatus;
  /** Why it failed, where it did. */
  readonly error?: string;
  /** The field of the experiment file to change, where there is one. */
  readonly errorField?: string;
  /** Left out: classification. */
  readonly task?: Task;
  /** Names of the classes, or of the targets, in order, where the data has some. */
  readonly labelNames?: readonly string[];
  /** Of one example, e.g. [28, 28, 1]; absent in reports of earlier versions. */
  readonly inputShape?: readonly number[];
  /** The one that computed last. */
  readonly executor: string;
  readonly device: string;
  /** Absent in reports of earlier versions. */
  readonly executorChoice?: ExecutorChoice;
  /** Data set and model in words, e.g. "MNIST (idx): 55,000 / 5,000 / 10,000". */
  readonly dataDescription: string;
  readonly modelDescription: string;
  /** `train`: wall time inside training steps, summed over runs. */
  readonly seconds: { readonly train: number; readonly evaluate: number; readonly total: number };
  /** Of the run that takes the most; absent before any was trained, and in reports of earlier versions. */
  readonly memory?: MemoryUse;
  readonly series: readonly ReportSeries[];
  readonly layers: readonly ReportLayer[];
  readonly verdict: Verdict;
  /** What the experiment's studies found, as far as they went; each absent where the experiment has none. */
  readonly sweep?: readonly SweepSeries[];
  readonly sweepAdvice?: string;
  readonly stability?: readonly Stability[];
  readonly stabilityAdvice?: string;
  readonly transfer?: Transfer;
  /** Absent until a level has been measured, and where the experiment does not ask for it. */
  readonly worth?: Worth;
  readonly runs: readonly ReportRun[];
}

/** One line of `curve.jsonl`. Losses are means over the split; `trainLoss` over the batches since the line before. */
export interface CurvePoint {
  readonly step: number;
  readonly trainLoss: number | null;
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
  readonly testLoss: number;
  /** null with a regression, as `validationAccuracy` is. */
  readonly testAccuracy: number | null;
}

/** Where a running experiment stands. */
export interface Progress {
  readonly runsDone: number;
  readonly runsTotal: number;
  /** The run at work. */
  readonly run?: {
    readonly key: string;
    readonly method: Method;
    readonly study?: Study;
    readonly sparsity?: number;
    readonly level: number;
    readonly replicate: number;
    readonly step: number;
    readonly steps: number;
  };
  /** Where several are side by side: how many. */
  readonly runsAtWork?: number;
  readonly levels: number;
  /** Share of the estimated work that is done, 0 to 1. */
  readonly fraction: number;
  /** Estimated seconds to the end; null before anything was measured. */
  readonly secondsLeft: number | null;
}
