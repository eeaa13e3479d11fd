/** θ₀: drawn anew from a seed, or taken from the model's file. In the order and layout of the network's parameters. */
import { ExperimentError } from '../shared/experiment';
import { Random } from '../shared/random';
import type { Network, NetworkParameter } from '../training/network';
import type { Initializer } from '../training/plan/plan';
import type { Model, NamedWeight } from './model';

/** Standard deviation of a standard normal cut off at ±2, by which Keras' VarianceScaling corrects. */
const truncatedDeviation = 0.87962566103423978;

/**
 * Draws starting weights as Keras does. Each parameter has a stream of its own, named by the seed and its name.
 */
export function initialWeights(network: Pick<Network, 'parameters'>, seed: number): Float32Array[] {
  return network.parameters.map(parameter => {
    const draw = sampler(parameter.initializer, parameter.shape, new Random(seed, 'weights', parameter.name));
    return Float32Array.from({ length: parameter.size }, draw);
  });
}

function sampler(initializer: Initializer, shape: readonly number[], random: Random): () => number {
  switch (initializer.kind) {
    case 'constant':
      return () => initializer.value;
    case 'uniform':
      return uniform(random, initializer.minimum, initializer.maximum);
    case 'normal':
      return normal(random, initializer.mean, initializer.std, initializer.truncated);
    case 'orthogonal':
      return inTurn(orthogonal(random, shape).map(value => value * initializer.gain));
    case 'blocks': {
      const width = shape.at(-1)!;
      const draws = initializer.blocks.map(block => sampler(block, shape, random));
      let next = 0;
      return () => draws[Math.floor(((next++ % width) * draws.length) / width)]!();
    }
    case 'variance-scaling': {
      const { fanIn, fanOut } = fans(shape);
      const fan = { 'fan-in': fanIn, 'fan-out': fanOut, 'fan-avg': (fanIn + fanOut) / 2 }[initializer.mode];
      const variance = initializer.scale / Math.max(1, fan);
      switch (initializer.distribution) {
        case 'uniform':
          return uniform(random, -Math.sqrt(3 * variance), Math.sqrt(3 * variance));
        case 'normal':
          return normal(random, 0, Math.sqrt(variance), false);
        case 'truncated-normal':
          return normal(random, 0, Math.sqrt(variance) / truncatedDeviation, true);
      }
    }
  }
}

function inTurn(values: Float64Array): () => number {
  let next = 0;
  return () => values[next++]!;
}

/**
 * A random matrix of orthonormal columns, or rows where these are fewer, uniform among all of them: by Gram–Schmidt on
 * normal numbers, whose triangular factor has a positive diagonal, twice because once loses digits.
 */
function orthogonal(random: Random, shape: readonly number[]): Float64Array {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from({ length }, () => random.nextGaussian());
    for (let pass = 0; pass < 2; pass++) for (const earlier of vectors) subtractProjection(vector, earlier);
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    vectors.push(vector.map(value => value / norm));
  }
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const column = i % columns;
    return rows < columns ? vectors[row]![column]! : vectors[column]![row]!;
  });
}

function subtractProjection(vector: Float64Array, onto: Float64Array): void {
  let product = 0;
  for (let i = 0; i < vector.length; i++) product += vector[i]! * onto[i]!;
  for (let i = 0; i < vector.length; i++) vector[i]! -= product * onto[i]!;
}

/** Inputs and outputs of one unit; channels last, so the axes before the last two are the receptive field. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  return { fanIn: field * shape.at(-2)!, fanOut: field * shape.at(-1)! };
}

function uniform(random: Random, minimum: number, maximum: number): () => number {
  return () => minimum + (maximum - minimum) * random.nextFloat();
}

function normal(random: Random, mean: number, std: number, truncated: boolean): () => number {
  if (!truncated) return () => mean + std * random.nextGaussian();
  return () => {
    for (;;) {
      const value = random.nextGaussian();
      if (Math.abs(value) <= 2) return mean + std * value;
    }
  };
}

/**
 * The weights in the model's file.
 * @throws ExperimentError (field "start") where there are none, (field "model") where they do not fit
 */
export function fileWeights(network: Pick<Network, 'parameters'>, model: Model): Float32Array[] {
  const { weights } = model;
  if (weights === null) {
    throw new ExperimentError('start', `"file" needs weights, but ${model.description} has none; use "fresh"`);
  }
  return network.parameters.map(parameter => {
    const { shape, data } = find(parameter, weights, model.description);
    if (shape.join() !== parameter.shape.join()) {
      throw new ExperimentError(
        'model',
        `${model.description} holds "${parameter.name}" with shape [${shape.join(', ')}], but the layer needs [${parameter.shape.join(', ')}]`,
      );
    }
    if (!data.every(Number.isFinite)) {
      throw new ExperimentError('model', `${model.description} holds NaN or infinite values in "${parameter.name}"`);
    }
    return Float32Array.from(data);
  });
}

/**
 * By its name, or by a name that ends in it: Keras 3 puts the model's name first. Else by a name with all its parts in
 * order: Keras puts the cell of a recurrent layer between.
 */
function find(parameter: NetworkParameter, weights: ReadonlyMap<string, NamedWeight>, file: string): NamedWeight {
  const fits = [endsIn, hasParts].flatMap(fit => namesOf(parameter).map(wanted => (name: string) => fit(name, wanted)));
  for (const wanted of namesOf(parameter)) {
    const exact = weights.get(wanted);
    if (exact !== undefined) return exact;
  }
  for (const fit of fits) {
    const names = [...weights.keys()].filter(fit);
    if (names.length === 1) return weights.get(names[0]!)!;
    if (names.length > 1) {
      throw new ExperimentError(
        'model',
        `${file} holds several weights called "${parameter.name}": ${names.join(', ')}`,
      );
    }
  }
  throw new ExperimentError('model', `${file} holds no weight called "${parameter.name}"`);
}

function endsIn(name: string, wanted: string): boolean {
  return name.endsWith(`/${wanted}`);
}

function hasParts(name: string, wanted: string): boolean {
  const parts = name.split('/');
  let from = 0;
  const places = wanted.split('/').map(part => (from = parts.indexOf(part, from) + 1));
  return places.every(place => place > 0) && from === parts.length;
}

/**
 * A depthwise kernel of DepthwiseConv2D is just its `kernel` in Keras 3, and TensorFlow.js leaves the names of models around
 * a layer out.
 */
function namesOf({ name, layer }: NetworkParameter): readonly string[] {
  const own = name === `${layer}/depthwise_kernel` ? [name, `${layer}/kernel`] : [name];
  const around = layer.lastIndexOf('/') + 1;
  return around === 0 ? own : [...own, ...own.map(one => one.slice(around))];
}
