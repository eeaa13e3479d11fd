/** Models from files: ONNX graphs, Keras' topologies with models within models, state_dicts; damaged in what they say. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadModel } from '../../../src/models/load';
import { fileWeights } from '../../../src/models/weights';
import { ExperimentError } from '../../../src/shared/experiment';
import type { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import { PlanError } from '../../../src/training/plan/plan';
import { safetensorsBytes } from '../../support/checkpoints';
import type { NodeFixture } from '../../support/onnx';
import { floatAttribute, floats, functionOf, ints, modelBytes, textAttribute } from '../../support/onnxNetworks';
import { damageBytes } from '../bytes';
import { damageJson } from '../json';
import { pick, reading, type Files, type Outcome, type Target } from '../target';
import { damageCheckpoint } from './safetensors';

const images = { inputShape: [6, 6, 2], classes: 3, loss: 'cross-entropy' } as const;

/** @param name of the model among the files */
async function load(name: string, files: Files, directory: string): Promise<Outcome> {
  await mkdir(directory, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) await writeFile(path.join(directory, file), bytes);
  const loaded: Awaited<ReturnType<typeof loadModel>>[] = [];
  const outcome = await reading([ExperimentError], name, async () => {
    loaded.push(await loadModel(name, directory, images));
  });
  const [model] = loaded;
  if (!model) return outcome;
  // these speak of layers and weights; whoever calls them puts the file before it
  return reading([ExperimentError, PlanError], '', () => {
    const plan = lowerModel(model, images);
    if (model.weights) fileWeights(plan, model);
  });
}

const drawn = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.nextFloat() * 2 - 1);

/** Sizes, axes and places that some operator takes. */
const lists = {
  none: [],
  zero: [0],
  one: [1],
  two: [2, 2],
  turned: [-1, 2],
  pads: [0, 0, 1, 1, 0, 0, 1, 1],
  shape: [0, -1],
  image: [-1, 2, 6, 6],
  odd: [-(2 ** 53), 2 ** 40, 3],
} as const;

const constants = (random: Random): Uint8Array[] => [
  floats('conv.weight', [4, 2, 3, 3], drawn(random, 72)),
  floats('fc.weight', [3, 144], drawn(random, 432)),
  floats('channel', [4, 1, 1], drawn(random, 4)),
  floats('scalar', [], [pick(random, [0, 1, 0.5, 6, NaN, 1e38])]),
  ...Object.entries(lists).map(([name, values]) => ints(name, ...values)),
];

const chain: readonly NodeFixture[] = [
  { op: 'Conv', inputs: ['x', 'conv.weight'], outputs: ['a'], attributes: { pads: [1, 1, 1, 1] } },
  { op: 'Block', domain: 'own', inputs: ['a'], outputs: ['b'] },
  { op: 'Mul', inputs: ['b', 'channel'], outputs: ['c'] },
  { op: 'Conv', inputs: ['c', 'point'], outputs: ['d'] },
  { op: 'Flatten', inputs: ['d'], outputs: ['e'] },
  { op: 'Gemm', inputs: ['e', 'fc.weight'], outputs: ['y'], attributes: { transB: 1 } },
];
const block = functionOf({
  name: 'Block',
  inputs: ['v'],
  outputs: ['o'],
  nodes: [
    { op: 'Sigmoid', inputs: ['v'], outputs: ['g'] },
    { op: 'Mul', inputs: ['v', 'g'], outputs: ['o'] },
  ],
});

const operators = [
  ...['Conv', 'Gemm', 'MatMul', 'BatchNormalization', 'LayerNormalization', 'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max'],
  ...['Relu', 'LeakyRelu', 'Erf', 'Exp', 'Clip', 'Gelu', 'MaxPool', 'AveragePool', 'GlobalMaxPool', 'ReduceMean'],
  ...['Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Concat', 'Pad', 'Slice', 'Shape', 'Gather', 'Cast'],
  ...[
    'ConstantOfShape',
    'Expand',
    'ReduceL2',
    'DequantizeLinear',
    'Dropout',
    'Softmax',
    'Identity',
    'LSTM',
    '__proto__',
  ],
];

function strangeNode(random: Random, values: readonly string[], output: string): NodeFixture {
  const list = (): number[] => Array.from({ length: random.nextBelow(5) }, () => random.nextBelow(5) - 1);
  return {
    op: pick(random, [...operators, 'Block']),
    ...(random.nextBelow(8) === 0 && { domain: 'own' }),
    inputs: Array.from({ length: 1 + random.nextBelow(5) }, () => pick(random, values)),
    outputs: [output],
    attributes: {
      axis: random.nextBelow(6) - 2,
      axes: list(),
      pads: list(),
      perm: pick(random, [list(), [0, 2, 3, 1]]),
      kernel_shape: pick(random, [list(), [2, 2], [2 ** 20, 1]]),
      strides: list(),
      group: random.nextBelow(4),
      ceil_mode: random.nextBelow(2),
      keepdims: random.nextBelow(2),
      block_size: random.nextBelow(3),
      transB: random.nextBelow(2),
    },
    more: [
      floatAttribute('alpha', pick(random, [0, 1, -1, NaN, 1e30])),
      textAttribute('auto_pad', pick(random, ['', 'SAME_UPPER'])),
    ],
  };
}

