import { describe, expect, it } from 'vitest';
import { resolveExperiment, type ResolveInput } from '../../../src/job/resolve';
import { ExperimentError } from '../../../src/shared/experiment';
import { parseExperiment } from '../../../src/shared/parse';

const parameter = (layer: string, shape: number[], prunable: boolean) => ({
  name: `${layer}/${prunable ? 'kernel' : 'bias'}`,
  layer,
  shape,
  size: shape.reduce((product, n) => product * n, 1),
  prunable,
});

const input: ResolveInput = {
  data: {
    task: 'classification',
    classes: 4,
    // 606, 202, 101 and 101 of each class
    training: {
      count: 1010,
      labels: Uint8Array.from({ length: 1010 }, (_, i) => [0, 1, 0, 2, 0, 1, 0, 3, 0, 0][i % 10]!),
    },
    validation: { count: 90 },
    inputShape: [28, 28, 1],
    mean: [0.1],
    std: [0.3],
  },
  model: {
    parameters: [
      parameter('hidden', [10, 20], true),
      parameter('hidden', [20], false),
      parameter('output', [20, 10], true),
      parameter('output', [10], false),
    ],
    outputLayer: 'output',
  },
};

function resolve(overlay: object, data: Partial<ResolveInput['data']> = {}) {
  const file = { name: 'a', model: 'm', data: { format: 'digits' }, ...overlay };
  return resolveExperiment(parseExperiment(JSON.stringify(file), 'a.ticket.json'), {
    ...input,
    data: { ...input.data, ...data },
  });
}

function errorOf(overlay: object, data: Partial<ResolveInput['data']> = {}): ExperimentError {
  try {
    resolve(overlay, data);
  } catch (error) {
    if (error instanceof ExperimentError) return error;
    throw error;
  }
  throw new Error('expected an ExperimentError');
}

describe('a resolved experiment', () => {
  it('has steps for epochs, the small last batch of each counted', () => {
    // 1010 examples in batches of 100 are 11 steps an epoch
    expect(resolve({ training: { batchSize: 100, epochs: 3 } }).training.steps).toBe(33);
    expect(resolve({ training: { batchSize: 100, epochs: 0.5 } }).training.steps).toBe(6);
  });

  it('trains 10 epochs where neither steps nor epochs are given', () => {
    expect(resolve({ training: { batchSize: 100 } }).training.steps).toBe(110);
  });

  it.each([
    [5000, 250],
    [30, 2],
    [7, 1],
    [0, 1],
  ])('of %i steps is evaluated every %i', (steps, every) => {
    expect(resolve({ training: { steps } }).training.evaluateEvery).toBe(every);
  });

  it.each([
    [100, 100],
    ['1%', 10],
    ['0.5%', 5],
    ['2 epochs', 22],
  ])('rewinds to %j as step %i', (rewind, step) => {
    expect(resolve({ training: { steps: 1000, batchSize: 100 }, rewind }).rewind).toBe(step);
  });

  it('has the points of its schedule in steps', () => {
    const training = {
      steps: 1000,
      batchSize: 100,
      schedule: { name: 'multi-step', milestones: ['50%', '60 epochs'], warmup: '1%' },
    };
    expect(resolve({ training }).training.schedule).toEqual({
      name: 'multi-step',
      milestones: [500, 660],
      factor: 0.1,
      warmup: 10,
    });
  });

  it('has levels for a target, and keeps the target', () => {
    // 0.8^10 keeps 10.7 %, 0.8^11 8.6 %
    expect(resolve({ pruning: { target: 0.9 } }).pruning).toMatchObject({ levels: 11, target: 0.9 });
    expect(resolve({}).pruning.levels).toBe(12);
  });

  it('keeps what the recipe asks of each step', () => {
    const asked = {
      labelSmoothing: 0.1,
      clipNorm: 1,
      averageDecay: 0.999,
      earlyStopping: { patience: 3 },
      augmentation: { crop: 28, flip: true },
    };
    expect(resolve({ training: asked }).training).toMatchObject(asked);
  });

  it('has class weights as numbers: balanced by the training examples, as scikit-learn does', () => {
    expect(resolve({}).training).not.toHaveProperty('classWeights');
    expect(resolve({ training: { classWeights: [1, 2, 3, 4.5] } }).training.classWeights).toEqual([1, 2, 3, 4.5]);
    // 606, 202, 101 and 101 of 1010 examples
    const balanced = [1010 / (4 * 606), 1010 / (4 * 202), 2.5, 2.5];
    expect(resolve({ training: { classWeights: 'balanced' } }).training.classWeights).toEqual(balanced);
  });

  it('says that the data has numbers to predict, whatever told it', () => {
    const labels = new Float32Array(1010);
    const { data } = resolve({}, { task: 'regression', classes: 1, training: { count: 1010, labels } });
    expect(data).toHaveProperty('task', 'regression');
    expect(resolve({}).data).not.toHaveProperty('task');
  });

  it('has every other default filled in, and nothing that only editors read', () => {
    const experiment = resolve({ $schema: 'x', compare: ['one-shot', 'one-shot'] });
    expect(experiment).toMatchObject({
      data: { validation: 90, mean: [0.1], std: [0.3] },
      pruning: { outputRate: 0.1 },
      compare: ['one-shot'],
      executor: 'auto',
      seed: 0,
    });
    expect(experiment).not.toHaveProperty('$schema');
    expect(experiment.training).not.toHaveProperty('epochs');
  });
});

