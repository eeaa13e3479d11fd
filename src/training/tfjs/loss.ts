/** The losses: what a batch's outputs are held against, as tensors while training, in double precision while evaluating. */
import type { Split } from '../../data/dataset';
import type { Plan } from '../plan/plan';
import type { TrainingSetup } from '../trainer';
import type { Scalar, Tensor, Tf } from './namespace';

type Labels = Split['labels'];

export interface LossKind {
  readonly loss: Plan['loss'];
  readonly outputs: number;
}

type Recipe = Pick<TrainingSetup, 'regularization' | 'classWeights'>;

/**
 * What the loss of a batch takes beside the outputs, [rows × outputs]. With cross-entropy the shares t of
 * loss = Σ t · −log p: smoothing, weights of classes and the mean over the batch are in them. With mean squared error
 * the targets.
 * @param rows numbers of the examples among the labels
 */
export function lossTargets(
  { loss, outputs }: LossKind,
  labels: Labels,
  rows: Uint32Array,
  { regularization, classWeights }: Recipe,
): Float32Array {
  const targets = new Float32Array(rows.length * outputs);
  if (loss === 'mean-squared-error') {
    rows.forEach((row, i) => {
      if (labels instanceof Float32Array) {
        targets.set(labels.subarray(row * outputs, (row + 1) * outputs), i * outputs);
      } else targets[i * outputs + labels[row]!] = 1;
    });
    return targets;
  }
  const weightOf = (label: number): number => classWeights?.[label] ?? 1;
  const total = rows.reduce((sum, row) => sum + weightOf(labels[row]!), 0);
  const smoothing = regularization.labelSmoothing;
  rows.forEach((row, i) => {
    const at = i * outputs;
    if (smoothing > 0) {
      for (let k = 0; k < outputs; k++) targets[at + k] = ((smoothing / outputs) * weightOf(k)) / total;
    }
    const label = labels[row]!;
    targets[at + label]! += ((1 - smoothing) * weightOf(label)) / total;
  });
  return targets;
}

/** @param outputs [rows × outputs]; @param targets as lossTargets gives them */
export function batchLoss(tf: Tf, loss: Plan['loss'], outputs: Tensor, targets: Tensor): Scalar {
  if (loss === 'mean-squared-error') return tf.mean(tf.squaredDifference(outputs, targets));
  return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(outputs))));
}

/** Loss and hits over a split, added up as its outputs come. */
export class LossSum {
  private loss = 0;
  private hits = 0;

  constructor(
    private readonly kind: LossKind,
    private readonly labels: Labels,
  ) {}

  /** @param first number of the first example; @param outputs row-major [examples × outputs] */
  add(first: number, outputs: Float32Array): void {
    const width = this.kind.outputs;
    for (let at = 0, example = first; at < outputs.length; at += width, example++) this.addOne(outputs, at, example);
  }

  result(): { readonly loss: number; readonly accuracy: number } {
    const count = this.labels.length / (this.labels instanceof Float32Array ? this.kind.outputs : 1);
    return { loss: this.loss / count, accuracy: this.hits / count };
  }

  private addOne(outputs: Float32Array, at: number, example: number): void {
    const { loss, outputs: width } = this.kind;
    let top = 0;
    for (let k = 1; k < width; k++) if (outputs[at + k]! > outputs[at + top]!) top = k;
    const label = this.labels instanceof Float32Array ? -1 : this.labels[example]!;
    if (top === label) this.hits++;
    if (loss === 'cross-entropy') {
      const highest = outputs[at + top]!;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += Math.exp(outputs[at + k]! - highest);
      this.loss += highest + Math.log(sum) - outputs[at + label]!;
      return;
    }
    for (let k = 0; k < width; k++) {
      const target = label < 0 ? this.labels[example * width + k]! : Number(k === label);
      this.loss += (outputs[at + k]! - target) ** 2 / width;
    }
  }
}
