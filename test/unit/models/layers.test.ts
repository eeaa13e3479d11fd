/** Each kind of layer as the plan has it, held against what TensorFlow.js makes of the same configuration. */
import { describe, expect, it } from 'vitest';
import type { KerasTopology } from '../../../src/models/topology';
import { initialWeights } from '../../../src/models/weights';
import { Random } from '../../../src/shared/random';
import { lowerModel, type LoweringTarget } from '../../../src/training/plan/lower';
import type { Plan, PlanOp } from '../../../src/training/plan/plan';
import { forward64 } from '../../support/float64Reference';
import { TfReference } from '../../support/tfReference';
import { dense, graph, layer, modelOf, sequential, type LayerJson } from './topologies';

const inputShape = [7, 6, 4] as const;
const target: LoweringTarget = { inputShape, classes: 3, loss: 'cross-entropy' };
const flatten = layer('Flatten');
const end = [flatten, dense('out', 3)];

const conv = (config: object): LayerJson =>
  layer('Conv2D', { name: 'conv', filters: 5, kernel_size: [3, 3], ...config });
const depthwise = (config: object): LayerJson =>
  layer('DepthwiseConv2D', { name: 'dw', kernel_size: [3, 3], ...config });
const separable = (config: object): LayerJson =>
  layer('SeparableConv2D', { name: 'sep', filters: 5, kernel_size: [3, 3], ...config });

