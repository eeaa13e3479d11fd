/** θ₀: drawn anew from a seed, or taken from the model's file. In the order and layout of the plan's parameters. */
import { ExperimentError } from '../shared/experiment';
import { Random } from '../shared/random';
import type { Initializer, Plan, PlanParameter } from '../training/plan/plan';
import type { Model, NamedWeight } from './model';

/** Standard deviation of a standard normal cut off at ±2, by which Keras' VarianceScaling corrects. */
const truncatedDeviation = 0.87962566103423978;

/**
 * Draws starting weights as Keras does. Each parameter has a stream of its own, named by the seed and its name.
 */
export function initialWeights(plan: Plan, seed: number): Float32Array[] {
  return plan.parameters.map(parameter => {
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
export function fileWeights(plan: Plan, model: Model): Float32Array[] {
  const { weights } = model;
  if (weights === null) {
    throw new ExperimentError('start', `"file" needs weights, but ${model.description} has none; use "fresh"`);
  }
  return plan.parameters.map(parameter => {
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

/** By its name, or by a name that ends in it: Keras 3 puts the model's name first. */
function find(parameter: PlanParameter, weights: ReadonlyMap<string, NamedWeight>, file: string): NamedWeight {
  for (const wanted of namesOf(parameter)) {
    const exact = weights.get(wanted);
    if (exact !== undefined) return exact;
    const names = [...weights.keys()].filter(name => name.endsWith(`/${wanted}`));
    if (names.length === 1) return weights.get(names[0]!)!;
    if (names.length > 1) {
      throw new ExperimentError('model', `${file} holds several weights called "${wanted}": ${names.join(', ')}`);
    }
  }
  throw new ExperimentError('model', `${file} holds no weight called "${parameter.name}"`);
}

/** A depthwise kernel of DepthwiseConv2D is just its `kernel` in Keras 3. */
function namesOf({ name, layer }: PlanParameter): readonly string[] {
  return name === `${layer}/depthwise_kernel` ? [name, `${layer}/kernel`] : [name];
}