function onnx(random: Random, strange: boolean): Uint8Array {
  const tensors = [...constants(random), floats('point', [4, 4, 1, 1], drawn(random, 16))];
  const nodes = [...chain];
  if (strange) {
    const values = [
      'x',
      'a',
      'b',
      'c',
      'd',
      'e',
      'conv.weight',
      'fc.weight',
      'channel',
      'scalar',
      '',
      ...Object.keys(lists),
    ];
    for (let i = 0; i < 1 + random.nextBelow(8); i++) {
      const at = random.nextBelow(nodes.length + 1);
      const output = pick(random, ['a', 'b', 'c', 'd', 'e', 'y', `s${i}`]);
      nodes.splice(at, random.nextBelow(2), strangeNode(random, [...values, ...(i > 0 ? [`s${i - 1}`] : [])], output));
    }
  }
  const endless = functionOf({
    name: 'Block',
    inputs: ['v'],
    outputs: ['o'],
    nodes: [
      { op: 'Block', domain: 'own', inputs: ['v'], outputs: ['m'] },
      { op: 'Block', domain: 'own', inputs: ['m'], outputs: ['o'] },
    ],
  });
  const functions = strange && random.nextBelow(4) === 0 ? [block, endless] : [block];
  return modelBytes({ input: ['N', 2, 6, 6], nodes, tensors, functions });
}

const onnxModel: Target = {
  name: 'model: ONNX',
  sound: random => ({ 'net.onnx': onnx(random, false) }),
  damaged: random => ({
    'net.onnx':
      random.nextBelow(3) > 0 ? onnx(random, true) : damageBytes(onnx(random, random.nextBelow(2) === 0), random),
  }),
  read: (files, directory) => load('net.onnx', files, directory),
};

const layer = (className: string, name: string, config: object = {}): object => ({
  class_name: className,
  name,
  config: { name, ...config },
});
const linked = (json: object, ...inputs: readonly (readonly [string, number, number])[]): object => ({
  ...json,
  inbound_nodes: [inputs.map(input => [...input, {}])],
});

/** With a model within it, a layer that is used twice, and an activation that is a layer. */
function topology(): object {
  const inner = {
    class_name: 'Sequential',
    config: {
      name: 'inner',
      layers: [
        layer('InputLayer', 'in', { batch_shape: [null, 6, 6, 4] }),
        layer('Conv2D', 'deep', { filters: 4, kernel_size: [3, 3], padding: 'same', groups: 2 }),
      ],
    },
  };
  const layers = [
    layer('InputLayer', 'input', { batch_shape: [null, 6, 6, 2] }),
    linked(layer('Normalization', 'norm', { axis: [-1], mean: [0, 1], variance: [1, 4] }), ['input', 0, 0]),
    linked(layer('Rescaling', 'scale', { scale: 0.5, offset: 1 }), ['norm', 0, 0]),
    linked(
      layer('SeparableConv2D', 'conv', {
        filters: 4,
        kernel_size: 3,
        padding: 'same',
        activation: { class_name: 'LeakyReLU', config: { negative_slope: 0.1 } },
      }),
      ['scale', 0, 0],
    ),
    { ...layer('ReLU', 'relu'), inbound_nodes: [[['conv', 0, 0, {}]], [['inner', 0, 0, {}]]] },
    linked({ ...inner, name: 'inner' }, ['relu', 0, 0]),
    linked(layer('Add', 'sum'), ['relu', 1, 0], ['conv', 0, 0]),
    linked(
      layer('AveragePooling2D', 'pool', {
        pool_size: 2,
        padding: [
          [1, 0],
          [0, 1],
        ],
      }),
      ['sum', 0, 0],
    ),
    linked(layer('Flatten', 'flat'), ['pool', 0, 0]),
    linked(layer('Dense', 'out', { units: 3, activation: 'softmax' }), ['flat', 0, 0]),
  ];
  const config = { name: 'net', layers, input_layers: [['input', 0, 0]], output_layers: [['out', 0, 0]] };
  return { class_name: 'Functional', config, keras_version: '3.15.1' };
}

const topologyModel: Target = {
  name: 'model: Keras topology',
  sound: () => ({ 'net.json': Buffer.from(JSON.stringify(topology())) }),
  damaged: random => ({ 'net.json': damageJson(topology(), random) }),
  read: (files, directory) => load('net.json', files, directory),
};

/** A multilayer perceptron of drawn widths, or, damaged, of tensors that fit nothing. */
function state(random: Random, strange: boolean): Uint8Array {
  const widths = [72, ...Array.from({ length: 1 + random.nextBelow(3) }, () => 1 + random.nextBelow(5)), 3];
  const shapes = widths.slice(1).flatMap((units, i): [string, number[]][] => [
    [`net.${i}.weight`, [units, widths[i]!]],
    [`net.${i}.bias`, [units]],
  ]);
  if (strange) {
    for (let times = 1 + random.nextBelow(3); times > 0; times--) {
      const name = pick(random, [
        '',
        '.',
        'weight',
        'a.weight',
        'conv.0.weight',
        '__proto__.weight',
        'x.running_var',
        'ü'.repeat(50),
      ]);
      const shape = Array.from({ length: random.nextBelow(5) }, () => random.nextBelow(5));
      shapes.splice(random.nextBelow(shapes.length + 1), random.nextBelow(2), [name, shape]);
    }
  }
  let end = 0;
  const header = Object.fromEntries(
    [...new Map(shapes)].map(([name, shape]) => {
      const begin = end;
      end += 4 * shape.reduce((product, n) => product * n, 1);
      return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
    }),
  );
  return safetensorsBytes(header, new Uint8Array(end));
}

const stateModel: Target = {
  name: 'model: state_dict',
  sound: random => ({ 'net.safetensors': state(random, false) }),
  damaged: random => ({
    'net.safetensors': random.nextBelow(3) > 0 ? state(random, true) : damageCheckpoint(state(random, false), random),
  }),
  read: (files, directory) => load('net.safetensors', files, directory),
};

export const modelTargets: readonly Target[] = [onnxModel, topologyModel, stateModel];
