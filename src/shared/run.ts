/**
 * A training run: a pure function of its inputs. Its key is the hash of them; masks and starting weights enter by
 * provenance (the parent's key and the operation), so that every key is known before anything runs.
 */
import type { Experiment, OptimizerConfig, ScheduleInSteps } from './experiment';
import type { Measures, MemoryUse, Method, Study } from './report';

/** How many weights a cut leaves: as many as the mask of a run keeps, or a share of all prunable ones. */
export type KeptCount =
  | { readonly countsOf: string; readonly sparsity?: undefined }
  | { readonly countsOf?: undefined; readonly sparsity: number };

/** Left out: by |w|. */
export interface WandaRecipe {
  /** Training examples that norms of inputs are taken over. */
  readonly examples: number;
  /** The authors' variant; left out: as many of each output. */
  readonly variant?: true;
}

/** What scores the weights of an untrained network. */
export type Criterion = 'snip' | 'grasp' | 'synflow' | 'prospr' | 'magnitude' | 'random';

/** Where the mask of a run comes from. */
export type MaskRecipe =
  | { readonly kind: 'ones' }
  /** One round of magnitude pruning on the final weights and the mask of `run`. */
  | {
      readonly kind: 'magnitude';
      readonly run: string;
      readonly scope: Experiment['pruning']['scope'];
      readonly rate: number;
      readonly outputRate: number;
      /** Left out where convolutions have the common rate. */
      readonly convolutionRate?: number;
      /** Of kernels that have a rate of their own, by name; left out where none has. */
      readonly rates?: Readonly<Record<string, number>>;
      readonly wanda?: WandaRecipe;
      readonly exclude: readonly string[];
      readonly counts: 'exact' | 'open_lth' | 'google';
      /** What goes as one, as `pruning.structure` has it; left out where single weights go. */
      readonly structure?: string;
      /** Of filters and blocks. */
      readonly norm?: 'l1' | 'l2';
    }
  /** One cut on the final weights of `run` down to the kept count (per layer with scope "layer"). */
  | ({
      readonly kind: 'magnitude-to';
      readonly run: string;
      /** "uniform" and "erk" where a share is given: with the counts of a run its layers are met one by one. */
      readonly scope: Experiment['pruning']['scope'];
      readonly exclude: readonly string[];
      /** As above: filters and blocks are counted, not weights. */
      readonly structure?: string;
      readonly norm?: 'l1' | 'l2';
      readonly wanda?: WandaRecipe;
    } & KeptCount)
  /** Pruned while the run itself trains: its mask is the one after the last cut, at step `end`. */
  | ({
      readonly kind: 'gradual';
      readonly begin: number;
      readonly end: number;
      readonly every: number;
      readonly exclude: readonly string[];
    } & KeptCount)
  /** One cut by scores of an untrained network down to the kept count: pruning at initialisation. */
  | ({
      readonly kind: 'scored';
      readonly criterion: Criterion;
      readonly start: StartRecipe;
      /** Of what is kept over the layers: by rank of the scores over all of them, or so many in each. */
      readonly distribution: 'global' | 'uniform' | 'erk';
      readonly exclude: readonly string[];
      /** Names the draw of examples, or of random scores; left out where nothing is drawn. */
      readonly seed?: number;
      /** Training examples that are scored on; left out: ten for each class. */
      readonly examples?: number;
      /** Of scoring and cutting; left out: one. */
      readonly rounds?: number;
    } & KeptCount)
  /** The very mask of `run`. `whole`: kernels that have no mask, because theirs in `run` has another shape. */
  | { readonly kind: 'same'; readonly run: string; readonly whole?: readonly string[] }
  /** The mask of `run` with its positions shuffled within each layer; `whole` as above. */
  | {
      readonly kind: 'shuffled';
      readonly run: string;
      readonly seed: number;
      readonly whole?: readonly string[];
      /** What is shuffled as one: filters or blocks; with N:M positions within each group. Left out: single weights. */
      readonly structure?: string;
    };

/** Where the starting weights of a run come from. */
export type StartRecipe = OwnStart | TransferredStart;

