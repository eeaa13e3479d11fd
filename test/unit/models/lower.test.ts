import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/models/load';
import type { KerasTopology } from '../../../src/models/topology';
import { initialWeights } from '../../../src/models/weights';
import { Random } from '../../../src/shared/random';
import { lowerModel, type LoweringTarget } from '../../../src/training/plan/lower';
import { PlanError } from '../../../src/training/plan/plan';
import { finiteDifferences, forward64, loss64 } from '../../support/float64Reference';
import { TfReference } from '../../support/tfReference';
import { dense, functional, keras3, layer, modelOf, sequential, type LayerJson } from './topologies';

const image: LoweringTarget = { inputShape: [4, 4, 1], classes: 3, loss: 'cross-entropy' };
const flatten = layer('Flatten');

describe('lowering', () => {
  it('turns LeNet-300-100 into three dense layers on MNIST, its softmax folded into the loss', async () => {
    const model = await loadModel('builtin:lenet-300-100', '/');
    const plan = lowerModel(model, { inputShape: [28, 28, 1], classes: 10, loss: 'cross-entropy' });
    expect(plan.ops.map(op => (op.kind === 'activation' ? op.activation : op.kind))).toEqual([
      'reshape',
      'dense',
      'relu',
      'dense',
      'relu',
      'dense',
    ]);
    expect(plan.parameters.map(({ name, shape, prunable }) => [name, shape, prunable])).toEqual([
      ['dense/kernel', [784, 300], true],
      ['dense/bias', [300], false],
      ['dense_1/kernel', [300, 100], true],
      ['dense_1/bias', [100], false],
      ['dense_2/kernel', [100, 10], true],
      ['dense_2/bias', [10], false],
    ]);
    expect(plan.activations.map(({ size }) => size)).toEqual([784, 784, 300, 300, 100, 100, 10]);
    const weights = plan.parameters.filter(({ prunable }) => prunable).reduce((sum, { size }) => sum + size, 0);
    expect(weights).toBe(266_200);
  });

  it('keeps the softmax with mean squared error', () => {
    const topology = sequential([4, 4, 1], [flatten, dense('out', 3, 'softmax')]);
    const plan = lowerModel(modelOf(topology), { ...image, loss: 'mean-squared-error' });
    expect(plan.ops.at(-1)).toMatchObject({ kind: 'activation', activation: 'softmax', layer: 'out' });
  });

  it('numbers activations so that each op takes what the one before it made', () => {
    const layers = [flatten, dense('a', 5, 'tanh'), layer('Dropout', { rate: 0.5 }), dense('out', 3, 'softmax')];
    const { ops, activations } = lowerModel(modelOf(sequential([4, 4, 1], layers)), image);
    expect(ops.map(({ inputs, output }) => [...inputs, output])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(activations).toHaveLength(6);
  });

  it.each([
    ['a flat input for an image of equal size', sequential([16], [dense('out', 3)])],
    ['an image without its channel axis', sequential([4, 4], [flatten, dense('out', 3)])],
    ['no declared shape', { class_name: 'Sequential', config: { layers: [flatten, dense('out', 3)] } }],
    ['a bare list of layers, as old Keras wrote it', { class_name: 'Sequential', config: [flatten, dense('out', 3)] }],
    ['a reshape to flat', sequential([4, 4, 1], [layer('Reshape', { target_shape: [-1] }), dense('out', 3)])],
    ['a functional chain', functional([4, 4, 1], [flatten, dense('out', 3)])],
    ['a functional chain of Keras 3', keras3([4, 4, 1], [flatten, dense('out', 3)])],
  ] as [string, KerasTopology][])('accepts %s', (_, topology) => {
    const plan = lowerModel(modelOf(topology), image);
    expect(plan.parameters[0]).toMatchObject({ name: 'out/kernel', shape: [16, 3] });
    expect(plan.ops.filter(({ kind }) => kind !== 'reshape')).toHaveLength(1);
  });

  it.each([
    ['leaky slope of Keras 2', layer('LeakyReLU', { alpha: 0.1 }), 'leaky-relu', 0.1],
    ['leaky slope of Keras 3', layer('LeakyReLU', { negative_slope: 0.2 }), 'leaky-relu', 0.2],
    ['leaky slope left out', layer('LeakyReLU'), 'leaky-relu', 0.3],
    ['ReLU layer', layer('ReLU', { max_value: null, negative_slope: 0, threshold: 0 }), 'relu', 0],
    ['ReLU layer with a slope', layer('ReLU', { negative_slope: 0.05 }), 'leaky-relu', 0.05],
    ['Activation layer', layer('Activation', { activation: 'sigmoid' }), 'sigmoid', 0],
  ] as [string, LayerJson, string, number][])('reads a %s', (_, json, activation, alpha) => {
    const plan = lowerModel(modelOf(sequential([4, 4, 1], [json, flatten, dense('out', 3)])), image);
    expect(plan.ops[0]).toMatchObject({ kind: 'activation', activation, alpha });
  });

  it.each([
    ['glorot_uniform', { kind: 'variance-scaling', scale: 1, mode: 'fan-avg', distribution: 'uniform' }],
    ['heNormal', { kind: 'variance-scaling', scale: 2, mode: 'fan-in', distribution: 'truncated-normal' }],
    [
      { class_name: 'LecunNormal', config: {} },
      { scale: 1, mode: 'fan-in', distribution: 'truncated-normal' },
    ],
    [
      { class_name: 'VarianceScaling', config: { scale: 3, mode: 'fan_out', distribution: 'untruncated_normal' } },
      { scale: 3, mode: 'fan-out', distribution: 'normal' },
    ],
    [
      { class_name: 'VarianceScaling', config: { scale: 1, mode: 'fan_avg', distribution: 'normal', seed: null } },
      { distribution: 'truncated-normal' },
    ],
    [
      { class_name: 'RandomNormal', config: { mean: 1, stddev: 0.2 } },
      { kind: 'normal', mean: 1, std: 0.2, truncated: false },
    ],
    ['truncated_normal', { kind: 'normal', mean: 0, std: 0.05, truncated: true }],
    [
      { class_name: 'RandomUniform', config: { minval: -1, maxval: 2 } },
      { kind: 'uniform', minimum: -1, maximum: 2 },
    ],
    [
      { class_name: 'Constant', config: { value: 0.5 } },
      { kind: 'constant', value: 0.5 },
    ],
    ['ones', { kind: 'constant', value: 1 }],
  ])('reads the initialiser %j', (json, expected) => {
    const topology = sequential([16], [dense('out', 3, 'softmax', { kernel_initializer: json })]);
    expect(lowerModel(modelOf(topology), image).parameters[0]!.initializer).toMatchObject(expected);
  });
});

/** Layers on data of 4×4×1 with 3 classes, the layer named, and what the person reads. */
const refusals: readonly [string, readonly LayerJson[], string, RegExp][] = [
  [
    'a layer no plan covers',
    [layer('LSTM'), flatten, dense('out', 3)],
    'lstm',
    /layer "lstm" \(LSTM\) is not covered by training plans yet; they cover InputLayer, Identity, Dense, Conv2D/,
  ],
  ['a name every object has', [layer('toString'), flatten, dense('out', 3)], 'tostring', /not covered/],
  [
    'dense on sequences',
    [layer('Reshape', { target_shape: [4, 4] }), dense('out', 3)],
    'out',
    /\(Dense\) gets examples of shape \[4, 4\]; put a Flatten layer before it/,
  ],
  [
    'too few outputs',
    [flatten, dense('out', 5, 'softmax')],
    'out',
    /the model ends in 5 outputs but the data has 3 classes/,
  ],
  ['one output', [flatten, dense('out', 1, 'sigmoid')], 'out', /ends in 1 output but the data has 3 classes/],
  ['an unknown activation', [flatten, dense('a', 3, 'mish'), dense('out', 3)], 'a', /activation mish is not covered/],
  [
    'an end that is no logits',
    [flatten, dense('out', 3, 'sigmoid')],
    'out',
    /ends the model in sigmoid, but cross-entropy needs softmax/,
  ],
  ['nothing to prune', [layer('Reshape', { target_shape: [3] })], 'reshape', /cannot make \[3\] of \[4, 4, 1\]/],
  ['no weights', [flatten, layer('Softmax')], 'softmax', /no layer with weights/],
  [
    'a regulariser',
    [flatten, dense('out', 3, 'softmax', { kernel_regularizer: { class_name: 'L2', config: {} } })],
    'out',
    /kernel_regularizer is not covered by training plans yet; leave it out/,
  ],
  ['a frozen layer', [flatten, dense('out', 3, 'softmax', { trainable: false })], 'out', /trainable must be true/],
  ['a clipped ReLU', [flatten, layer('ReLU', { max_value: 4 }), dense('out', 3)], 'relu', /max_value is covered.*at 6/],
  [
    'an unknown initialiser',
    [flatten, dense('out', 3, 'softmax', { kernel_initializer: 'mine' })],
    'out',
    /initializer "mine" is not covered/,
  ],
  [
    'a wrong initialiser',
    [
      flatten,
      dense('out', 3, 'softmax', { kernel_initializer: { class_name: 'RandomNormal', config: { stddev: -1 } } }),
    ],
    'out',
    /initializer "RandomNormal" is wrong/,
  ],
  ['no units', [flatten, layer('Dense', { name: 'out' })], 'out', /\(Dense\): units/],
  ['too many weights', [flatten, dense('a', 30_000_000), dense('out', 3)], 'a', /480000000 weights; at most 268435456/],
  [
    'softmax over images',
    [layer('Softmax'), flatten, dense('out', 3)],
    'softmax',
    /softmax of examples of shape \[4, 4, 1\]/,
  ],
];

describe('refusing', () => {
  it.each(refusals)('%s', (_, layers, name, text) => {
    expect(() => lowerModel(modelOf(sequential([4, 4, 1], layers)), image)).toThrow(PlanError);
    expect(() => lowerModel(modelOf(sequential([4, 4, 1], layers)), image)).toThrow(text);
    try {
      lowerModel(modelOf(sequential([4, 4, 1], layers)), image);
    } catch (error) {
      expect((error as PlanError).layer).toBe(name);
    }
  });

  it('as many outputs as classes where there are numbers to predict, of which there are fewer', () => {
    const model = modelOf(sequential([4, 4, 1], [flatten, dense('out', 3)]));
    for (const [classes, words] of [
      [1, /ends in 3 outputs but the data has 1 number to predict; give layer "out" one output for each/],
      [2, /ends in 3 outputs but the data has 2 numbers to predict/],
    ] as const) {
      const target = { inputShape: [4, 4, 1], classes, task: 'regression', loss: 'mean-squared-error' } as const;
      expect(() => lowerModel(model, target)).toThrow(words);
    }
  });

  it.each([
    [[5, 5, 1], /takes examples of shape \[5, 5, 1\], but the data has \[4, 4, 1\]/],
    [[17], /takes examples of shape \[17\], but the data has \[4, 4, 1\]/],
    [[2, 8, 1], /takes examples of shape \[2, 8, 1\]/],
  ])('data of another shape than %j', (shape, text) => {
    expect(() => lowerModel(modelOf(sequential(shape, [flatten, dense('out', 3)])), image)).toThrow(text);
  });

  it('colour images with the channels first, whose values lie in another order', () => {
    const topology = sequential([3, 8, 8], [flatten, dense('out', 3)]);
    expect(() => lowerModel(modelOf(topology), { ...image, inputShape: [8, 8, 3] })).toThrow(
      /\[3, 8, 8\].*\[8, 8, 3\]/,
    );
  });

  it('a model with two outputs', () => {
    const topology = functional([4, 4, 1], [flatten, dense('a', 3), dense('out', 3)]);
    (topology.config as { output_layers: unknown }).output_layers = [
      ['a', 0, 0],
      ['out', 0, 0],
    ];
    expect(() => lowerModel(modelOf(topology), image)).toThrow(/outputs are "a", "out"/);
  });
});

/** Every kind of layer a plan covers, with each loss. */
const covered: readonly [string, readonly LayerJson[]][] = [
  ['dense with relu and softmax', [flatten, dense('a', 7, 'relu'), dense('out', 3, 'softmax')]],
  ['logits', [flatten, dense('a', 7, 'tanh'), dense('out', 3)]],
  [
    'sigmoid, no bias, dropout',
    [flatten, dense('a', 7, 'sigmoid', { use_bias: false }), layer('Dropout', { rate: 0.5 }), dense('out', 3)],
  ],
  [
    'layers of activations',
    [
      layer('Activation', { activation: 'tanh' }),
      flatten,
      dense('a', 6),
      layer('LeakyReLU', { alpha: 0.2 }),
      dense('out', 3),
      layer('Softmax', { axis: -1 }),
    ],
  ],
  ['a softmax within', [flatten, dense('a', 6, 'softmax'), dense('b', 5), layer('ReLU'), dense('out', 3)]],
];

describe.each(['cross-entropy', 'mean-squared-error'] as const)(
  'a plan with %s means what TensorFlow.js means',
  loss => {
    it.each(covered)('%s', async (_, layers) => {
      const topology = sequential([4, 4, 1], layers);
      const plan = lowerModel(modelOf(topology), { ...image, loss });
      const random = new Random('lowering test');
      const weights = initialWeights(plan, 1).map(values => values.map(value => value + 0.1 * random.nextGaussian()));
      const inputs = Float32Array.from({ length: 5 * 16 }, () => random.nextGaussian());
      const batch = { inputs, labels: [0, 1, 2, 1, 0] };

      const reference = await TfReference.create(topology, plan, weights);
      const { loss: wanted, gradients } = reference.gradients(batch);
      expect(loss64(plan, weights, batch)).toBeCloseTo(wanted, 5);
      const differences = finiteDifferences(plan, weights, batch);
      for (const [i, gradient] of gradients.entries()) {
        for (const [j, value] of gradient.entries()) expect(differences[i]![j]).toBeCloseTo(value, 4);
      }
      const outputs = forward64(plan, weights, inputs);
      const predicted = reference.predict(inputs);
      if (loss === 'mean-squared-error') {
        for (const [i, value] of predicted.entries()) expect(outputs[i]).toBeCloseTo(value, 5);
      }
      reference.dispose();
    });
  },
);
