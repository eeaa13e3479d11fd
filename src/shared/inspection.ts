/** What is known of a checkpoint: read by `src/checkpoints`, counted by `src/sparsity`, shown by the inspector and the CLI. */

/** What a tensor is in its file; only weights and buffers enter totals. */
export type TensorRole = 'weight' | 'buffer' | 'optimizer' | 'other';

/** What part of a network a tensor belongs to, told from its name and shape; null: not known. */
export type LayerKind =
  'convolution' | 'dense' | 'embedding' | 'attention' | 'feed-forward' | 'head' | 'normalization' | 'bias';

export interface TensorInfo {
  /** Unique in its file. */
  readonly name: string;
  /** As safetensors names them: F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64 … U8, BOOL; others as their format does, e.g. Q4_K. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Product of the shape. */
  readonly count: number;
  /** Bytes its values take in the file; 0 where they share another's. */
  readonly bytes: number;
  readonly role: TensorRole;
  /** A kernel, embedding or projection: what pruning may touch. Never biases, normalisation, or what is no weight. */
  readonly prunable: boolean;
  readonly kind: LayerKind | null;
  /** Axis along which outputs run (0 in PyTorch, last in Keras); null: none, or not known. */
  readonly outputAxis: number | null;
  /** Axis of inputs; null: none, or not known. */
  readonly inputAxis: number | null;
  /** Name of an earlier tensor that is the very same memory: it counts once. */
  readonly tiedTo: string | null;
  /** Why its values cannot be read; null: they can. */
  readonly error: string | null;
}

/** How many of the groups of `m` neighbours along the input axis hold at most `n` non-zeros. */
export interface PatternCompliance {
  readonly n: number;
  readonly m: number;
  readonly groups: number;
  readonly compliant: number;
}

/** Of the values of one tensor, all in one pass. NaN and infinite values are counted, and left out of the rest. */
export interface TensorStatistics {
  readonly count: number;
  readonly zeros: number;
  readonly nans: number;
  readonly infinities: number;
  /** null where there are no finite values. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  /** Over all finite values, zeros too; population. */
  readonly std: number | null;
  /** Counts of |w| > 0 by powers of two: bin i holds 2^(i + histogramFirst) ≤ |w| < twice that; ends gather what lies beyond. */
  readonly histogram: readonly number[];
  /** Outputs (rows, filters) and inputs (columns, channels) whose weights are all 0; null where there is no such axis. */
  readonly deadOutputs: { readonly dead: number; readonly total: number } | null;
  readonly deadInputs: { readonly dead: number; readonly total: number } | null;
  /** 2:4 and 4:8; empty where there is no input axis or it is no multiple of m. */
  readonly patterns: readonly PatternCompliance[];
  /** Share of 4×4 blocks (outputs × inputs) that are wholly 0; null where it is no matrix of whole blocks. */
  readonly emptyBlocks: { readonly empty: number; readonly total: number } | null;
}

/** Exponent of the first bin of the histograms, and how many there are: 2⁻²⁴ to 2⁸. */
export const histogramFirst = -24;
export const histogramBins = 32;

export interface CheckpointSummary {
  readonly file: string;
  /** For people, e.g. "PyTorch (zip)". */
  readonly format: string;
  /** Of the file, with its shards. */
  readonly bytes: number;
  readonly tensors: readonly TensorInfo[];
  /** Key and value, e.g. safetensors' metadata or an ONNX producer. */
  readonly metadata: readonly (readonly [string, string])[];
  /** What was left out or resolved on the way, in sentences. */
  readonly notes: readonly string[];
}
