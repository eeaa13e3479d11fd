/** A network as TensorFlow.js runs it, whatever it is made of. */
import type { Tensor, Variable } from './namespace';

/** A batch of training: names the draws of dropout. */
export interface TrainingBatch {
  readonly seed: number;
  readonly step: number;
}

export interface Forward {
  /** One for each parameter of the network, in order. */
  readonly variables: readonly Variable[];
  /** Shape of one example as the network takes it. */
  readonly inputShape: readonly number[];
  /**
   * @param inputs [examples, ...inputShape]; @param training null: dropout off, moving statistics instead of the batch's.
   *   Otherwise moving statistics move.
   * @returns [examples, outputs]: logits with cross-entropy
   */
  outputs(inputs: Tensor, training: TrainingBatch | null): Tensor;
  close(): void;
}
