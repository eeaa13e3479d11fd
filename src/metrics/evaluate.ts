/** Everything there is to say about a model's outputs over a split. */
import type { RunEvaluation } from '../shared/evaluation';
import { ClassificationAccumulator } from './classification';
import { RegressionAccumulator } from './regression';

export interface LabelledSplit {
  /** With classification the classes, with regression the targets of an example: the outputs either way. */
  readonly classes: number;
  /** With regression float32 targets [examples × classes], else class numbers. */
  readonly labels: Uint8Array | Int32Array | Float32Array;
  /** Whether the outputs are logits. */
  readonly logits: boolean;
}

/**
 * @param predict calls with the number of the first example and row-major outputs [examples × classes], each example once
 */
export async function evaluateOutputs(
  { classes, labels, logits }: LabelledSplit,
  predict: (visit: (first: number, outputs: Float32Array) => void) => Promise<void>,
): Promise<RunEvaluation> {
  const accumulator =
    labels instanceof Float32Array
      ? new RegressionAccumulator({ targets: classes, labels })
      : new ClassificationAccumulator({ classes, labels, logits });
  await predict((first, outputs) => {
    accumulator.add(first, outputs);
  });
  return accumulator.result();
}
