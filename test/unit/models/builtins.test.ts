import { describe, expect, it } from 'vitest';
import { builtinModel, builtinNames } from '../../../src/models/builtins';
import { loadModel } from '../../../src/models/load';
import { presets } from '../../../src/models/presets';
import { initialWeights } from '../../../src/models/weights';
import { Random } from '../../../src/shared/random';
import { parseExperiment } from '../../../src/shared/parse';
import { sizeOf } from '../../../src/training/plan/geometry';
import { lowerModel } from '../../../src/training/plan/lower';
import type { Plan, PlanOp } from '../../../src/training/plan/plan';
import { forward64 } from '../../support/float64Reference';
import { TfReference } from '../../support/tfReference';

const colour = [32, 32, 3] as const;
const grey = [28, 28, 1] as const;

const lower = (name: string, inputShape: readonly number[] = colour, classes = 10): Plan =>
  lowerModel(builtinModel(name), { inputShape, classes, loss: 'cross-entropy' });
const count = (plan: Plan, which: 'prunable' | 'trainable'): number =>
  plan.parameters.reduce((sum, parameter) => sum + (parameter[which] ? parameter.size : 0), 0);

describe('built-in models', () => {
  it('end in numbers as they are where these are to be predicted, and keep their fingerprint', async () => {
    for (const name of ['lenet-300-100', 'simple-cnn', 'resnet-20']) {
      const classes = await loadModel(`builtin:${name}`, '.');
      const numbers = await loadModel(`builtin:${name}`, '.', { inputShape: colour, classes: 3, task: 'regression' });
      const plan = lowerModel(numbers, {
        inputShape: colour,
        classes: 3,
        task: 'regression',
        loss: 'mean-squared-error',
      });
      expect(plan.ops.at(-1)).toMatchObject({ kind: 'dense' });
      expect(plan.activations.at(-1)!.shape).toEqual([3]);
      expect(numbers.fingerprint).toBe(classes.fingerprint);
    }
  });

  /** [model, data, weights of kernels, all that is trained]: as the papers and their code count them */
  const sizes: readonly [string, readonly number[], number, number][] = [
    ['lenet-300-100', grey, 266_200, 266_610],
    // PyTorch's MNIST example
    ['simple-cnn', grey, 1_199_648, 1_199_882],
    ['conv-2', colour, 4_300_992, 4_301_642],
    ['conv-4', colour, 2_425_024, 2_425_930],
    ['conv-6', colour, 2_261_184, 2_262_602],
    // kernels of the ResNet-20 of IntelLabs/distiller; all of akamaster's with option B shortcuts
    ['resnet-20', colour, 270_896, 272_474],
    // akamaster's with option A: 0.27 M, 0.46 M and 0.85 M
    ['resnet-a:20', colour, 268_336, 269_722],
    ['resnet-a:32', colour, 461_872, 464_154],
    ['resnet-a:56', colour, 848_944, 853_018],
    // kuangliu/pytorch-cifar
    ['resnet-18', colour, 11_164_352, 11_173_962],
    ['vgg-16', colour, 14_715_584, 14_724_042],
    ['vgg-19', colour, 20_024_000, 20_035_018],
  ];
  it.each(sizes)('%s on %j has its known number of weights', (name, inputShape, kernels, all) => {
    const plan = lower(name, inputShape);
    expect([count(plan, 'prunable'), count(plan, 'trainable')]).toEqual([kernels, all]);
    expect(plan.activations.at(-1)!.shape).toEqual([10]);
  });

  it('are all offered with a recipe that the schema takes', () => {
    expect(presets.map(({ model }) => model)).toEqual(builtinNames.map(name => `builtin:${name}`));
    for (const { model, data, experiment } of presets) {
      const text = JSON.stringify({ name: 'preset', model, data: { ...data, directory: '.' }, ...experiment });
      expect(parseExperiment(text, 'preset.ticket.json').model).toBe(model);
    }
  });

  it('are left whole at the layers that their recipe excludes', () => {
    for (const { model, experiment } of presets) {
      const plan = lower(model.slice('builtin:'.length));
      const layers = plan.parameters.map(({ layer }) => layer);
      expect(layers).toEqual(expect.arrayContaining(experiment.pruning?.exclude ?? []));
    }
  });

  it.each(builtinNames)('%s fits itself to other images and classes', name => {
    const plan = lower(name, [40, 33, 1], 3);
    expect(plan.activations.at(-1)!.shape).toEqual([3]);
  });

  it('has a fingerprint of its own, each', async () => {
    const models = await Promise.all(builtinNames.map(name => loadModel(`builtin:${name}`, '/')));
    expect(new Set(models.map(({ fingerprint }) => fingerprint)).size).toBe(builtinNames.length);
  });

  it('halves images in ResNet-20 where PyTorch does, its padding folded into the convolution', () => {
    const plan = lower('resnet-20');
    const halving = plan.ops.filter(op => op.kind === 'conv2d' && op.strides[0] === 2);
    expect(halving.map(op => [op.layer, op.kind === 'conv2d' && op.padding])).toEqual([
      ['blocks.3.conv1', { top: 1, bottom: 1, left: 1, right: 1 }],
      ['blocks.3.shortcut.0', { top: 0, bottom: 0, left: 0, right: 0 }],
      ['blocks.6.conv1', { top: 1, bottom: 1, left: 1, right: 1 }],
      ['blocks.6.shortcut.0', { top: 0, bottom: 0, left: 0, right: 0 }],
    ]);
    expect(plan.ops.map(({ kind }) => kind)).not.toContain('zero-padding');
    expect(plan.ops.filter(({ kind }) => kind === 'add')).toHaveLength(9);
  });

  it('takes every second pixel in shortcuts without weights, with zeros before and behind its channels', () => {
    const plan = lower('resnet-a:8', [5, 4, 3]);
    const ops = plan.ops.filter(({ layer }) => layer.startsWith('blocks.1.shortcut'));
    expect(ops.map(({ kind }) => kind)).toEqual(['average-pool', 'reshape', 'zero-padding', 'reshape']);
    const [first] = ops as [PlanOp, ...PlanOp[]];
    const { shape } = plan.activations[first.inputs[0]!]!;
    const alone: Plan = {
      ...plan,
      inputShape: shape,
      activations: [{ shape, size: sizeOf(shape) }, ...ops.map(op => plan.activations[op.output]!)],
      ops: ops.map((op, i) => ({ ...op, inputs: [i], output: i + 1 })),
      parameters: [],
    };
    const image = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 1);
    const made = forward64(alone, [], image);
    const expected = Array.from({ length: 3 * 2 * 32 }, (_, i) => {
      const [row, column, channel] = [Math.floor(i / 64), Math.floor(i / 32) % 2, (i % 32) - 8];
      return channel >= 0 && channel < 16 ? image[(2 * row * 4 + 2 * column) * 16 + channel]! : 0;
    });
    expect(Array.from(made)).toEqual(expected);
  });

  it("begins ResNets as open_lth does: Kaiming normal kernels, γ between 0 and 1, PyTorch's moving variance", () => {
    const plan = lower('resnet-20');
    const weights = initialWeights(plan, 3);
    const named = (name: string): Float32Array => weights[plan.parameters.findIndex(p => p.name === name)]!;
    const kernel = named('blocks.8.conv2/kernel');
    const deviation = Math.sqrt(kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length);
    expect(deviation / Math.sqrt(2 / (9 * 64))).toBeCloseTo(1, 1);
    const gamma = named('blocks.8.bn2/gamma');
    expect(Math.min(...gamma)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...gamma)).toBeLessThan(1);
    expect(new Set(gamma).size).toBeGreaterThan(60);
    expect(new Set(named('bn/moving_variance'))).toEqual(new Set([1]));
    expect(plan.ops.find(({ kind }) => kind === 'batch-normalization')).toMatchObject({
      unbiased: true,
      momentum: 0.9,
      epsilon: 1e-5,
    });
  });

  it.each([
    ['conv-6', [7, 32, 3], /"builtin:conv-6" needs images of at least 8×8 pixels, but the data has 7×32/],
    ['simple-cnn', [5, 5, 1], /at least 6×6 pixels/],
    ['vgg-16', [8, 8, 3], /at least 16×16 pixels/],
    ['resnet-18', [4, 4, 3], /at least 8×8 pixels/],
    ['conv-4', [784], /takes images, but the data has examples of shape \[784\]; use "builtin:mlp/],
  ])('%s refuses data of shape %j', (name, inputShape, text) => {
    expect(() => lower(name, inputShape)).toThrow(text);
  });

  it.each(['resnet-20', 'resnet-a:20'])('has a %s that TensorFlow.js reads and runs as the plan does', async name => {
    const inputShape = [8, 7, 3];
    const plan = lower(name, inputShape);
    const weights = initialWeights(plan, 1);
    const random = new Random('resnet test');
    const inputs = Float32Array.from({ length: 8 * 7 * 3 }, () => random.nextGaussian());
    const topology = builtinModel(name).topology(inputShape, 10);
    const reference = await TfReference.create(topology, plan, weights);
    const logits = forward64(plan, weights, inputs);
    const powers = logits.map(value => Math.exp(value - Math.max(...logits)));
    const sum = powers.reduce((total, value) => total + value, 0);
    reference.predict(inputs).forEach((value, i) => expect(powers[i]! / sum).toBeCloseTo(value, 4));
    reference.dispose();
  });

  it('names them all where there is no such model', () => {
    expect(() => builtinModel('resnet-50')).toThrow(/no built-in model "resnet-50"; use .*"builtin:resnet-20"/);
  });

  it.each(['', '2', '21', '1208', '20a', '8.0'])('has no resnet-a of depth "%s"', depth => {
    expect(() => builtinModel(`resnet-a:${depth}`)).toThrow(/needs a depth of 6n \+ 2 layers from 8 to 1202/);
  });
});
