import { describe, expect, it } from 'vitest';
import type { KerasTopology } from '../../../src/models/topology';
import { readTopology } from '../../../src/models/topology';
import { fileWeights } from '../../../src/models/weights';
import { lowerModel } from '../../../src/training/plan/lower';
import { dense, functional, graph, keras3, layer, modelOf, sequential, type LayerJson } from './topologies';

const target = { inputShape: [4, 4, 2], classes: 3, loss: 'cross-entropy' } as const;
const conv = (name: string): LayerJson =>
  layer('Conv2D', { name, filters: 2, kernel_size: 3, padding: 'same', use_bias: false });
const end = [layer('GlobalAveragePooling2D', { name: 'pool' }), dense('out', 3)];

/** A model as a layer of another. */
const asLayer = (name: string, { class_name, config }: KerasTopology): LayerJson => ({
  class_name,
  config: { ...(config as object), name },
});

const linksOf = (topology: KerasTopology) =>
  readTopology(topology).layers.map(({ name, className, inputs }) => [name, className, inputs]);

const inner = graph(
  [4, 4, 2],
  [
    [conv('a'), ['in']],
    [layer('Add', { name: 'sum' }), ['in', 'a']],
  ],
);

describe('a model within a model', () => {
  it.each([
    ['Sequential', sequential([4, 4, 2], [asLayer('block', inner), ...end])],
    ['Functional', functional([4, 4, 2], [asLayer('block', inner), ...end])],
    ['Keras 3', keras3([4, 4, 2], [asLayer('block', inner), ...end])],
  ])('puts its layers where it is, its name before theirs (%s)', (kind, topology) => {
    const input = kind === 'Sequential' ? 'block/in' : 'in';
    expect(linksOf(topology)).toEqual([
      [input, 'InputLayer', []],
      ['block/a', 'Conv2D', [input]],
      ['block/sum', 'Add', [input, 'block/a']],
      ['pool', 'GlobalAveragePooling2D', ['block/sum']],
      ['out', 'Dense', ['pool']],
    ]);
    const { ops } = lowerModel(modelOf(topology), target);
    expect(ops.map(({ kind: op }) => op)).toEqual(['conv2d', 'add', 'average-pool', 'reshape', 'dense']);
  });

  it('may be in another, and a Sequential without an input of its own', () => {
    const chain = { class_name: 'Sequential', config: { layers: [conv('a'), asLayer('deep', inner)] } };
    const links = linksOf(functional([4, 4, 2], [asLayer('chain', chain), ...end]));
    expect(links.map(([name]) => name)).toEqual(['in', 'chain/a', 'chain/deep/a', 'chain/deep/sum', 'pool', 'out']);
    expect(links[2]).toEqual(['chain/deep/a', 'Conv2D', ['chain/a']]);
    expect(links[3]).toEqual(['chain/deep/sum', 'Add', ['chain/a', 'chain/deep/a']]);
  });

  it.each(['block/a/kernel', 'model/block/a/kernel', 'a/kernel'])('has weights called %s', name => {
    const topology = functional([4, 4, 2], [asLayer('block', inner), ...end]);
    const plan = lowerModel(modelOf(topology), target);
    const data = Float32Array.from({ length: 36 }, (_, i) => i);
    const weights = new Map([
      [name, { shape: [3, 3, 2, 2], data }],
      ['out/kernel', { shape: [2, 3], data: new Float32Array(6) }],
      ['out/bias', { shape: [3], data: new Float32Array(3) }],
    ]);
    const model = {
      kind: 'file',
      description: 'net',
      topology: () => topology,
      weights,
      fingerprint: '',
      weightsFingerprint: '',
    } as const;
    expect(fileWeights(plan, model)[0]).toEqual(data);
  });

  it('that holds itself too deep, or more layers than any model has, is refused', () => {
    let deep: KerasTopology = sequential([4, 4, 2], [conv('a')]);
    for (let i = 0; i < 20; i++) deep = { class_name: 'Sequential', config: { layers: [asLayer('m', deep)] } };
    expect(() => readTopology(deep)).toThrow(/holds models in each other more than 16 deep/);
    let wide: KerasTopology = { class_name: 'Sequential', config: { layers: [layer('Flatten', { name: 'a' })] } };
    for (let i = 0; i < 8; i++) {
      const layers = Array.from({ length: 6 }, (_, k) => asLayer(`m${k}`, wide));
      wide = { class_name: 'Sequential', config: { layers } };
    }
    expect(() => readTopology(wide)).toThrow(/has more than 10000 layers/);
  });
});

describe('a layer that is used several times', () => {
  const twice = (shared: LayerJson, reference: 0 | 1): KerasTopology => {
    const topology = graph(
      [4, 4, 2],
      [
        [shared, ['in']],
        [conv('a'), ['shared']],
        [layer('Add', { name: 'sum' }), ['a', 'shared']],
        ...end.map((json, i) => [json, [i === 0 ? 'sum' : 'pool']] as const),
      ],
    );
    const { layers } = topology.config as { layers: { name: string; inbound_nodes: unknown[] }[] };
    // once on the input, once on the convolution
    layers[1]!.inbound_nodes.push([['a', 0, 0, {}]]);
    layers[3]!.inbound_nodes = [
      [
        ['a', 0, 0, {}],
        ['shared', reference, 0, {}],
      ],
    ];
    return topology;
  };

  it('is as many layers, where it has no weights', () => {
    const links = linksOf(twice(layer('ReLU', { name: 'shared' }), 1));
    expect(links).toContainEqual(['shared', 'ReLU', ['in']]);
    expect(links).toContainEqual(['shared:1', 'ReLU', ['a']]);
    expect(links).toContainEqual(['sum', 'Add', ['a', 'shared:1']]);
    expect(linksOf(twice(layer('ReLU', { name: 'shared' }), 0))).toContainEqual(['sum', 'Add', ['a', 'shared']]);
  });

  it('is refused where it has weights, alone or within a model', () => {
    expect(() => readTopology(twice(conv('shared'), 1))).toThrow(
      /layer "shared" \(Conv2D\) is used more than once: weights that two places share cannot be trained here/,
    );
    expect(() => readTopology(twice(asLayer('shared', inner), 1))).toThrow(
      /"shared\/a" \(Conv2D\) is used more than once/,
    );
  });
});

describe('an activation that is a layer', () => {
  const activationsOf = (activation: unknown): unknown[] =>
    lowerModel(
      modelOf(sequential([4, 4, 2], [layer('Conv2D', { filters: 2, kernel_size: 1, activation }), ...end])),
      target,
    ).ops.flatMap(op => (op.kind === 'activation' ? [[op.activation, op.alpha]] : []));

  it.each([
    [
      'LeakyReLU',
      { module: 'keras.layers', class_name: 'LeakyReLU', config: { negative_slope: 0.25 } },
      ['leaky-relu', 0.25],
    ],
    ['ReLU', { class_name: 'ReLU', config: { max_value: 6 } }, ['relu6', 0]],
    ['ELU', { class_name: 'ELU', config: { name: 'elu', alpha: 2 } }, ['elu', 2]],
    [
      'a function',
      { module: 'builtins', class_name: 'function', config: 'silu', registered_name: 'function' },
      ['swish', 0],
    ],
  ])('%s is applied', (_, written, expected) => {
    expect(activationsOf(written)).toEqual([expected]);
  });

  it('or anything else is refused', () => {
    expect(() => activationsOf({ class_name: 'PReLU', config: {} })).toThrow(/the activation \{"class_name":"PReLU"/);
  });
});
