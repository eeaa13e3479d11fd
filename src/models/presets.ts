/** The recipe by which the literature trains and prunes each built-in model. */
import type { DataConfig, ExperimentFile } from '../shared/experiment';

export interface Preset {
  /** As an experiment names it, e.g. `builtin:resnet-20`. */
  readonly model: string;
  readonly label: string;
  /** What the model is, in a line. */
  readonly description: string;
  /** The recipe and where it comes from, in a line. */
  readonly detail: string;
  /** The data the recipe is made for; where they lie is for the experiment to say. */
  readonly data: { readonly format: Extract<DataConfig['format'], 'idx' | 'cifar10'>; readonly validation?: number };
  readonly experiment: Pick<ExperimentFile, 'training' | 'pruning' | 'rewind'>;
}

/** Frankle & Carbin (ICLR 2019), figure 2: rates of each round by layer. */
function frankleCarbin(learningRate: number, steps: number, convolutionRate: number): Preset['experiment'] {
  return {
    training: { optimizer: { name: 'adam', learningRate }, batchSize: 60, steps, evaluateEvery: 500 },
    pruning: { scope: 'layer', rate: 0.2, convolutionRate, outputRate: 0.1, levels: 15 },
  };
}

/** The CIFAR-10 recipe of open_lth (Frankle et al., "Linear Mode Connectivity and the Lottery Ticket Hypothesis", ICML 2020). */
function openLth(exclude: readonly string[]): Preset['experiment'] {
  return {
    training: {
      optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 },
      schedule: { name: 'multi-step', milestones: ['80 epochs', '120 epochs'], factor: 0.1 },
      batchSize: 128,
      epochs: 160,
      augmentation: { crop: 4, flip: true },
    },
    pruning: { scope: 'global', rate: 0.2, levels: 15, exclude: [...exclude] },
    rewind: 1000,
  };
}

const openLthRecipe = 'SGD 0.1, momentum 0.9, 160 epochs, 20 % global, rewind to step 1,000';

/** In the order in which they are offered. */
export const presets: readonly Preset[] = [
  {
    model: 'builtin:lenet-300-100',
    label: 'LeNet-300-100',
    description: 'two hidden layers, 266,200 weights, MNIST',
    detail: 'Adam 0.0012, 50,000 steps, 20 % a layer, output 10 %: Frankle & Carbin, ICLR 2019',
    data: { format: 'idx', validation: 5000 },
    experiment: {
      training: {
        optimizer: { name: 'adam', learningRate: 0.0012 },
        batchSize: 60,
        steps: 50_000,
        evaluateEvery: 100,
      },
      pruning: { scope: 'layer', rate: 0.2, outputRate: 0.1, levels: 15 },
    },
  },
  {
    model: 'builtin:simple-cnn',
    label: 'SimpleCNN',
    description: 'two 3×3 convolutions, pool, two dense layers, MNIST',
    detail: 'Adam 0.001, 5 epochs a round, 20 % global to 90 %: the small-model guideline',
    data: { format: 'idx' },
    experiment: {
      training: { optimizer: { name: 'adam', learningRate: 0.001 }, batchSize: 64, epochs: 5 },
      pruning: { scope: 'global', rate: 0.2, target: 0.9 },
    },
  },
  {
    model: 'builtin:conv-2',
    label: 'Conv-2',
    description: 'two 3×3 convolutions of 64, three dense layers, CIFAR-10',
    detail: 'Adam 0.0002, 20,000 steps, convolutions 10 %, dense 20 %: Frankle & Carbin, ICLR 2019',
    data: { format: 'cifar10', validation: 5000 },
    experiment: frankleCarbin(2e-4, 20_000, 0.1),
  },
  {
    model: 'builtin:conv-4',
    label: 'Conv-4',
    description: 'four 3×3 convolutions of 64 to 128, three dense layers, CIFAR-10',
    detail: 'Adam 0.0003, 25,000 steps, convolutions 10 %, dense 20 %: Frankle & Carbin, ICLR 2019',
    data: { format: 'cifar10', validation: 5000 },
    experiment: frankleCarbin(3e-4, 25_000, 0.1),
  },
  {
    model: 'builtin:conv-6',
    label: 'Conv-6',
    description: 'six 3×3 convolutions of 64 to 256, three dense layers, CIFAR-10',
    detail: 'Adam 0.0003, 30,000 steps, convolutions 15 %, dense 20 %: Frankle & Carbin, ICLR 2019',
    data: { format: 'cifar10', validation: 5000 },
    experiment: frankleCarbin(3e-4, 30_000, 0.15),
  },
  {
    model: 'builtin:resnet-20',
    label: 'ResNet-20',
    description: 'residual blocks of 16, 32 and 64 channels, CIFAR-10',
    detail: `${openLthRecipe}: open_lth`,
    data: { format: 'cifar10' },
    experiment: openLth([]),
  },
  {
    model: 'builtin:resnet-18',
    label: 'ResNet-18',
    description: 'residual blocks of 64 to 512 channels, CIFAR form',
    detail: `${openLthRecipe}: the recipe of ResNet-20`,
    data: { format: 'cifar10' },
    experiment: openLth([]),
  },
  {
    model: 'builtin:vgg-16',
    label: 'VGG-16',
    description: '13 convolutions with batch normalisation, one dense layer, CIFAR form',
    detail: `${openLthRecipe}, output left out: open_lth`,
    data: { format: 'cifar10' },
    experiment: openLth(['fc']),
  },
  {
    model: 'builtin:vgg-19',
    label: 'VGG-19',
    description: '16 convolutions with batch normalisation, one dense layer, CIFAR form',
    detail: `${openLthRecipe}, output left out: open_lth`,
    data: { format: 'cifar10' },
    experiment: openLth(['fc']),
  },
];

/** @param model as an experiment names it */
export function presetOf(model: string): Preset | undefined {
  return presets.find(preset => preset.model === model);
}
