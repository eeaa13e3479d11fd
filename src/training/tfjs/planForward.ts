/** Walks a training plan in TensorFlow.js operations. */
import { dropoutFactors, dropoutSeed } from '../draws';
import type { ConcatenateOp, DropoutOp, ParameterId, Plan, PlanOp, ReshapeOp } from '../plan/plan';
import type { Forward, TrainingBatch } from './forward';
import type { Tensor, Tf, Variable } from './namespace';
import { activation } from './ops/activation';
import { conv2d } from './ops/convolution';
import { batchNormalization, layerNormalization } from './ops/normalization';
import { averagePool, maxPool } from './ops/pool';

/** What an op may read besides its inputs. */
export interface OpSite {
  readonly tf: Tf;
  readonly plan: Plan;
  readonly training: TrainingBatch | null;
  variable(parameter: ParameterId): Variable;
}

export class PlanForward implements Forward {
  readonly variables: readonly Variable[];
  readonly inputShape: readonly number[];

  /** @param weights in the order of the plan's parameters, copied */
  constructor(
    private readonly tf: Tf,
    private readonly plan: Plan,
    weights: readonly Float32Array[],
  ) {
    this.inputShape = plan.inputShape;
    this.variables = plan.parameters.map(({ shape, trainable }, i) =>
      tf.tidy(() => tf.variable(tf.tensor(weights[i]!.slice(), [...shape]), trainable)),
    );
  }

  outputs(inputs: Tensor, training: TrainingBatch | null): Tensor {
    const { tf, plan, variables } = this;
    const site: OpSite = { tf, plan, training, variable: parameter => variables[parameter]! };
    const values: Tensor[] = [inputs];
    for (const op of plan.ops) {
      const taken = op.inputs.map(id => values[id]!);
      values[op.output] = run(op, taken, site);
    }
    return values[plan.ops.at(-1)!.output]!;
  }

  close(): void {
    this.tf.dispose([...this.variables]);
  }
}

function run(op: PlanOp, inputs: readonly Tensor[], site: OpSite): Tensor {
  const { tf } = site;
  const x = inputs[0]!;
  switch (op.kind) {
    case 'dense': {
      const y = tf.matMul(tf.reshape(x, [x.shape[0], -1]), site.variable(op.kernel));
      return op.bias === null ? y : tf.add(y, site.variable(op.bias));
    }
    case 'conv2d':
      return conv2d(op, x, site);
    case 'batch-normalization':
      return batchNormalization(op, x, site);
    case 'layer-normalization':
      return layerNormalization(op, x, site);
    case 'max-pool':
      return maxPool(op, x, site);
    case 'average-pool':
      return averagePool(op, x, site);
    case 'zero-padding': {
      const { top, bottom, left, right } = op.padding;
      return tf.pad(x, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]);
    }
    case 'add':
      return inputs.reduce((sum, input) => tf.add(sum, input));
    case 'concatenate':
      return concatenate(op, inputs, site);
    case 'reshape':
      return reshape(op, x, site);
    case 'activation':
      return activation(tf, op, x);
    case 'dropout':
      return dropout(op, x, site);
  }
}

function concatenate({ output }: ConcatenateOp, inputs: readonly Tensor[], { tf, plan }: OpSite): Tensor {
  return tf.concat([...inputs], plan.activations[output]!.shape.length);
}

function reshape({ output }: ReshapeOp, x: Tensor, { tf, plan }: OpSite): Tensor {
  return tf.reshape(x, [x.shape[0], ...plan.activations[output]!.shape]);
}

function dropout({ rate, output }: DropoutOp, x: Tensor, { tf, plan, training }: OpSite): Tensor {
  if (training === null) return x;
  const seed = dropoutSeed(training.seed, output, training.step);
  const factors = dropoutFactors(seed, rate, x.shape[0], plan.activations[output]!.size);
  return tf.mul(x, tf.tensor(factors, x.shape));
}
