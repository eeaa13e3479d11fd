import { describe, expect, it } from 'vitest';
import { experimentText, newExperiment } from '../../../src/host/experimentFiles';
import { groupOf, lengths, multiplyAdds, presetLengths, presetsFor } from '../../../src/host/recipes';
import { loadModel } from '../../../src/models/load';
import { presetOf, presets } from '../../../src/models/presets';
import { parseExperiment } from '../../../src/shared/parse';
import { lowerModel } from '../../../src/training/plan/lower';
import type { Plan } from '../../../src/training/plan/plan';

const lengthsOf = (model: string) => {
  const preset = presetOf(`builtin:${model}`)!;
  return presetLengths(preset, preset.data.format);
};

describe('built-in models', () => {
  it.each(presets)('$label is a valid experiment at every length', preset => {
    const data = { ...preset.data, directory: 'data' };
    for (const { recipe, steps, levels } of presetLengths(preset, preset.data.format)) {
      const file = newExperiment({ name: 'mine', model: preset.model, data, recipe, compare: ['one-shot'] });
      const parsed = parseExperiment(experimentText(file), 'x');
      expect(parsed.model).toBe(preset.model);
      if (parsed.training.steps !== undefined) expect(parsed.training.steps).toBe(steps);
      if (parsed.pruning.levels !== undefined) expect(parsed.pruning.levels).toBe(levels);
    }
  });

  it('are offered for the data that their recipe is made for; the digits have the form of MNIST', () => {
    const names = (format?: 'idx' | 'cifar10' | 'digits') => presetsFor(format).map(({ label }) => label);
    expect(names('digits')).toEqual(names('idx'));
    expect(names('idx')).toContain('LeNet-300-100');
    expect(names('cifar10')).toContain('ResNet-20');
    expect(names('cifar10')).not.toContain('LeNet-300-100');
    expect(names()).toHaveLength(presets.length);
    expect(presets.filter(preset => groupOf(preset) === 'dense').map(({ label }) => label)).toEqual(['LeNet-300-100']);
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
      const steps = presetLengths(preset, 'digits').map(length => length.steps);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
    }
  });
});

it('models from a file have three lengths, shortest first', () => {
  expect(lengths.map(({ detail }) => detail)).toEqual([
    '1,000 steps a run, 8 levels: down to 16.8 % of the weights',
    '5,000 steps a run, 15 levels: down to 3.5 % of the weights',
    '50,000 steps a run, 15 levels: down to 3.5 % of the weights',
  ]);
});

describe('the work of one example', () => {
  it.each(presets)('of $label is what its layers multiply, within a tenth', async ({ model, data }) => {
    const inputShape = data.format === 'idx' ? [28, 28, 1] : [32, 32, 3];
    const plan = lowerModel(await loadModel(model, '.'), { inputShape, classes: 10, loss: 'cross-entropy' });
    const counted = multiplyAddsOf(plan);
    expect(multiplyAdds[model]! / counted).toBeGreaterThan(0.9);
    expect(multiplyAdds[model]! / counted).toBeLessThan(1.1);
  });
});

function multiplyAddsOf({ ops, parameters, activations }: Plan): number {
  return ops.reduce((sum, op) => {
    if (op.kind !== 'dense' && op.kind !== 'conv2d') return sum;
    const [height = 1, width = 1] = op.kind === 'conv2d' ? activations[op.output]!.shape : [];
    return sum + parameters[op.kernel]!.size * height * width;
  }, 0);
}
