import { describe, expect, it } from 'vitest';
import { boxesOf } from '../../../src/checkpoints/keras/hdf5Boxes';
import { parseKerasConfig } from '../../../src/checkpoints/keras/kerasConfig';
import { nameDatasets, type NamingContext } from '../../../src/checkpoints/keras/kerasNames';
import { toSnakeCase, variableNames } from '../../../src/checkpoints/keras/kerasVariables';

const model = (...layers: readonly object[]): string =>
  JSON.stringify({ class_name: 'Functional', config: { layers } });
const layer = (className: string, name: string, config: object = {}): object => ({
  class_name: className,
  config: { name, ...config },
});
const named = (paths: readonly string[], context: Partial<NamingContext>): string[] =>
  nameDatasets(paths, { layout: 'paths', layers: [], groupNames: {}, ...context }).map(({ name }) => name);

describe('names of variables', () => {
  it('follow the configuration, models within models too', () => {
    const layers = parseKerasConfig(
      model(
        layer('Dense', 'first'),
        layer('Functional', 'inner', { layers: [layer('Dense', 'deep')] }),
        layer('Dense', 'last'),
      ),
    )!;
    expect(
      named(
        [
          'layers/dense/vars/0',
          'layers/dense_1/vars/0',
          'layers/functional/layers/dense/vars/0',
          'layers/dense_2/vars/0',
        ],
        { layers },
      ),
    ).toEqual(['first/kernel', 'last/kernel', 'inner/deep/kernel', 'dense_2/kernel']);
  });

  it('take the names that Keras keeps with groups', () => {
    const groupNames = {
      'layers/multi_head_attention/vars': 'attention',
      'layers/multi_head_attention/query_dense/vars': 'query',
    };
    expect(named(['layers/multi_head_attention/query_dense/vars/0'], { groupNames })).toEqual([
      'attention/query/vars/0',
    ]);
    expect(named(['layers/lstm/cell/vars/0'], {})).toEqual(['lstm/cell/vars/0']);
  });

  it('of Keras 2 leave out what is said twice, but not where two would be called the same', () => {
    const layout = 'legacy';
    expect(named(['model_weights/a/a/kernel:0', 'model_weights/b/c/kernel:0'], { layout })).toEqual([
      'a/kernel',
      'b/c/kernel',
    ]);
    expect(named(['model_weights/a/a/kernel:0', 'a/a/kernel:0'], { layout })).toEqual([
      'model_weights/a/a/kernel:0',
      'a/a/kernel:0',
    ]);
  });

  it.each([
    ['Conv2DTranspose', 'conv2d_transpose'],
    ['DepthwiseConv2D', 'depthwise_conv2d'],
    ['MultiHeadAttention', 'multi_head_attention'],
    ['LSTM', 'lstm'],
    ['PReLU', 'p_re_lu'],
  ])('%s is written %s', (className, group) => {
    expect(toSnakeCase(className)).toBe(group);
  });

  it('of a normalisation are told only where none, or its configuration, is left out', () => {
    expect(variableNames('batch_normalization', 4)).toEqual(['gamma', 'beta', 'moving_mean', 'moving_variance']);
    expect(variableNames('batch_normalization', 3)).toBeNull();
    expect(variableNames('batch_normalization', 3, { scale: false })).toEqual([
      'beta',
      'moving_mean',
      'moving_variance',
    ]);
    expect(variableNames('dense', 1)).toEqual(['kernel']);
    expect(variableNames('lambda', 1)).toBeNull();
  });
});

describe('a configuration', () => {
  it.each(['', '{', 'null', '[]', '{"config": 1}', '['.repeat(100_000), `[${'0,'.repeat(3_000_000)}0]`])(
    'that is none is none',
    json => {
      expect(parseKerasConfig(json)).toBeNull();
    },
  );

  it('gives names and classes whatever else is in it', () => {
    const layers = parseKerasConfig(
      '{"config": {"layers": [null, 1, {"config": []}, {"class_name": "Dense", "config": {"name": "__proto__"}}]}}',
    )!;
    expect(layers.map(({ name, className }) => [name, className])).toEqual([
      ['', ''],
      ['', ''],
      ['', ''],
      ['__proto__', 'Dense'],
    ]);
  });
});

it('boxes hold each position of a range once, in order', () => {
  const shape = [3, 1, 4, 2];
  for (let begin = 0; begin <= 24; begin++) {
    for (let end = begin; end <= 24; end++) {
      const places: number[] = [];
      for (const { offset, count, values } of boxesOf(shape, begin, end)) {
        const before = places.length;
        for (let i = 0; i < count[0]!; i++) {
          for (let j = 0; j < count[1]!; j++) {
            for (let k = 0; k < count[2]!; k++) {
              for (let l = 0; l < count[3]!; l++) {
                places.push(8 * (offset[0]! + i) + 8 * (offset[1]! + j) + 2 * (offset[2]! + k) + offset[3]! + l);
              }
            }
          }
        }
        expect(places.length - before).toBe(values);
      }
      expect(places).toEqual(Array.from({ length: end - begin }, (_, i) => begin + i));
    }
  }
});