describe('an experiment that does not fit', () => {
  it.each([
    ['rewinds beyond its end', { training: { steps: 100 }, rewind: 200 }, 'rewind', 'earlier step'],
    ['rewinds to its end', { training: { steps: 100 }, rewind: '100%' }, 'rewind', 'step 100 must come before'],
    ['excludes a layer that is not there', { pruning: { exclude: ['fc'] } }, 'pruning.exclude', 'hidden, output'],
    ['excludes every layer', { pruning: { exclude: ['hidden', 'output'] } }, 'pruning.exclude', 'at least one'],
    ['trains for too many epochs', { training: { epochs: 1e6, batchSize: 1 } }, 'training.epochs', 'fewer'],
    [
      'has milestones out of order',
      { training: { steps: 10, schedule: { name: 'multi-step', milestones: [5, 5] } } },
      'training.schedule.milestones',
      'rise',
    ],
    ['has a convolution rate for all', { pruning: { convolutionRate: 0.1 } }, 'pruning.convolutionRate', '"layer"'],
    [
      'crops more than an image',
      { training: { augmentation: { crop: 29 } } },
      'training.augmentation.crop',
      '29, more than an image of 28×28',
    ],
  ])('because it %s names the field and what to do', (_why, overlay, field, says) => {
    const error = errorOf(overlay);
    expect(error.field).toBe(field);
    expect(error.reason).toContain(says);
  });

  it('because it stops early without validation examples names the field and what to do', () => {
    const error = errorOf({ training: { earlyStopping: { patience: 2 } } }, { validation: { count: 0 } });
    expect(error.field).toBe('training.earlyStopping');
    expect(error.reason).toContain('raise data.validation');
  });

  it.each<[string, unknown, Partial<ResolveInput['data']>, string]>([
    ['of too few classes', [1, 2, 3], {}, 'has 3 values, but the data has 4 classes'],
    ['of a class without examples', 'balanced', { classes: 5 }, 'no training example has the class 4'],
    ['of numbers to predict', 'balanced', { task: 'regression', classes: 1 }, 'remove it'],
  ])('because it has weights %s names the field and what to do', (_why, classWeights, data, says) => {
    const error = errorOf({ training: { classWeights } }, data);
    expect(error.field).toBe('training.classWeights');
    expect(error.reason).toContain(says);
  });

  it.each([{ crop: 1 }, { flip: true }])('because it changes by %j what is no image says so', augmentation => {
    const error = errorOf({ training: { augmentation } }, { inputShape: [784] });
    expect(error.field).toBe('training.augmentation');
    expect(error.reason).toContain('[784]');
  });
});
