/** Random instances of every kind of layer, and random graphs of them. */
import type { Random } from '../../src/shared/random';
import type { PlanParameter } from '../../src/training/plan/plan';
import { type ConvConfig, type Flow, type Padding2D, TestGraph } from './testGraph';

export type RandomLayer = (graph: TestGraph, x: Flow, random: Random) => Flow;

export const between = (random: Random, low: number, high: number): number => low + random.nextBelow(high - low + 1);
const pick = <T>(random: Random, choices: readonly T[]): T => choices[random.nextBelow(choices.length)]!;
const chance = (random: Random): boolean => random.nextBelow(2) === 1;
const padding = (random: Random): Padding2D => (chance(random) ? 'same' : 'valid');

/** Windows and strides that fit on the image. */
function window(random: Random, x: Flow, largest: number): { size: [number, number]; strides: [number, number] } {
  const size = (axis: number): number => between(random, 1, Math.min(largest, x.shape[axis]!));
  return { size: [size(0), size(1)], strides: [between(random, 1, 3), between(random, 1, 3)] };
}

function convConfig(random: Random, x: Flow): ConvConfig {
  const square = chance(random);
  const { size, strides } = window(random, x, 5);
  return {
    // 3×3 with stride 1 has kernels of its own: often
    kernel: square && Math.min(x.shape[0]!, x.shape[1]!) >= 3 ? [3, 3] : size,
    strides: square ? [1, 1] : strides,
    padding: padding(random),
    bias: chance(random),
    activation: pick(random, ['linear', 'relu', 'relu', 'tanh']),
  };
}

const normalization =
  (className: string): RandomLayer =>
  (graph, x, random) => {
    const center = random.nextBelow(4) > 0;
    const scale = random.nextBelow(4) > 0;
    // without both it fails there
    if (!center || !scale) graph.inTensorFlow = false;
    const momentum = className === 'BatchNormalization' ? { momentum: pick(random, [0.9, 0.99, 0]) } : {};
    return graph.same(className, x, { epsilon: pick(random, [1e-3, 1e-5]), center, scale, ...momentum });
  };

const pool =
  (className: 'MaxPooling2D' | 'AveragePooling2D'): RandomLayer =>
  (graph, x, random) => {
    const { size, strides } = window(random, x, 4);
    return graph.pool(x, className, size, strides, padding(random));
  };

const activation =
  (name: string): RandomLayer =>
  (graph, x) =>
    graph.same('Activation', x, { activation: name });

/** TensorFlow.js does not know this one, or not by Keras' name. */
const elsewhere =
  (name: string): RandomLayer =>
  (graph, x) => {
    graph.inTensorFlow = false;
    return graph.same('Activation', x, { activation: name });
  };

/** Layers that take an image and give an image. */
export const imageLayers: Readonly<Record<string, RandomLayer>> = {
  Conv2D: (graph, x, random) => graph.conv(x, between(random, 1, 9), convConfig(random, x)),
  'Conv2D 3×3': (graph, x, random) =>
    graph.conv(x, between(random, 1, 18), {
      kernel: [3, 3],
      padding: 'same',
      bias: chance(random),
      activation: 'relu',
    }),
  'Conv2D 1×1': (graph, x, random) => {
    const stride = between(random, 1, 2);
    return graph.conv(x, between(random, 1, 9), { kernel: [1, 1], strides: [stride, stride], bias: chance(random) });
  },
  'Conv2D with dilation': (graph, x, random) => {
    const dilation = [between(random, 1, 3), between(random, 1, 3)] as const;
    const kernel = [between(random, 1, 3), between(random, 1, 3)] as const;
    return graph.conv(x, between(random, 1, 5), { kernel, dilation, padding: 'same', bias: chance(random) });
  },
  'Conv2D in groups': (graph, x, random) => {
    const groups = between(random, 2, 3);
    const wide = graph.conv(x, groups * between(random, 1, 3), { kernel: [1, 1] });
    return graph.conv(wide, groups * between(random, 1, 4), { ...convConfig(random, wide), groups });
  },
  DepthwiseConv2D: (graph, x, random) => graph.depthwise(x, between(random, 1, 3), convConfig(random, x)),
  SeparableConv2D: (graph, x, random) => graph.separable(x, between(random, 1, 6), convConfig(random, x)),
  'Dense on images': (graph, x, random) => graph.dense(x, between(random, 1, 6), 'relu', chance(random)),
  BatchNormalization: normalization('BatchNormalization'),
  'BatchNormalization as in PyTorch': (graph, x) => {
    graph.inTensorFlow = false;
    return graph.same('BatchNormalization', x, { momentum: 0.9, epsilon: 1e-5, unbiased_moving_variance: true });
  },
  LayerNormalization: normalization('LayerNormalization'),
  MaxPooling2D: pool('MaxPooling2D'),
  AveragePooling2D: pool('AveragePooling2D'),
  ZeroPadding2D: (graph, x, random) => {
    const rows = (): number => random.nextBelow(3);
    const padded = graph.zeroPadding(x, [rows(), rows(), rows(), 1 + rows()]);
    // into a convolution it is folded, into anything else it is not
    return chance(random) ? padded : graph.conv(padded, 3, { kernel: [2, 2] });
  },
  Reshape: (graph, x) => {
    const [height, width, channels] = x.shape as [number, number, number];
    return graph.reshape(x, [width, channels, height]);
  },
  'Add of three': (graph, x, random) => {
    const branch = graph.conv(x, x.shape[2]!, { kernel: [3, 3], padding: 'same', activation: 'relu' });
    return graph.add(chance(random) ? [x, branch, x] : [branch, x, branch]);
  },
  Concatenate: (graph, x, random) => {
    const branch = graph.conv(x, between(random, 1, 5), { kernel: [1, 1] });
    return graph.concatenate(chance(random) ? [x, branch, x] : [branch, x]);
  },
  ReLU: (graph, x) => graph.same('ReLU', x),
  'ReLU of 6': (graph, x) => graph.same('ReLU', x, { max_value: 6 }),
  LeakyReLU: (graph, x) => graph.same('LeakyReLU', x, { alpha: 0.2 }),
  ELU: (graph, x) => graph.same('ELU', x, { alpha: 1 }),
  elu: activation('elu'),
  selu: activation('selu'),
  gelu: activation('gelu'),
  'gelu by tanh': elsewhere('gelu_new'),
  swish: activation('swish'),
  tanh: activation('tanh'),
  sigmoid: activation('sigmoid'),
  'hard swish': elsewhere('hard_swish'),
};

