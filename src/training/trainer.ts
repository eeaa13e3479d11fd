/** What every executor offers: it holds a data set, opens training sessions on it, and trains and evaluates them. */
import type { OptimizerConfig, ScheduleInSteps } from '../shared/experiment';
import type { DataSet } from '../data/dataset';
import type { Network } from './network';

/** Values of each parameter of the network, in its order and layout. */
export type Weights = readonly Float32Array[];

/** 1 = kept, one byte a weight, for each parameter; null: nothing is masked. */
export type ByteMasks = readonly (Uint8Array | null)[];

export interface TrainingSetup {
  /** Where it is no plan, executors that run plans only throw PlanError when the session is opened. */
  readonly network: Network;
  /** Weights at `fromStep`; masked ones are set to 0 on the way in. */
  readonly weights: Weights;
  readonly masks: ByteMasks;
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleInSteps;
  readonly batchSize: number;
  /** Names the streams of data order and dropout: the same number, the same batches at the same steps. */
  readonly orderSeed: number | null;
  /** Where training starts: the schedule and the data order are where they would be at this step. */
  readonly fromStep: number;
  /** Length of the whole schedule (cosine needs it). */
  readonly totalSteps: number;
  readonly regularization: Regularization;
  /**
   * Weight of each class in cross-entropy while training, as PyTorch's CrossEntropyLoss has them: the loss of a batch is
   * Σ w[label] · loss / Σ w[label]. With label smoothing ε the loss of an example, already weighted, is
   * (1 − ε) · w[label] · −log p[label] + ε / classes · Σ w[k] · −log p[k]. Evaluation is unweighted. null: all alike.
   */
  readonly classWeights: readonly number[] | null;
  /**
   * What a session that was closed left at `fromStep`, where `weights` are what it left of them: with the same setup otherwise,
   * training goes on with the bits of a session that was never closed. Masks may be stricter than before: state under them
   * becomes 0. null: training begins, optimiser state is 0.
   */
  readonly state: SessionState | null;
  /** Decays some weights and leaves the others, as ½ · strength · Σ w² in the loss would; the losses told are without it. null: none. */
  readonly penalty: Penalty | null;
}

/**
 * What training carries from step to step beyond the weights that a session tells. Values lie as those of the parameter do,
 * so that each list can be stored like weights; their scale is the executor's own, and so a state goes on only on an executor
 * of the same name and variant. Data order, learning rate, dropout and augmentation follow from the step and are not in it.
 */
export interface SessionState {
  /** Updates since the optimiser's state was fresh: Adam's bias correction counts them. */
  readonly updates: number;
  /** Per parameter: momentum, or Adam's first moments; null where the optimiser keeps none, and of moving statistics. */
  readonly first: readonly (Float32Array | null)[];
  /** Per parameter: Adam's second moments; null as above. */
  readonly second: readonly (Float32Array | null)[];
  /** Per parameter: where the recipe averages weights, those that training goes on from; else null, and of moving statistics. */
  readonly raw: readonly (Float32Array | null)[];
}

export interface Penalty {
  /** Of prunable parameters: strength · w is added to the gradient where a byte is 0; null, as for all others: nowhere. */
  readonly masks: ByteMasks;
  readonly strength: number;
}

/** What else a recipe does to each step. */
export interface Regularization {
  /** ε of cross-entropy against (1 − ε) · one-hot + ε / classes while training (Szegedy et al. 2016); evaluation is without. */
  readonly labelSmoothing: number;
  /** Gradients of all parameters together are scaled down to this L2 norm, as PyTorch's clip_grad_norm_ does; null: never. */
  readonly clipNorm: number | null;
  /**
   * Decay of an exponential moving average of the trainable parameters, which starts from the first weights; it is what
   * is evaluated and what `weights` gives, as Keras' use_ema does at the end. null: none.
   */
  readonly averageDecay: number | null;
  /** Random crop of images padded by `crop` pixels of value 0 (before standardisation) on each side, and mirroring by chance ½. */
  readonly augmentation: { readonly crop: number; readonly flip: boolean };
}

export const noRegularization: Regularization = {
  labelSmoothing: 0,
  clipNorm: null,
  averageDecay: null,
  augmentation: { crop: 0, flip: false },
};

/** Bytes a session needs, known before any of them is taken. */
export interface MemoryPlan {
  readonly data: number;
  /** Weights in the executor's forms with optimiser state, masks, averages. */
  readonly parameters: number;
  /** Values and gradients of a batch, or of an evaluation; memory of what is no longer needed is used again. */
  readonly activations: number;
  readonly total: number;
}

export type SplitName = 'training' | 'validation' | 'test';

export interface Evaluation {
  /** Mean over the split. */
  readonly loss: number;
  /** Fraction 0 to 1; without meaning in a regression. */
  readonly accuracy: number;
  readonly seconds: number;
}

export interface TrainingProgress {
  /** Steps done so far, counted from 0 of the schedule. */
  readonly step: number;
}

/** Losses of batches, added one by one in 64 bits: however training is cut into calls, the sum has the same bits. */
export interface LossSum {
  readonly sum: number;
  /** Batches in it. */
  readonly steps: number;
}

export const noLosses: LossSum = { sum: 0, steps: 0 };

export interface TrainOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Losses of earlier calls, to which those of this one are added. Default: none. */
  readonly after?: LossSum;
  /** The call ends early once it has taken as long, at a step: at least one is done. Default: it does not. */
  readonly seconds?: number;
}

