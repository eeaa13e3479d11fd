/** What is differentiated: a number that the outputs of a batch come to. */
import type { Plan } from '../plan/plan';
import { softmax, softmaxProduct } from './activations';
import type { Dual } from './dual';

export type Objective =
  /** The plan's loss, mean over the batch: outputs are divided by the temperature first. */
  | { readonly kind: 'loss'; readonly temperature: number }
  /** The sum of all outputs of all examples. */
  | { readonly kind: 'sum' };

export interface Targets {
  /** Class numbers [count], or with regression targets [count × outputs]; nothing reads them with the objective 'sum'. */
  readonly labels: ArrayLike<number>;
  readonly regression: boolean;
}

export interface Evaluated {
  readonly value: number;
  /** Of the outputs; with a tangent where they have one. */
  readonly gradient: Dual;
}

/**
 * @param outputs [count × size]
 * @param divisor examples of the batch that these are a part of: what the loss is a mean over
 */
export function evaluate(
  objective: Objective,
  loss: Plan['loss'],
  outputs: Dual,
  size: number,
  targets: Targets,
  divisor: number,
): Evaluated {
  if (objective.kind === 'sum') {
    return {
      value: outputs.value.reduce((total, value) => total + value, 0),
      gradient: {
        value: new Float64Array(outputs.value.length).fill(1),
        tangent: outputs.tangent && new Float64Array(outputs.value.length),
      },
    };
  }
  const scale = 1 / objective.temperature;
  const cooled = scaled(outputs, scale);
  const { value, gradient } =
    loss === 'cross-entropy' ? crossEntropy(cooled, size, targets) : squaredError(cooled, size, targets);
  return { value: value / divisor, gradient: scaled(gradient, scale / divisor) };
}

function scaled({ value, tangent }: Dual, factor: number): Dual {
  if (factor === 1) return { value, tangent };
  return { value: value.map(v => v * factor), tangent: tangent && tangent.map(v => v * factor) };
}

/** Sum over the examples. */
function crossEntropy(logits: Dual, size: number, { labels }: Targets): Evaluated {
  const probabilities = softmax(logits.value, size);
  const gradient = probabilities.slice();
  let value = 0;
  for (let n = 0; n * size < gradient.length; n++) {
    const row = logits.value.subarray(n * size, (n + 1) * size);
    const largest = row.reduce((most, logit) => Math.max(most, logit), -Infinity);
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    value += largest + Math.log(sum) - row[labels[n]!]!;
    gradient[n * size + labels[n]!]! -= 1;
  }
  const tangent = logits.tangent && softmaxProduct(probabilities, logits.tangent, size);
  return { value, gradient: { value: gradient, tangent } };
}

/** Mean over the outputs, sum over the examples; classes count as one-hot targets. */
function squaredError(outputs: Dual, size: number, { labels, regression }: Targets): Evaluated {
  const wanted = (i: number): number => (regression ? labels[i]! : labels[Math.floor(i / size)] === i % size ? 1 : 0);
  const errors = outputs.value.map((value, i) => value - wanted(i));
  const gradient = scaled({ value: errors, tangent: outputs.tangent }, 2 / size);
  return { value: errors.reduce((sum, error) => sum + error * error, 0) / size, gradient };
}
