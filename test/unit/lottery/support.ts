import type { Experiment, PruningConfig } from '../../../src/shared/experiment';
import type { PrunableLayer } from '../../../src/lottery/layers';
import { Mask } from '../../../src/lottery/mask';
import type { Kernel } from '../../../src/lottery/magnitude';
import { Random } from '../../../src/shared/random';

/** LeNet-300-100: 266,200 prunable weights. */
export const lenet: readonly PrunableLayer[] = [
  layer('dense_1', [784, 300]),
  layer('dense_2', [300, 100]),
  layer('dense_3', [100, 10], true),
];

export function layer(name: string, shape: readonly number[], output = false): PrunableLayer {
  const size = shape.reduce((product, length) => product * length, 1);
  return { name: `${name}/kernel`, layer: name, shape, size, prunable: true, output, convolution: shape.length > 2 };
}

/**
 * Random weights of either sign between 0.5 and 0.625, no two of the same size, as after training: float32 bit patterns
 * in an order given by a random odd factor modulo 2²¹, which a network of up to two million weights does not exhaust.
 */
export function trained(layers: readonly PrunableLayer[], seed = 0): Kernel[] {
  const random = new Random(seed, 'weights');
  const factor = random.nextBelow(2 ** 20) * 2 + 1;
  let position = random.nextBelow(2 ** 21);
  return layers.map(({ name, output, size }) => {
    const bits = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      const scattered = Math.imul(position++, factor) & 0x1fffff;
      bits[i] = 0x3f000000 | scattered | (scattered % 3 === 0 ? 0x80000000 : 0);
    }
    return { name, output, weights: new Float32Array(bits.buffer), mask: Mask.ones(size) };
  });
}

export const pruningDefaults: Omit<PruningConfig, 'levels' | 'target' | 'outputRate'> = {
  method: 'magnitude',
  scope: 'global',
  rate: 0.2,
  exclude: [],
  counts: 'exact',
};

export function experiment(changes: Partial<Omit<Experiment, 'pruning'>> & { pruning?: object } = {}): Experiment {
  return {
    name: 'lenet-mnist',
    model: 'builtin:lenet-300-100',
    start: 'fresh',
    data: { format: 'digits', training: 10_000, test: 2_000 },
    training: {
      optimizer: { name: 'adam', learningRate: 0.0012, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      schedule: { name: 'constant', warmup: 0 },
      loss: 'cross-entropy',
      batchSize: 60,
      steps: 5000,
      evaluateEvery: 100,
      labelSmoothing: 0,
      augmentation: { crop: 0, flip: false },
    },
    rewind: 0,
    compare: ['one-shot', 'random-reinit', 'random-mask'],
    worth: false,
    replicates: 2,
    seed: 0,
    executor: 'wasm',
    ...changes,
    pruning: { ...pruningDefaults, outputRate: 0.1, levels: 3, ...changes.pruning },
  };
}
