import { describe, expect, it } from 'vitest';
import { experimentText, newExperiment } from '../../../src/host/experimentFiles';
import { groupOf, isMadeFor, lengths, presetLengths, presetsFor, validationOf } from '../../../src/host/recipes';
import { presetOf, presets, type Preset } from '../../../src/models/presets';
import { parseExperiment } from '../../../src/shared/parse';
import { samplePreviews } from '../../support/sampleData';

/** Those of MNIST and CIFAR-10, without those held back. */
const trainingExamples = ({ data: { format, validation } }: Preset) => {
  const all = { idx: 60_000, cifar10: 50_000 }[format];
  return all - (validation ?? all / 10);
};
const lengthsOf = (model: string) => {
  const preset = presetOf(`builtin:${model}`)!;
  return presetLengths(preset, trainingExamples(preset));
};

describe('built-in models', () => {
  it.each(presets)('$label is a valid experiment at every length', preset => {
    const data = { ...preset.data, directory: 'data' };
    for (const { recipe, steps, levels } of presetLengths(preset, trainingExamples(preset))) {
      const file = newExperiment({ name: 'mine', model: preset.model, data, recipe, compare: ['one-shot'] });
      const parsed = parseExperiment(experimentText(file), 'x');
      expect(parsed.model).toBe(preset.model);
      if (parsed.training.steps !== undefined) expect(parsed.training.steps).toBe(steps);
      if (parsed.pruning.levels !== undefined) expect(parsed.pruning.levels).toBe(levels);
    }
  });

  it('are offered on any data, those first whose recipe is made for such; the digits have the form of MNIST', () => {
    const first = (inputShape: readonly number[]) =>
      presetsFor(inputShape)
        .filter(preset => isMadeFor(preset, inputShape))
        .map(({ label }) => label);
    for (const shape of [[28, 28, 1], [32, 32, 3], [4]]) expect(new Set(presetsFor(shape))).toEqual(new Set(presets));
    expect(presetsFor([32, 32, 3])[0]!.label).toBe('Conv-2');
    expect(first([28, 28, 1])).toEqual(['LeNet-300-100', 'SimpleCNN']);
    expect(first([32, 32, 3])).toContain('ResNet-20');
    expect(first([4])).toEqual([]);
    expect(presets.filter(preset => groupOf(preset) === 'dense').map(({ label }) => label)).toEqual(['LeNet-300-100']);
  });

  it('hold back what their paper does on its data, and on other or fewer data what the data does', () => {
    const preset = presetOf('builtin:lenet-300-100')!;
    const { data } = samplePreviews.images;
    expect(validationOf(preset, data)).toBe(5000);
    expect(validationOf(preset, { ...data, training: 10_000 })).toBeUndefined();
    expect(validationOf(preset, { ...data, data: { inputShape: [32, 32, 3], classes: 10 } })).toBeUndefined();
    expect(validationOf(presetOf('builtin:simple-cnn')!, data)).toBeUndefined();
  });
});

describe('the guidelines', () => {
  it('go to 95 % from the start with all the training, or to 80 % from 1 % with a fifth of it, as the model is small or large', () => {
    const [small, large] = lengthsOf('resnet-20').slice(3);
    expect(small!.recipe).toMatchObject({ training: { epochs: 160 }, pruning: { rate: 0.2, target: 0.95 }, rewind: 0 });
    expect(large!.recipe).toMatchObject({
      training: { steps: 32 * 352, schedule: { milestones: [16 * 352, 24 * 352] } },
      pruning: { rate: 0.15, target: 0.8 },
      rewind: '1%',
    });
    // what the recipe leaves whole stays whole
    expect(lengthsOf('vgg-16')[3]!.recipe.pruning).toMatchObject({ exclude: ['fc'] });
  });
});

describe('a shortened recipe', () => {
  it('of LeNet-300-100 is a fiftieth and a tenth of the paper, with its optimiser and rates', () => {
    const [quick, thorough, whole] = lengthsOf('lenet-300-100');
    expect([quick, thorough, whole].map(length => [length!.steps, length!.levels])).toEqual([
      [1000, 8],
      [5000, 15],
      [50_000, 15],
    ]);
    const { evaluateEvery, ...training } = whole!.recipe.training!;
    expect(evaluateEvery).toBe(100);
    expect(quick!.recipe.training).toEqual({ ...training, steps: 1000 });
    expect(quick!.recipe.pruning).toEqual({ ...whole!.recipe.pruning, levels: 8 });
  });

  it('keeps milestones and rewind step where they stand in the course of training', () => {
    const [, thorough, whole] = lengthsOf('resnet-20');
    expect(whole!.steps).toBe(160 * 352);
    expect(whole!.recipe).toMatchObject({ training: { epochs: 160 }, rewind: 1000 });
    expect(thorough!.steps).toBe(5600);
    expect(thorough!.recipe).toMatchObject({
      training: {
        batchSize: 128,
        augmentation: { crop: 4, flip: true },
        schedule: { name: 'multi-step', milestones: [2800, 4200] },
      },
      rewind: 99,
    });
    expect(thorough!.recipe.training).not.toHaveProperty('epochs');
  });

  it('has levels in place of a target, and no more than that takes', () => {
    const [quick, thorough, whole] = lengthsOf('simple-cnn');
    expect([quick!.levels, thorough!.levels, whole!.levels]).toEqual([8, 11, 11]);
    expect(quick!.recipe.pruning).not.toHaveProperty('target');
    expect(whole!.detail).toBe('5 epochs a run, 11 levels: down to 8.6 % of the weights');
  });

  it('is never longer than the whole', () => {
    for (const preset of presets) {
      const steps = presetLengths(preset, 9_000)
        .slice(0, 3)
        .map(length => length.steps);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
    }
  });
});

it('models from a file have three lengths, shortest first, and the guidelines for small and large ones', () => {
  expect(lengths.map(({ detail }) => detail)).toEqual([
    '1,000 steps a run, 8 levels: down to 16.8 % of the weights',
    '5,000 steps a run, 15 levels: down to 3.5 % of the weights',
    '50,000 steps a run, 15 levels: down to 3.5 % of the weights',
    expect.stringMatching(
      /^5,000 steps a run, 14 levels: down to 4.4 % of the weights; 20 % a round, rewound to the start/,
    ),
    expect.stringMatching(/^1,000 steps a run, 10 levels: down to 19.7 % of the weights; 15 % a round, rewound to 1 %/),
  ]);
});
