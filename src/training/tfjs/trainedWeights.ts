/** The weights of a session: one vector that is updated, and the network's variables, which show parts of it. */
import type { TrainingSetup } from '../trainer';
import type { Forward } from './forward';
import type { Tensor, Tensor1D, Tf, Variable } from './namespace';
import { FlatOptimizer } from './optimizer';

export class TrainedWeights {
  /** Trainable ones, in the order in which they lie in the vector. */
  readonly variables: readonly Variable[];
  private readonly optimizer: FlatOptimizer;
  private readonly sizes: readonly number[];

  constructor(
    private readonly tf: Tf,
    private readonly forward: Forward,
    private readonly setup: TrainingSetup,
  ) {
    const { network, masks, weights, optimizer, regularization } = setup;
    const trainable = network.parameters.flatMap((parameter, i) => (parameter.trainable ? [i] : []));
    this.variables = trainable.map(i => forward.variables[i]!);
    this.sizes = this.variables.map(({ size }) => size);
    const vector = joined(trainable.map(i => masked(weights[i]!, masks[i]!)));
    const kept = trainable.some(i => masks[i] !== null)
      ? tf.tensor1d(joined(trainable.map(i => Float32Array.from(masks[i] ?? ones(weights[i]!.length)))))
      : null;
    this.optimizer = new FlatOptimizer(tf, optimizer, regularization, tf.tensor1d(vector), kept);
    this.show('weights');
  }

  /** @param gradients by name of the variable; where one has none it changes nothing */
  flatten(gradients: Readonly<Record<string, Tensor | undefined>>): Tensor1D {
    const { tf, variables } = this;
    return tf.concat1d(
      variables.map(({ name, size }) => {
        const gradient = gradients[name];
        return gradient === undefined ? tf.zeros<Tensor1D['rankType']>([size]) : tf.reshape(gradient, [size]);
      }),
    );
  }

  update(gradient: Tensor1D, rate: number): void {
    this.optimizer.step(gradient, rate);
    this.show('weights');
  }

  /** Lets the network's variables be the weights, or their average where the recipe has one. */
  show(which: 'weights' | 'average'): void {
    const { tf, optimizer, variables, sizes } = this;
    if (which === 'average' && optimizer.average === null) return;
    const vector = which === 'average' ? optimizer.average! : optimizer.weights;
    tf.tidy(() => {
      const parts = tf.split(vector, [...sizes]);
      variables.forEach((variable, i) => {
        variable.assign(tf.reshape(parts[i]!, variable.shape));
      });
    });
  }

  /** Of every parameter of the network, averages where the recipe has them; masked ones exactly 0. */
  read(): Float32Array[] {
    const { optimizer, variables, forward, setup } = this;
    const vector = (optimizer.average ?? optimizer.weights).dataSync<'float32'>();
    let end = 0;
    const trained = new Map(variables.map(({ name, size }) => [name, vector.slice((end += size) - size, end)]));
    return forward.variables.map((variable, i) => {
      const values = trained.get(variable.name) ?? variable.dataSync<'float32'>().slice();
      return masked(values, setup.masks[i]!);
    });
  }

  close(): void {
    this.optimizer.close();
  }
}

function masked(values: Float32Array, mask: Uint8Array | null): Float32Array {
  return mask === null ? values : values.map((value, i) => (mask[i] === 0 ? 0 : value));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

function ones(length: number): Uint8Array {
  return new Uint8Array(length).fill(1);
}