/** Weights of the model as it is. */
export type OwnStart =
  | { readonly kind: 'initial'; readonly seed: number }
  /** The weights in the model file. */
  | { readonly kind: 'file' }
  /** The final weights of `run`: rewinding to step k goes back to the end of a run of k steps. */
  | { readonly kind: 'final'; readonly run: string };

/** Weights of the model as it is with other classes: all but its output layer go over, and that is drawn anew. */
export interface TransferredStart {
  readonly kind: 'transferred';
  /** Fingerprint of the model that `start` is of. */
  readonly model: string;
  readonly start: OwnStart;
  /** Parameters that are drawn anew. */
  readonly fresh: readonly string[];
  readonly seed: number;
}

/** How a run trains. What may be left out is left out where it has no effect, so that it changes no key that was there before it. */
export interface TrainingRecipe {
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleInSteps;
  readonly loss: Experiment['training']['loss'];
  readonly batchSize: number;
  readonly evaluateEvery: number;
  readonly labelSmoothing?: number;
  /** Of each class; "balanced" has become numbers. */
  readonly classWeights?: readonly number[];
  readonly clipNorm?: number;
  readonly averageDecay?: number;
  readonly earlyStopping?: { readonly patience: number };
  readonly augmentation?: { readonly crop: number; readonly flip: boolean };
  readonly transformation?: Transformation;
}

/**
 * The mask of the run comes into force at step `cut` only. Before, ½ · λ · Σ w² over the weights it drops is part of the loss;
 * λ begins with `by` and rises by it every `every` steps, up to `bound`.
 */
export interface Transformation {
  readonly cut: number;
  readonly every: number;
  readonly by: number;
  readonly bound: number;
}

export interface RunInputs {
  /** Raised when the meaning of a field changes. */
  readonly version: 1;
  /** Hash of the model's definition, and of its weights where the start is "file". */
  readonly model: string;
  readonly data: string;
  readonly executor: { readonly name: string; readonly variant: string };
  readonly training: TrainingRecipe;
  readonly orderSeed: number;
  readonly steps: { readonly from: number; readonly to: number; readonly total: number };
  readonly mask: MaskRecipe;
  readonly start: StartRecipe;
}

/** A run in the graph of an experiment. */
export interface RunNode {
  /** 32 hexadecimal digits. */
  readonly key: string;
  /** 'prefix': trains to the rewind step only; no point of the report. */
  readonly method: Method | 'prefix';
  /** Of the iterative series; of a comparison with sparsities of its own their place in the list, from 1. */
  readonly level: number;
  readonly replicate: number;
  /** Share of the prunable weights that is expected to be kept: what the time of a step goes by. */
  readonly density: number;
  /** Absent: the run is a point of `series`. */
  readonly study?: Study;
  /** The target of its own, where the comparison has some. */
  readonly sparsity?: number;
  readonly inputs: RunInputs;
  /** Keys that must be there first. */
  readonly needs: readonly string[];
}

export interface RunLayer {
  /** Name of the kernel parameter, e.g. `dense_1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly total: number;
  readonly kept: number;
}

/** What `run.json` holds. */
export interface RunRecord {
  readonly key: string;
  readonly inputs: RunInputs;
  /** 'failed' runs stay: the same inputs would fail again. */
  readonly status: 'done' | 'failed';
  readonly error?: string;
  readonly executor: string;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: { readonly train: number; readonly evaluate: number; readonly total: number };
  /** Every prunable layer in forward order. */
  readonly layers: readonly RunLayer[];
  /** After the last step; absent where the run failed. */
  readonly final?: {
    /** null with a regression, as `validationAccuracy` is. */
    readonly testAccuracy: number | null;
    readonly testLoss: number;
    readonly validationAccuracy: number | null;
    readonly validationLoss: number | null;
  };
  /** The main figures of `evaluation.json`; absent in records of versions without it, and where the run failed. */
  readonly measures?: Measures;
  readonly earlyStopStep?: number;
  /** Where early stopping ended the run, before `steps.to`. */
  readonly stoppedAt?: number;
  /** Absent in records of versions that did not plan it, and where the run failed before it was known. */
  readonly memory?: MemoryUse;
}
