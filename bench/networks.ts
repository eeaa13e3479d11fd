/** The networks that are timed, each with the recipe of its users. bench/peers/convnets.py has the same. */
import type { DataSet, Split } from '../src/data/dataset';
import { loadData } from '../src/data/load';
import { Random } from '../src/shared/random';
import type { OptimizerConfig } from '../src/shared/experiment';
import type { Settings } from './settings';

export interface Network {
  readonly name: 'lenet-300-100' | 'simple-cnn' | 'conv-4' | 'resnet-20';
  readonly title: string;
  readonly recipe: string;
  readonly optimizer: OptimizerConfig;
  readonly batchSize: number;
  readonly data: (settings: Settings) => Promise<DataSet>;
  /** Whether torch.nn.utils.prune is timed too: it is slow. */
  readonly torchPrune: boolean;
}

const sgd = (weightDecay: number): OptimizerConfig => ({
  name: 'sgd',
  learningRate: 0.01,
  momentum: 0.9,
  nesterov: false,
  weightDecay,
});

export const lenet: Network = {
  name: 'lenet-300-100',
  title: 'LeNet-300-100',
  recipe: 'Adam 1.2e-3, batch 60',
  optimizer: { name: 'adam', learningRate: 1.2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  batchSize: 60,
  data: digits,
  torchPrune: false,
};

export const networks: readonly Network[] = [
  {
    name: 'simple-cnn',
    title: 'SimpleCNN',
    recipe: 'Adam 1e-3, batch 64',
    optimizer: { name: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    batchSize: 64,
    data: digits,
    torchPrune: true,
  },
  {
    name: 'conv-4',
    title: 'Conv-4',
    recipe: 'SGD with momentum 0.9, batch 128',
    optimizer: sgd(0),
    batchSize: 128,
    data: cifar,
    torchPrune: false,
  },
  {
    name: 'resnet-20',
    title: 'ResNet-20',
    recipe: 'SGD with momentum 0.9 and weight decay 1e-4, batch 128',
    optimizer: sgd(1e-4),
    batchSize: 128,
    data: cifar,
    torchPrune: false,
  },
];

function digits({ mnist }: Settings): Promise<DataSet> {
  if (mnist === null) return Promise.resolve(noise([28, 28, 1]));
  return loadData({ format: 'idx', directory: mnist, validation: 5000, mean: 0.1307, std: 0.3081 }, '.');
}

function cifar({ cifar: directory }: Settings): Promise<DataSet> {
  if (directory === null) return Promise.resolve(noise([32, 32, 3]));
  return loadData({ format: 'cifar10', directory, validation: 0 }, '.');
}

/** Where the real images are not at hand: the cost of a step hardly depends on them. */
function noise(inputShape: readonly number[]): DataSet {
  const random = new Random('bench', 'noise');
  const size = inputShape.reduce((product, n) => product * n, 1);
  const split = (count: number): Split => ({
    count,
    inputs: Uint8Array.from({ length: count * size }, () => random.nextUint32() & 255),
    labels: Uint8Array.from({ length: count }, () => random.nextUint32() % 10),
  });
  const perChannel = (value: number): number[] => new Array<number>(inputShape.at(-1)!).fill(value);
  return {
    name: 'noise',
    inputShape,
    task: 'classification',
    classes: 10,
    training: split(4096),
    validation: split(0),
    test: split(0),
    mean: perChannel(0.5),
    std: perChannel(0.25),
    fingerprint: 'noise',
  };
}
