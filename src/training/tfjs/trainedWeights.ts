/** The weights of a session: one vector that is updated, and the network's variables, which show parts of it. */
import type { ByteMasks, SessionState, TrainingSetup } from '../trainer';
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
    const { network, masks, weights, optimizer, regularization, state, penalty } = setup;
    const trainable = network.parameters.flatMap((parameter, i) => (parameter.trainable ? [i] : []));
    this.variables = trainable.map(i => forward.variables[i]!);
    this.sizes = this.variables.map(({ size }) => size);
    const vector = (values: (parameter: number) => Float32Array): Tensor1D =>
      tf.tensor1d(joined(trainable.map(values)));
    const start = (from: readonly (Float32Array | null)[] | undefined): Tensor1D | null =>
      from && trainable.some(i => from[i] !== null) ? vector(i => masked(from[i] ?? zeros(i), masks[i]!)) : null;
    const zeros = (i: number): Float32Array => new Float32Array(network.parameters[i]!.size);
    const bytes = (all: ByteMasks, i: number): Uint8Array => all[i] ?? new Uint8Array(weights[i]!.length).fill(1);
    const kept = trainable.some(i => masks[i] !== null) ? vector(i => new Float32Array(bytes(masks, i))) : null;
    const strengths =
      penalty &&
      vector(i => new Float32Array(bytes(penalty.masks, i)).map(spared => (spared === 0 ? penalty.strength : 0)));
    const first = vector(i => masked(state?.raw[i] ?? weights[i]!, masks[i]!));
    this.optimizer = new FlatOptimizer(
      tf,
      optimizer,
      regularization,
      {
        weights: first,
        average: regularization.averageDecay === null ? null : start(weights),
        first: start(state?.first),
        second: start(state?.second),
        updates: state?.updates ?? 0,
      },
      kept,
      strengths,
    );
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
    const { optimizer, forward } = this;
    return this.parameters(optimizer.average ?? optimizer.weights).map(
      (values, i) => values ?? masked(forward.variables[i]!.dataSync<'float32'>().slice(), this.setup.masks[i]!),
    );
  }

  state(): SessionState {
    const { updates, weights, average, first, second } = this.optimizer;
    return {
      updates,
      first: this.parameters(first),
      second: this.parameters(second),
      raw: this.parameters(average && weights),
    };
  }

  close(): void {
    this.optimizer.close();
  }

  /** Of every parameter of the network its part of a vector, masked ones exactly 0; null where it has none. */
  private parameters(vector: Tensor1D | null): (Float32Array | null)[] {
    const { variables, forward, setup } = this;
    const values = vector?.dataSync<'float32'>();
    let end = 0;
    const parts = new Map(variables.map(({ name, size }) => [name, values?.slice((end += size) - size, end)]));
    return forward.variables.map(({ name }, i) => {
      const part = parts.get(name);
      return part ? masked(part, setup.masks[i]!) : null;
    });
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
