import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { withStatistics } from '../../../src/models/files/statistics';
import { lowerModel } from '../../../src/training/plan/lower';
import { rescaleData } from '../../../src/training/plan/rescaling';
import { dense, functional, graph, keras3, layer, modelOf, sequential, type LayerJson } from './topologies';

const target = { inputShape: [2, 2, 3], classes: 4, loss: 'cross-entropy' } as const;
const end = [layer('Flatten'), dense('out', 4)];
const rescaling = (scale: unknown, offset: unknown = 0, name = 'rescaling'): LayerJson =>
  layer('Rescaling', { name, scale, offset });
const normalization = (config: object): LayerJson => layer('Normalization', { axis: [-1], ...config });

const plan = (layers: readonly LayerJson[]) => lowerModel(modelOf(sequential([2, 2, 3], layers)), target);

const data: DataSet = {
  name: 'test',
  task: 'classification',
  inputShape: [2, 2, 3],
  classes: 4,
  mean: [0.5],
  std: [0.25],
  training: { count: 0, inputs: new Uint8Array(), labels: new Uint8Array() },
  validation: { count: 0, inputs: new Uint8Array(), labels: new Uint8Array() },
  test: { count: 0, inputs: new Uint8Array(), labels: new Uint8Array() },
  fingerprint: '',
};
/** What the first op of the plan sees of a value of each channel. */
const seen = (layers: readonly LayerJson[], value: number, of = data): number[] => {
  const { mean, std } = rescaleData(of, plan(layers));
  return [0, 1, 2].map(i => (value - mean[i % mean.length]!) / std[i % std.length]!);
};

describe('constants at the start of a model', () => {
  it('are no op of the plan, but part of the standardisation of its data', () => {
    const layers = [rescaling(0.1, -1), ...end];
    expect(plan(layers).ops.map(({ kind }) => kind)).toEqual(['reshape', 'dense']);
    // (0.75 − 0.5) / 0.25 is 1
    for (const value of seen(layers, 0.75)) expect(value).toBeCloseTo(0.1 - 1, 12);
    expect(rescaleData(data, plan(end))).toBe(data);
  });

  it('may differ by channel, and follow one another', () => {
    const layers = [rescaling(2, 1, 'first'), rescaling([1, -3, 0.5], [0, 1, 2], 'second'), ...end];
    const own = { ...data, mean: [0, 0.5, 1], std: [1, 0.5, 2] };
    const expected = [3, 2.5, 2].map((x, i) => {
      const standard = (x - own.mean[i]!) / own.std[i]!;
      return (2 * standard + 1) * [1, -3, 0.5][i]! + i;
    });
    const { mean, std } = rescaleData(own, plan(layers));
    [3, 2.5, 2].forEach((x, i) => expect((x - mean[i]!) / std[i]!).toBeCloseTo(expected[i]!, 12));
  });

  it('are mean and variance of Normalization too, as Keras writes them', () => {
    const layers = [normalization({ mean: [[[[0.5, 1, 2]]]], variance: [4, 1, 0] }), ...end];
    const standard = 1;
    const expected = [(standard - 0.5) / 2, 0, (standard - 2) / 1e-7];
    seen(layers, 0.75).forEach((value, i) => expect(value / (expected[i] || 1)).toBeCloseTo(expected[i] ? 1 : 0, 9));
  });

  it('are one mean for all where Normalization has no axis, which Keras writes as an empty list', () => {
    const layers = [normalization({ axis: [], mean: 0.5, variance: 4 }), ...end];
    for (const value of seen(layers, 0.75)) expect(value).toBeCloseTo(0.25, 12);
  });

  it.each(['normalization', 'model/block/normalization'])('are taken out of weights called %s', name => {
    const inner = name.includes('block');
    const own = normalization({ mean: null, variance: null });
    const layers = inner ? [{ class_name: 'Sequential', config: { name: 'block', layers: [own] } }] : [own];
    const topology = functional([2, 2, 3], [...layers, ...end]);
    const values = (...list: readonly number[]) => ({ shape: [list.length], data: Float32Array.from(list) });
    const weights = new Map([
      [`${name}/mean`, values(0, 1, 2)],
      [`${name}/variance`, values(1, 4, 16)],
    ]);
    const { rescaling: found } = lowerModel(modelOf(withStatistics(topology, weights)), target);
    expect(found).toEqual({ scale: [1, 0.5, 0.25], offset: [-0, -0.5, -0.5] });
    expect(withStatistics(functional([2, 2, 3], end), weights)).toEqual(functional([2, 2, 3], end));
  });

  it.each([
    ['Sequential', sequential([2, 2, 3], [rescaling(2), ...end])],
    ['Functional', functional([2, 2, 3], [rescaling(2), ...end])],
    ['Keras 3', keras3([2, 2, 3], [rescaling(2), ...end])],
    ['behind a Flatten', sequential([2, 2, 3], [layer('Flatten'), rescaling(2), dense('out', 4)])],
  ])('are taken in %s', (_, topology) => {
    expect(lowerModel(modelOf(topology), target).rescaling).toEqual({ scale: [2], offset: [0] });
  });

  it.each<[string, readonly LayerJson[], RegExp]>([
    ['without values', [normalization({ mean: null, variance: null }), ...end], /mean has no values: adapt the layer/],
    ['inverted', [normalization({ mean: 0, variance: 1, invert: true }), ...end], /invert is not covered/],
    ['along rows', [normalization({ axis: 1, mean: [0, 0], variance: [1, 1] }), ...end], /works along axis 1/],
    ['of 0', [rescaling(0), ...end], /"rescaling" \(Rescaling\) has a scale that is 0/],
    ['of other channels', [rescaling([1, 2]), ...end], /constants for 2 channels of examples of shape \[2, 2, 3\]/],
    ['of text', [rescaling('1/255'), ...end], /scale must be a number, or one for each channel/],
    [
      'within the model',
      [layer('Flatten'), dense('hidden', 3), rescaling(2), dense('out', 4)],
      /"rescaling" scales or shifts by constants what is not the model's input alone/,
    ],
    [
      'by channel, where the data has others',
      [layer('Flatten'), rescaling(new Array(12).fill(2)), dense('out', 4)],
      /constants for 12 channels, but the data has examples of shape \[2, 2, 3\]/,
    ],
  ])('%s are refused in words', (_, layers, text) => {
    expect(() => plan(layers)).toThrow(text);
  });

  it('are refused where another layer takes the input without them, or with others', () => {
    const conv = layer('Conv2D', { name: 'conv', filters: 3, kernel_size: 1 });
    const both = (...second: (readonly [LayerJson, readonly string[]])[]) =>
      lowerModel(
        modelOf(
          graph(
            [2, 2, 3],
            [
              [rescaling(2), ['in']],
              [conv, ['rescaling']],
              ...second,
              [layer('Add', { name: 'sum' }), ['conv', second.at(-1)![0].config['name'] as string]],
              [layer('Flatten'), ['sum']],
              [dense('out', 4), ['flatten']],
            ],
          ),
        ),
        target,
      );
    const plain = layer('Conv2D', { name: 'plain', filters: 3, kernel_size: 1 });
    expect(() => both([plain, ['in']])).toThrow(/"plain" takes the model's input, which another layer takes scaled/);
    expect(() => both([rescaling(3, 0, 'other'), ['in']])).toThrow(/"other" scales or shifts by constants what is not/);
  });
});
