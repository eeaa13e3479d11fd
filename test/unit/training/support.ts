/** Small data sets, models and recipes for tests of training. */
import type { DataSet, Split } from '../../../src/data/dataset';
import type { Model } from '../../../src/models/model';
import type { KerasTopology } from '../../../src/models/topology';
import type { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import type { Network } from '../../../src/training/network';
import type { Plan } from '../../../src/training/plan/plan';
import { noRegularization, type TrainingSetup } from '../../../src/training/trainer';

export interface LayerSpec {
  readonly className: string;
  readonly config: Record<string, unknown>;
}

export function dense(units: number, activation = 'linear', useBias = true): LayerSpec {
  return { className: 'Dense', config: { units, activation, use_bias: useBias } };
}

export function sequential(inputs: number, layers: readonly LayerSpec[]): KerasTopology {
  return {
    class_name: 'Sequential',
    config: {
      name: 'test',
      layers: layers.map(({ className, config }, i) => ({
        class_name: className,
        config: { name: `layer_${i}`, ...(i === 0 ? { batch_input_shape: [null, inputs] } : {}), ...config },
      })),
    },
  };
}

export function planOf(
  topology: KerasTopology,
  inputs: number,
  classes: number,
  loss: Plan['loss'] = 'cross-entropy',
): Plan {
  const model: Pick<Model, 'topology'> = { topology: () => topology };
  return lowerModel(model, { inputShape: [inputs], classes, loss });
}

/** Random values away from 0, so that no ReLU sits on its kink for finite differences to stumble over. */
export function randomValues(random: Random, count: number, spread = 1): Float32Array {
  return Float32Array.from({ length: count }, () => random.nextGaussian() * spread);
}

export function randomMask(random: Random, size: number, density: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => (random.nextFloat() < density ? 1 : 0));
}

export function floatData(
  random: Random,
  inputs: number,
  classes: number,
  counts = { training: 40, validation: 21, test: 33 },
): DataSet {
  const split = (count: number): Split => ({
    count,
    inputs: randomValues(random, count * inputs),
    labels: Int32Array.from({ length: count }, () => random.nextBelow(classes)),
  });
  return {
    name: 'random',
    inputShape: [inputs],
    task: 'classification',
    classes,
    training: split(counts.training),
    validation: split(counts.validation),
    test: split(counts.test),
    mean: [0],
    std: [1],
    fingerprint: 'random',
  };
}

/** Targets of a few units' size, away from 0. */
export function targetData(
  random: Random,
  inputs: number,
  targets: number,
  counts: { readonly training: number; readonly validation: number; readonly test: number },
): DataSet {
  const split = (count: number): Split => ({
    count,
    inputs: randomValues(random, count * inputs),
    labels: randomValues(random, count * targets, 2).map(value => value + 1),
  });
  return {
    name: 'random numbers',
    inputShape: [inputs],
    task: 'regression',
    classes: targets,
    training: split(counts.training),
    validation: split(counts.validation),
    test: split(counts.test),
    mean: [0],
    std: [1],
    fingerprint: 'random numbers',
  };
}

export const plainSgd = { name: 'sgd', learningRate: 1, momentum: 0, nesterov: false, weightDecay: 0 } as const;
export const adam = {
  name: 'adam',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.001,
} as const;

export function setupOf(
  network: Network,
  weights: Float32Array[],
  changes: Partial<TrainingSetup> = {},
): TrainingSetup {
  return {
    network,
    weights,
    masks: network.parameters.map(() => null),
    optimizer: plainSgd,
    schedule: { name: 'constant', warmup: 0 },
    batchSize: 20,
    orderSeed: null,
    fromStep: 0,
    totalSteps: 100,
    regularization: noRegularization,
    classWeights: null,
    state: null,
    penalty: null,
    ...changes,
  };
}
