/** What the sparsity of a network is worth: bytes, operations and measured times; docs/science.md defines each. */

/** Bytes of float32 weights in the forms in which sparse networks are stored. */
export interface StorageBytes {
  /** Four bytes a weight. */
  readonly dense: number;
  /** The dense bytes, zeros where the mask is 0, as gzip makes them at level 6. */
  readonly gzip: number;
  /** Of a kept weight its value, row and column, four bytes each. */
  readonly coo: number;
  /** Of a kept weight its value and column, of a row where it begins, four bytes each. */
  readonly csr: number;
  /** A bit for each weight, and the kept values. */
  readonly bitmask: number;
}

/** Of one example, forwards: products of a weight with a value. */
export interface MultiplyAdds {
  readonly dense: number;
  /** Without those of pruned weights. */
  readonly effective: number;
}

export interface LayerWorth {
  readonly name: string;
  /** Of its kernel alone. */
  readonly bytes: StorageBytes;
  /** null where no training plan tells how often a weight is used. */
  readonly multiplyAdds: MultiplyAdds | null;
}

/** Of the executor that the report names, with the run's own weights and mask. */
export interface MeasuredSeconds {
  /** One training step. */
  readonly step: number;
  /** Inference of one example, in batches as the executor takes them. */
  readonly inference: number;
}

export interface LevelWorth {
  readonly level: number;
  /** The iterative run that was measured, of the first replicate. */
  readonly run: string;
  /** Of the whole model: biases and normalisation are dense in every form. */
  readonly bytes: StorageBytes;
  readonly multiplyAdds: MultiplyAdds | null;
  /** In forward order. */
  readonly layers: readonly LayerWorth[];
  /** null where it could not be measured. */
  readonly seconds: MeasuredSeconds | null;
}

export interface Worth {
  /** Rising, from the dense level 0 on, as far as they are there. */
  readonly levels: readonly LevelWorth[];
  readonly executor: string;
  readonly device: string;
  /** Examples of a training step. */
  readonly batchSize: number;
  /** In plain words: what these figures promise, and what they do not. */
  readonly statement: string;
}
