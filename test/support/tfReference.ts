/** TensorFlow.js, the reference: the same topology and weights, its own forward pass and its own autodiff. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import type { Task } from '../../src/data/dataset';
import type { KerasTopology } from '../../src/models/topology';
import type { Plan } from '../../src/training/plan/plan';

/** Examples as the model sees them (standardised floats). */
export interface TfBatch {
  /** [count × features] */
  readonly inputs: Float32Array;
  /** Class numbers [count], or targets [count × outputs]. */
  readonly labels: ArrayLike<number>;
  /** Left out: classification. */
  readonly task?: Task;
}

export interface TfGradients {
  /** Mean over the batch. */
  readonly loss: number;
  /** In the order of the plan's parameters, in their layout; all 0 for moving statistics. */
  readonly gradients: readonly Float32Array[];
}

export interface TfMode {
  /** Batch statistics instead of moving ones, which move; dropout on. Off where left out. */
  readonly training?: boolean;
}

export class TfReference {
  private constructor(
    private readonly model: LayersModel,
    private readonly plan: Plan,
    private readonly endsInSoftmax: boolean,
  ) {}

  /** @param weights in the order of the plan's parameters */
  static async create(topology: KerasTopology, plan: Plan, weights: readonly Float32Array[]): Promise<TfReference> {
    await tf.setBackend('cpu');
    await tf.ready();
    const model = await loadLayersModel(tf.io.fromMemory({ modelTopology: topology }), { strict: false });
    const last = model.outputs[0]!.sourceLayer;
    const ends = last.getClassName() === 'Softmax' || last.getConfig()['activation'] === 'softmax';
    const reference = new TfReference(model, plan, ends);
    reference.setWeights(weights);
    return reference;
  }

  setWeights(weights: readonly Float32Array[]): void {
    tf.tidy(() => {
      for (const [i, parameter] of this.plan.parameters.entries()) {
        this.variable(i).assign(tf.tensor(weights[i]!, [...parameter.shape]));
      }
    });
  }

  /** As they are now, in the order of the plan's parameters. */
  weights(): Float32Array[] {
    return this.plan.parameters.map((_, i) => this.variable(i).dataSync<'float32'>().slice());
  }

  /** What the model predicts, [count × outputs]; after softmax where the model has one. */
  predict(inputs: Float32Array, { training = false }: TfMode = {}): Float32Array {
    return tf.tidy(() => this.outputs(inputs, training).dataSync<'float32'>().slice());
  }

  /** Loss and its gradients by autodiff. */
  gradients(batch: TfBatch, { training = false }: TfMode = {}): TfGradients {
    return tf.tidy(() => {
      const variables = this.plan.parameters.map((_, i) => this.variable(i));
      const trainable = variables.filter((_, i) => this.plan.parameters[i]!.trainable);
      const { value, grads } = tf.variableGrads(() => this.loss(batch, training), trainable);
      return {
        loss: value.dataSync()[0]!,
        gradients: variables.map(
          variable => grads[variable.name]?.dataSync<'float32'>().slice() ?? new Float32Array(variable.size),
        ),
      };
    });
  }

  /** Mean loss and fraction right. */
  evaluate(batch: TfBatch): { loss: number; accuracy: number } {
    return tf.tidy(() => {
      const predicted = tf.argMax(this.outputs(batch.inputs, false), -1).dataSync<'int32'>();
      const right = predicted.reduce((count, label, n) => count + (label === batch.labels[n] ? 1 : 0), 0);
      return { loss: this.loss(batch, false).dataSync()[0]!, accuracy: right / predicted.length };
    });
  }

  dispose(): void {
    this.model.dispose();
  }

  private outputs(inputs: Float32Array, training: boolean): tf.Tensor {
    const shape = this.model.inputs[0]!.shape.slice(1) as number[];
    const count = inputs.length / shape.reduce((product, n) => product * n, 1);
    return this.model.apply(tf.tensor(inputs, [count, ...shape]), { training }) as tf.Tensor;
  }

  private loss({ inputs, labels, task }: TfBatch, training: boolean): tf.Scalar {
    const outputs = this.outputs(inputs, training);
    const wanted =
      task === 'regression'
        ? tf.tensor(Array.from(labels), outputs.shape)
        : tf.oneHot(tf.tensor1d(Array.from(labels), 'int32'), outputs.shape[1]!);
    if (this.plan.loss === 'mean-squared-error') return tf.mean(tf.square(tf.sub(outputs, wanted)));
    const logs = this.endsInSoftmax ? tf.log(outputs) : tf.logSoftmax(outputs);
    return tf.neg(tf.mean(tf.sum(tf.mul(wanted, logs), -1)));
  }

  private variable(parameter: number): tf.Variable {
    const { name } = this.plan.parameters[parameter]!;
    const weight = this.model.weights.find(({ originalName }) => originalName === name);
    if (weight === undefined) throw new Error(`TensorFlow.js has no weight ${name}`);
    // a LayerVariable keeps its tf.Variable to itself; variableGrads needs the very one
    return (weight as unknown as { val: tf.Variable }).val;
  }
}