/** Layers on 7×6×4 and the shape they make of it. */
const covered: readonly [string, readonly LayerJson[], readonly number[]][] = [
  ['convolution', [conv({})], [5, 4, 5]],
  ['convolution of another height than width', [conv({ kernel_size: [1, 4], strides: [2, 1] })], [4, 3, 5]],
  ['same padding', [conv({ padding: 'same' })], [7, 6, 5]],
  ['same padding with strides, odd and even sides', [conv({ padding: 'same', strides: [2, 2] })], [4, 3, 5]],
  ['same padding of an even kernel', [conv({ padding: 'same', kernel_size: [4, 2], strides: [3, 2] })], [3, 3, 5]],
  ['dilation', [conv({ padding: 'same', dilation_rate: [2, 2] })], [7, 6, 5]],
  ['convolution with a function and no bias', [conv({ use_bias: false, activation: 'elu' })], [5, 4, 5]],
  ['a kernel size as a number', [conv({ kernel_size: 2, strides: 1 })], [6, 5, 5]],
  ['depthwise', [depthwise({ padding: 'same', strides: [2, 2] })], [4, 3, 4]],
  ['depthwise with a multiplier', [depthwise({ depth_multiplier: 2, activation: 'relu' })], [5, 4, 8]],
  ['separable', [separable({ padding: 'same', depth_multiplier: 2, activation: 'tanh' })], [7, 6, 5]],
  ['dense on images', [dense('pixel', 6, 'relu')], [7, 6, 6]],
  ['max pool', [layer('MaxPooling2D', { pool_size: [2, 2] })], [3, 3, 4]],
  ['max pool, same', [layer('MaxPooling2D', { pool_size: [3, 3], strides: [2, 2], padding: 'same' })], [4, 3, 4]],
  [
    'average pool, same',
    [layer('AveragePooling2D', { pool_size: [3, 2], strides: [2, 2], padding: 'same' })],
    [4, 3, 4],
  ],
  ['global average', [layer('GlobalAveragePooling2D')], [4]],
  ['global maximum', [layer('GlobalMaxPooling2D')], [4]],
  [
    'padding before a pool',
    [
      layer('ZeroPadding2D', {
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
      layer('MaxPooling2D'),
    ],
    [5, 4, 4],
  ],
  ['padding before a convolution', [layer('ZeroPadding2D', { padding: [2, 1] }), conv({ strides: [2, 2] })], [5, 3, 5]],
  ['batch normalisation', [layer('BatchNormalization', { axis: -1, epsilon: 0.01 })], [7, 6, 4]],
  ['batch normalisation, axis as Keras 2 writes it', [layer('BatchNormalization', { axis: 3 })], [7, 6, 4]],
  ['flat batch normalisation', [flatten, layer('BatchNormalization', { axis: 1 })], [168]],
  ['layer normalisation', [layer('LayerNormalization', { axis: -1 })], [7, 6, 4]],
  ['elu', [layer('ELU', { alpha: 1 })], [7, 6, 4]],
  ['relu6', [layer('ReLU', { max_value: 6 })], [7, 6, 4]],
  ...['relu6', 'elu', 'selu', 'gelu', 'swish', 'tanh', 'sigmoid'].map((activation): [string, LayerJson[], number[]] => [
    activation,
    [layer('Activation', { activation })],
    [7, 6, 4],
  ]),
];

async function agrees(topology: KerasTopology, plan: Plan): Promise<void> {
  const random = new Random('layer test');
  const weights = initialWeights(plan, 1).map((values, i) =>
    values.map(value =>
      plan.parameters[i]!.role === 'moving-variance' ? 0.5 + random.nextFloat() : value + 0.1 * random.nextGaussian(),
    ),
  );
  const size = plan.inputShape.reduce((product, n) => product * n, 1);
  const inputs = Float32Array.from({ length: 2 * size }, () => 3 * random.nextGaussian());
  const reference = await TfReference.create(topology, plan, weights);
  const wanted = reference.predict(inputs);
  const outputs = forward64(plan, weights, inputs);
  expect(outputs).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(outputs[i]).toBeCloseTo(value, 4);
  reference.dispose();
}

describe('a layer means what TensorFlow.js means', () => {
  it.each(covered)('%s', async (_, layers, shape) => {
    const last = shape.length === 1 ? [dense('out', 3)] : end;
    const named = [...layers, ...last].map((json, i) => ({ ...json, config: { ...json.config, name: `${i}` } }));
    const topology = sequential(inputShape, named);
    const plan = lowerModel(modelOf(topology), target);
    expect(plan.activations.map(activation => activation.shape)).toContainEqual(shape);
    await agrees(topology, plan);
  });

  it.each(['file order', 'reversed'])('a graph that branches, joins and adds, in %s', async order => {
    const topology = graph(inputShape, [
      [conv({ name: 'a', padding: 'same', filters: 4 }), ['in']],
      [layer('Add', { name: 'sum' }), ['a', 'in']],
      [layer('Activation', { name: 'relu', activation: 'relu' }), ['sum']],
      [layer('MaxPooling2D', { name: 'left' }), ['relu']],
      [layer('AveragePooling2D', { name: 'right' }), ['sum']],
      [layer('Concatenate', { name: 'both', axis: -1 }), ['left', 'right', 'left']],
      [layer('GlobalAveragePooling2D', { name: 'mean' }), ['both']],
      [dense('out', 3, 'softmax'), ['mean']],
    ]);
    const config = topology.config as { layers: unknown[] };
    const plan = lowerModel(modelOf(topology), { ...target, loss: 'mean-squared-error' });
    if (order === 'file order') await agrees(topology, plan);
    else {
      const reversed = { ...topology, config: { ...config, layers: config.layers.toReversed() } };
      const other = lowerModel(modelOf(reversed), { ...target, loss: 'mean-squared-error' });
      expect(other.ops.map(op => op.layer)).toHaveLength(plan.ops.length);
      expect(new Set(other.parameters.map(({ name }) => name))).toEqual(new Set(plan.parameters.map(p => p.name)));
      wellFormed(other);
    }
    wellFormed(plan);
  });
});

/** Each op takes what came before it, and all that is made leads to the end. */
function wellFormed(plan: Plan): void {
  const taken = new Set<number>([plan.activations.length - 1]);
  for (const [index, op] of plan.ops.entries()) {
    expect(op.output).toBe(index + 1);
    for (const input of op.inputs) {
      expect(input).toBeLessThan(op.output);
      taken.add(input);
    }
  }
  expect(taken.size).toBe(plan.activations.length);
}

const opsOf = (layers: readonly LayerJson[]): readonly PlanOp[] =>
  lowerModel(modelOf(sequential(inputShape, [...layers, ...end])), target).ops;

describe('a plan holds nothing that need not be computed', () => {
  const padding = layer('ZeroPadding2D', {
    name: 'pad',
    padding: [
      [1, 2],
      [3, 4],
    ],
  });

  it('folds a padding into the convolutions that take it', () => {
    const [first, ...others] = opsOf([padding, { ...padding, config: { ...padding.config, name: 'more' } }, conv({})]);
    expect(first).toMatchObject({ kind: 'conv2d', inputs: [0], padding: { top: 2, bottom: 4, left: 6, right: 8 } });
    expect(others.map(({ kind }) => kind)).toEqual(['reshape', 'dense']);
  });

  it('adds it to the padding that a convolution has already', () => {
    expect(opsOf([padding, conv({ padding: 'same' })])[0]).toMatchObject({
      padding: { top: 2, bottom: 3, left: 4, right: 5 },
    });
  });

  it('keeps a padding that another kind of layer takes too', () => {
    const topology = graph(inputShape, [
      [padding, ['in']],
      [conv({ name: 'a', padding: 'same', filters: 4 }), ['pad']],
      [layer('Add', { name: 'sum' }), ['a', 'pad']],
      [layer('GlobalAveragePooling2D', { name: 'mean' }), ['sum']],
      [dense('out', 3), ['mean']],
    ]);
    const { ops } = lowerModel(modelOf(topology), target);
    expect(ops.map(({ kind }) => kind).slice(0, 3)).toEqual(['zero-padding', 'conv2d', 'add']);
    expect(ops[1]).toMatchObject({ inputs: [1], padding: { top: 1, bottom: 1, left: 1, right: 1 } });
  });

  it('has no op for a layer that does nothing, nor for one that leads nowhere', () => {
    const topology = graph(inputShape, [
      [layer('Dropout', { name: 'none', rate: 0 }), ['in']],
      [layer('ZeroPadding2D', { name: 'pad', padding: 0 }), ['none']],
      [layer('Activation', { name: 'linear', activation: 'linear' }), ['pad']],
      [dense('side', 9), ['linear']],
      [flatten, ['linear']],
      [layer('Reshape', { target_shape: [-1] }), ['flatten']],
      [dense('out', 3), ['reshape']],
    ]);
    const plan = lowerModel(modelOf(topology), target);
    expect(plan.ops.map(({ kind }) => kind)).toEqual(['reshape', 'dense']);
    expect(plan.parameters.map(({ name }) => name)).toEqual(['out/kernel', 'out/bias']);
  });
});

describe('parameters', () => {
  const parametersOf = (layers: readonly LayerJson[]): unknown =>
    lowerModel(modelOf(sequential(inputShape, [...layers, ...end])), target)
      .parameters.slice(0, -2)
      .map(({ name, shape, prunable, trainable }) => [name, shape, prunable, trainable]);

  it.each<[string, LayerJson, unknown]>([
    [
      'grouped convolution',
      conv({ filters: 6, groups: 2, use_bias: false }),
      [['conv/kernel', [3, 3, 2, 6], true, true]],
    ],
    [
      'depthwise',
      depthwise({ depth_multiplier: 2 }),
      [
        ['dw/depthwise_kernel', [3, 3, 4, 2], true, true],
        ['dw/bias', [8], false, true],
      ],
    ],
    [
      'separable',
      separable({ depth_multiplier: 2 }),
      [
        ['sep/depthwise_kernel', [3, 3, 4, 2], true, true],
        ['sep/pointwise_kernel', [1, 1, 8, 5], true, true],
        ['sep/bias', [5], false, true],
      ],
    ],
    ['dense on images', dense('pixel', 2, 'linear', { use_bias: false }), [['pixel/kernel', [4, 2], true, true]]],
    [
      'batch normalisation',
      layer('BatchNormalization', { name: 'bn' }),
      [
        ['bn/gamma', [4], false, true],
        ['bn/beta', [4], false, true],
        ['bn/moving_mean', [4], false, false],
        ['bn/moving_variance', [4], false, false],
      ],
    ],
    [
      'batch normalisation without γ and β',
      layer('BatchNormalization', { name: 'bn', center: false, scale: false }),
      [
        ['bn/moving_mean', [4], false, false],
        ['bn/moving_variance', [4], false, false],
      ],
    ],
  ])('of %s', (_, json, expected) => {
    expect(parametersOf([json])).toEqual(expected);
  });

  it('of convolutions begin by the fans of their receptive field', () => {
    const he = {
      class_name: 'VarianceScaling',
      config: { scale: 2, mode: 'fan_in', distribution: 'untruncated_normal' },
    };
    const plan = lowerModel(
      modelOf(sequential(inputShape, [conv({ filters: 400, groups: 2, kernel_initializer: he }), ...end])),
      target,
    );
    const kernel = initialWeights(plan, 5)[0]!;
    const deviation = Math.sqrt(kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length);
    // 3×3 of the two channels of a group
    expect(deviation / Math.sqrt(2 / 18)).toBeCloseTo(1, 1);
  });

  it("carries PyTorch's rule for the moving variance", () => {
    const [op] = opsOf([layer('BatchNormalization', { unbiased_moving_variance: true })]);
    expect(op).toMatchObject({ unbiased: true, momentum: 0.99, epsilon: 0.001 });
  });
});

describe('activations that TensorFlow.js cannot read', () => {
  it.each([
    ['gelu_new', 'gelu-tanh', 0],
    ['silu', 'swish', 0],
    ['hard_swish', 'hard-swish', 0],
    ['hard_silu', 'hard-swish', 0],
    ['leaky_relu', 'leaky-relu', 0.2],
  ])('%s', (activation, known, alpha) => {
    expect(opsOf([layer('Activation', { activation })])[0]).toMatchObject({ activation: known, alpha });
  });
});

describe('hard sigmoid', () => {
  const activation = layer('Activation', { activation: 'hard_sigmoid' });
  const of = (keras: string): readonly PlanOp[] => {
    const topology = { ...sequential(inputShape, [activation, ...end]), keras_version: keras };
    return lowerModel(modelOf(topology), target).ops;
  };

  it('is taken from Keras 3, which clips (x + 3) / 6', () => {
    expect(of('3.9.2')[0]).toMatchObject({ activation: 'hard-sigmoid' });
  });

  it.each(['2.15.0', 'tfjs-layers 4.22.0'])('is refused from %s, which clips 0.2 x + 0.5', version => {
    expect(() => of(version)).toThrow(/hard_sigmoid/);
  });

  it('is refused where the file does not say which it is', () => {
    const topology = { class_name: 'Sequential', config: { layers: [activation, ...end] } };
    expect(() => lowerModel(modelOf(topology), target)).toThrow(/the file does not say which wrote it/);
  });
});