export interface Trained {
  /** Steps done, counted from 0 of the schedule. */
  readonly step: number;
  readonly losses: LossSum;
  /** Mean of `losses`; null where there are none. */
  readonly loss: number | null;
  /** Wall seconds inside training steps, of this call. */
  readonly seconds: number;
}

/** What `train` gives. @param steps done in this call, whose losses are in `sum` with those of `after` */
export function trained(step: number, sum: number, steps: number, after: LossSum, seconds: number): Trained {
  const losses = { sum, steps: after.steps + steps };
  return { step, losses, loss: losses.steps > 0 ? sum / losses.steps : null, seconds };
}

export interface TrainingSession {
  readonly memory: MemoryPlan;
  /**
   * Trains up to (not including) `step`.
   * @throws NonFiniteLossError, AbortError where `signal` is aborted (within 100 ms; the session can then only be closed)
   */
  train(step: number, options?: TrainOptions): Promise<Trained>;
  /** Loss and accuracy over a whole split, dropout off. An empty split gives null. */
  evaluate(split: SplitName, signal?: AbortSignal): Promise<Evaluation | null>;
  /**
   * What the model gives for each example of a split, in the split's order: dropout off, with averaged weights where the
   * recipe has them. Memory is bounded whatever the size of the split.
   * @param visit gets the number of the first example of a stretch and row-major [examples × outputs], which hold only
   *   during the call: logits with cross-entropy, outputs as they are with mean squared error
   * @throws AbortError where `signal` is aborted (between two stretches; the session can be used further)
   */
  predict(split: SplitName, visit: (first: number, outputs: Float32Array) => void, signal?: AbortSignal): Promise<void>;
  /** A copy of the weights as they are now. Masked ones are exactly 0. */
  weights(): Promise<Float32Array[]>;
  /** A copy of the state as it is now; with `weights` it opens a session that goes on from here. */
  state(): Promise<SessionState>;
  close(): Promise<void>;
}

export interface Executor {
  readonly name: string;
  /** E.g. "2 threads, AMD EPYC". */
  readonly device: string;
  /** Changes whenever the same inputs would give other bits: enters the key of each run. */
  readonly variant: string;
  /** One session at a time. */
  open(setup: TrainingSetup): Promise<TrainingSession>;
  /**
   * Sessions that train side by side, which a GPU does in hardly more time than one: of setups that differ in weights,
   * masks, order seed, what is in `state` and masks of the penalty, and in nothing else. Each gives the bits that `open`
   * would. They go in step: nothing happens before all that are not closed have been asked for something, and they train
   * to the same steps. A loss that is not finite is the matter of one, an aborted signal and a lost device of all. Seconds
   * are the share of each. Missing where there is nothing to gain.
   * @returns sessions of the first of the setups, as many as the device has room for: at least one
   */
  openTogether?(setups: readonly TrainingSetup[]): Promise<readonly TrainingSession[]>;
  close(): Promise<void>;
}

/** @param threads of an executor that shares the processors with others; left out: all that it can use */
export type ExecutorFactory = (data: DataSet, threads?: number) => Promise<Executor>;

/** What looking for an executor on this machine found; nothing of a data set is needed for it. */
export type Probed = Usable | Unusable;

export interface Usable {
  readonly usable: true;
  /** As `Executor.device`. */
  readonly device: string;
  /** As `Executor.variant`: known before anything is trained, since it enters the keys of runs. */
  readonly variant: string;
  readonly create: ExecutorFactory;
  /**
   * Processors that several executors of this kind, each with a data set of its own and some of the threads, can share; bits
   * do not depend on their number. Missing: one at a time.
   */
  readonly processors?: number;
  /** What a person who chooses should know, e.g. that the adapter is software. */
  readonly notes: readonly string[];
}

export interface Unusable {
  readonly usable: false;
  /** What was found, the loader's own error, and what to do. */
  readonly reason: string;
}

/** The loss became NaN or infinite: the run is over, others go on. */
export class NonFiniteLossError extends Error {
  constructor(readonly step: number) {
    super(`the loss is no longer a finite number at step ${step}: lower the learning rate, or check the data for NaN`);
    this.name = 'NonFiniteLossError';
  }
}

/**
 * The device is gone, or has no memory left: `open`, `train`, `evaluate`, `predict` and `weights` throw it. The executor can
 * only be closed then; the run is computed anew on another.
 */
export class DeviceLostError extends Error {
  constructor(
    readonly kind: 'lost' | 'out-of-memory',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'DeviceLostError';
  }
}

/** The model and its batch do not fit into the memory there is; nothing was allocated. */
export class MemoryLimitError extends Error {
  constructor(
    readonly plan: MemoryPlan,
    readonly limit: number,
    batchSize: number,
  ) {
    const mebibytes = (bytes: number): string => `${String(Math.ceil(bytes / 2 ** 20))} MiB`;
    super(
      `training needs ${mebibytes(plan.total)} (data ${mebibytes(plan.data)}, weights and optimiser ${mebibytes(plan.parameters)}, ` +
        `activations of a batch of ${String(batchSize)} ${mebibytes(plan.activations)}), but at most ${mebibytes(limit)} can be used: ` +
        'choose a smaller batch size, a smaller model or less data',
    );
    this.name = 'MemoryLimitError';
  }
}
