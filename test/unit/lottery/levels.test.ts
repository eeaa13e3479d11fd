import { describe, expect, it } from 'vitest';
import { ExperimentError } from '../../../src/shared/experiment';
import { roundHalfEven } from '../../../src/lottery/counts';
import { levelsFor } from '../../../src/lottery/levels';
import { layer, lenet, pruningDefaults } from './support';

const plan = (changes: object, layers = lenet) => levelsFor({ ...pruningDefaults, ...changes }, layers);

function errorOf(changes: object, layers = lenet): ExperimentError {
  try {
    plan(changes, layers);
  } catch (error) {
    if (error instanceof ExperimentError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('levels by arithmetic', () => {
  it('gives the counts that pruning gives', () => {
    expect(plan({ levels: 3 }).kept).toEqual([266_200, 212_960, 170_368, 136_294]);
    const google = plan({ counts: 'google', scope: 'layer', levels: 18 }).kept;
    expect([3, 7, 9, 15, 18].map(level => google[level])).toEqual([136_503, 56_081, 35_967, 9_518, 4_908]);
    const openLth = plan({ counts: 'open_lth', exclude: ['dense_3'], levels: 15 }).kept;
    expect([1, 3, 7, 15].map(level => openLth[level])).toEqual([212_959, 136_291, 55_820, 9_359]);
  });

  it('halves the rate of the output layer with scope "layer" unless told otherwise', () => {
    expect(plan({ scope: 'layer', levels: 1 }).kept[1]).toBe(188_160 + 24_000 + 900);
    expect(plan({ scope: 'layer', levels: 1, outputRate: 0.3 }).kept[1]).toBe(188_160 + 24_000 + 700);
    expect(plan({ scope: 'layer', levels: 1, outputRate: 0 }).kept[1]).toBe(188_160 + 24_000 + 1_000);
    expect(plan({ scope: 'global', levels: 1, outputRate: 0 }).kept[1]).toBe(212_960);
  });

  it('gives convolutions a rate of their own: the Conv-2 of the paper', () => {
    // 3×3 convolutions with 64 channels, dense layers of 256, 256 and 10 (Frankle & Carbin 2019, figure 2)
    const conv2 = [
      layer('conv_1', [3, 3, 3, 64]),
      layer('conv_2', [3, 3, 64, 64]),
      layer('fc_1', [16_384, 256]),
      layer('fc_2', [256, 256]),
      layer('output', [256, 10], true),
    ];
    const rates = { scope: 'layer', convolutionRate: 0.1, rate: 0.2, outputRate: 0.1, levels: 1 };
    const [convolutions, dense] = [1_555 + 33_178, 3_355_443 + 52_429 + 2_304];
    expect(plan(rates, conv2).kept[1]).toBe(convolutions + dense);
    expect(plan({ ...rates, convolutionRate: 0 }, conv2).kept[1]).toBe(1_728 + 36_864 + dense);
    // layerwise whatever the scope says, and one weight more of each layer
    expect(plan({ ...rates, scope: 'global', counts: 'google' }, conv2).kept[1]).toBe(convolutions + dense - 5);
  });

  it('gives an output layer that is a convolution the output rate', () => {
    const layers = [layer('conv', [1, 1, 10, 10]), layer('output', [1, 1, 10, 10], true)];
    const rates = { scope: 'layer', convolutionRate: 0.5, outputRate: 0.1, levels: 1 };
    expect(plan(rates, layers).kept[1]).toBe(50 + 90);
  });

  it('resolves a target to the first level that reaches it', () => {
    const { levels, kept, total } = plan({ target: 0.95 });
    expect(levels).toBe(14);
    expect(1 - kept[14]! / total).toBeGreaterThanOrEqual(0.95);
    expect(1 - kept[13]! / total).toBeLessThan(0.95);
    expect(plan({ target: 0.2 }).levels).toBe(1); // exactly 0.2
  });

  it('prunes 12 levels where nothing is said, and none where 0 is', () => {
    expect(plan({}).levels).toBe(12);
    expect(plan({ levels: 0, exclude: ['dense_1', 'dense_2', 'dense_3'] }).kept).toEqual([266_200]);
  });

  it.each<[string, object, string, RegExp]>([
    ['a target that the dense network meets', { target: 1e-7 }, 'pruning.target', /meets it already/],
    ['a target beyond the excluded layers', { target: 0.9, exclude: ['dense_1'] }, 'pruning.target', /hold 235200 of/],
    [
      'a target that rounding never reaches',
      { target: 0.99, rate: 0.001, scope: 'layer' },
      'pruning.target',
      /is not reached: level \d+ still/,
    ],
    ['everything excluded', { exclude: ['dense_1', 'dense_2', 'dense_3'] }, 'pruning.exclude', /every prunable layer/],
    ['a rate for convolutions of all layers', { convolutionRate: 0.1 }, 'pruning.convolutionRate', /scope to "layer"/],
    [
      'an unknown layer excluded',
      { exclude: ['fc'] },
      'pruning.exclude',
      /"fc" is no layer .* dense_1, dense_2, dense_3/,
    ],
    [
      'a level that empties a layer',
      { scope: 'layer', counts: 'google', levels: 100 },
      'pruning.levels',
      /level 39 would leave layer "dense_2" without a weight/,
    ],
    [
      'a target whose last level empties a layer',
      { scope: 'layer', counts: 'google', target: 0.9999 },
      'pruning.target',
      /would leave layer "dense_2" without a weight/,
    ],
    [
      'counts of open_lth that exceed what is not excluded',
      { counts: 'open_lth', exclude: ['dense_1'] },
      'pruning.rate',
      /level 1 would leave 0 weights for the 2 layers/,
    ],
  ])('refuses %s, naming the field', (_, changes, field, message) => {
    const error = errorOf(changes);
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
  });

  it('refuses fewer weights than layers: one of them would be empty for sure', () => {
    const error = errorOf({ levels: 60 });
    expect(error.field).toBe('pruning.levels');
    expect(error.message).toMatch(/level 52 would leave 2 weights for the 3 layers/);
  });

  it('names the rate where the first level empties a layer already', () => {
    const error = errorOf({ scope: 'layer', rate: 0.9, levels: 3 }, [layer('a', [20]), layer('b', [1, 3])]);
    expect(error.field).toBe('pruning.rate');
    expect(error.message).toMatch(/level 1 would leave layer "b" without a weight/);
  });

  it('refuses a model without prunable weights', () => {
    expect(errorOf({}, []).field).toBe('model');
  });
});

describe('rounding', () => {
  it('goes to the even number from a half, to the nearest otherwise', () => {
    expect([0.5, 1.5, 2.5, 2.4999, 2.5001, 3, 3.7].map(roundHalfEven)).toEqual([0, 2, 2, 2, 3, 3, 4]);
  });
});