/** What ends a model: an image to class scores. */
export function head(graph: TestGraph, x: Flow, classes: number, random: Random): Flow {
  const flat = pick<() => Flow>(random, [
    () => graph.flatten(x),
    () => graph.globalPool(x, 'GlobalAveragePooling2D'),
    () => graph.globalPool(x, 'GlobalMaxPooling2D'),
  ])();
  const hidden = chance(random) ? graph.dense(flat, between(random, 2, 9), 'relu') : flat;
  return graph.dense(hidden, classes, chance(random) ? 'softmax' : 'linear');
}

/** One layer after a convolution, which sees whether the gradient of the layer's input is right. */
export function around(layer: RandomLayer, classes: number, random: Random): { graph: TestGraph; output: Flow } {
  const graph = new TestGraph([between(random, 3, 8), between(random, 3, 8), between(random, 1, 4)]);
  // no bias: before a batch normalisation its gradient is 0, and what is computed of it nothing but rounding
  const first = graph.conv(graph.input, between(random, 1, 6), { kernel: [2, 2], padding: 'same', bias: false });
  const x = layer(graph, first, random);
  return { graph, output: head(graph, x, classes, random) };
}

/** A few layers one after another, some of them beside others, whose outputs are used again later. */
export function randomGraph(classes: number, random: Random): { graph: TestGraph; output: Flow } {
  const graph = new TestGraph([between(random, 5, 9), between(random, 5, 9), between(random, 1, 3)]);
  const kinds = Object.values(imageLayers);
  let x = graph.conv(graph.input, between(random, 2, 6), { kernel: [3, 3], padding: 'same', bias: false });
  const seen: Flow[] = [x];
  for (let n = between(random, 2, 5); n > 0; n--) {
    x = pick(random, kinds)(graph, x, random);
    const shape = x.shape.join();
    const partners = seen.filter(flow => flow.shape.join() === shape);
    if (partners.length > 0 && chance(random)) x = graph.add([x, pick(random, partners)]);
    const pictures = seen.filter(flow => flow.shape.slice(0, 2).join() === x.shape.slice(0, 2).join());
    if (pictures.length > 0 && random.nextBelow(4) === 0) x = graph.concatenate([pick(random, pictures), x]);
    if (x.shape[2]! > 24) x = graph.conv(x, 4, { kernel: [1, 1] });
    seen.push(x);
  }
  return { graph, output: head(graph, x, classes, random) };
}

/** Values as they are somewhere in training: no two alike, none of them 0. */
export function randomWeights(parameters: readonly PlanParameter[], random: Random): Float32Array[] {
  return parameters.map(({ role, shape, size }) => {
    const fanIn = Math.max(1, size / shape.at(-1)!);
    const draw = {
      kernel: () => random.nextGaussian() / Math.sqrt(fanIn),
      bias: () => random.nextGaussian() * 0.1,
      gamma: () => 0.5 + random.nextFloat(),
      beta: () => random.nextGaussian() * 0.3,
      'moving-mean': () => random.nextGaussian() * 0.3,
      'moving-variance': () => 0.5 + random.nextFloat(),
    }[role];
    return Float32Array.from({ length: size }, draw);
  });
}
