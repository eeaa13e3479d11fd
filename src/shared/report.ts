/** The report: what an experiment found. Derived from the run store at any time; drawn by the panel, printed by the CLI. */
import type { ExecutorChoice } from './executorChoice';
import type { Experiment } from './experiment';

export const methods = ['iterative', 'one-shot', 'random-reinit', 'random-mask'] as const;
export type Method = (typeof methods)[number];

/** Whether examples belong to classes, or have numbers that a model is to predict. */
export type Task = 'classification' | 'regression';

export type RunStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
export type ExperimentStatus = 'running' | 'done' | 'failed' | 'cancelled';

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
}

export interface ReportRun {
  readonly key: string;
  readonly method: Method;
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
    readonly level: number;
    readonly replicate: number;
    readonly step: number;
    readonly steps: number;
  };
  readonly levels: number;
  /** Share of the estimated work that is done, 0 to 1. */
  readonly fraction: number;
  /** Estimated seconds to the end; null before anything was measured. */
  readonly secondsLeft: number | null;
}
