import { describe, expect, it } from 'vitest';
import { ExperimentError } from '../../../src/shared/experiment';
import { parseExperiment } from '../../../src/shared/parse';

const minimal = { name: 'a', model: 'builtin:lenet-300-100', data: { format: 'digits' } };
const file = '/project/a.ticket.json';

function errorOf(text: string): ExperimentError {
  try {
    parseExperiment(text, file);
  } catch (error) {
    if (error instanceof ExperimentError) return error;
    throw error;
  }
  throw new Error('expected an ExperimentError');
}

describe('an experiment file', () => {
  it('may hold comments and trailing commas, and a byte-order mark', () => {
    const text = '\uFEFF{ // why\n "name": "a", "model": "m", /* x */ "data": { "format": "digits", }, }';
    expect(parseExperiment(text, file).name).toBe('a');
  });

  it('has its defaults filled in', () => {
    const parsed = parseExperiment(JSON.stringify(minimal), file);
    expect(parsed).toMatchObject({
      start: 'fresh',
      training: {
        batchSize: 60,
        optimizer: { name: 'adam', learningRate: 0.0012, beta1: 0.9 },
        loss: 'cross-entropy',
        labelSmoothing: 0,
        augmentation: { crop: 0, flip: false },
      },
      pruning: { scope: 'global', rate: 0.2, counts: 'exact', exclude: [] },
      rewind: 0,
      compare: [],
      replicates: 1,
    });
  });

  it.each([0, 500, '1%', '0.5%', '80 epochs', '1 epoch'])('takes %j as a point in training', rewind => {
    expect(parseExperiment(JSON.stringify({ ...minimal, rewind }), file).rewind).toBe(rewind);
  });
});

/** [what, fields laid over the minimal experiment, field of the error, what the message must say] */
const wrong: [string, object, string, string[]][] = [
  ['an unknown field', { seeed: 1 }, 'seeed', ['is unknown', 'did you mean "seed"?', 'replicates']],
  [
    'an unknown field of one kind of optimiser',
    { training: { optimizer: { name: 'adam', momentum: 0.9 } } },
    'training.optimizer.momentum',
    ['is unknown', 'beta1'],
  ],
  [
    'a misspelt nested field',
    { pruning: { lvels: 3 } },
    'pruning.lvels',
    ['is unknown: did you mean "levels"? Allowed here: method, '],
  ],
  [
    'a field of another data format',
    { data: { format: 'digits', directory: 'x' } },
    'data.directory',
    ['training, test'],
  ],
  [
    'text for a number',
    { training: { optimizer: { name: 'sgd', learningRate: '0.1' } } },
    'training.optimizer.learningRate',
    ['must be a number > 0', 'not "0.1"'],
  ],
  [
    'a negative learning rate',
    { training: { optimizer: { name: 'sgd', learningRate: -1 } } },
    'training.optimizer.learningRate',
    ['> 0', 'not -1'],
  ],
  ['a fraction of a step', { training: { steps: 1.5 } }, 'training.steps', ['a whole number ≥ 0', 'not 1.5']],
  ['an empty batch', { training: { batchSize: 0 } }, 'training.batchSize', ['≥ 1 and ≤ 65536']],
  ['a rate of 2', { pruning: { rate: 2 } }, 'pruning.rate', ['a number > 0 and < 1', 'not 2']],
  ['a target of 1', { pruning: { target: 1 } }, 'pruning.target', ['> 0 and < 1']],
  [
    'an unknown comparison',
    { compare: ['one-shot', 'random-reinitialise'] },
    'compare[1]',
    ['"random-reinit"', 'not "random-reinitialise"'],
  ],
  [
    'an unknown option of a comparison',
    { compare: [{ method: 'snip', sparsitys: [0.5] }] },
    'compare[0].sparsitys',
    ['is unknown: did you mean "sparsities"?', 'method, sparsities, levels, examples'],
  ],
  [
    'a comparison with a sparsity of 2',
    { compare: ['one-shot', { method: 'snip', sparsities: [0.5, 2] }] },
    'compare[1].sparsities[1]',
    ['a number > 0 and < 1', 'not 2'],
  ],
  [
    'a comparison object of an unknown method',
    { compare: [{ method: 'snap' }] },
    'compare[0].method',
    ['"snip"', 'not "snap"'],
  ],
  [
    'a comparison given twice with different points',
    { compare: ['snip', { method: 'snip', sparsities: [0.5] }] },
    'compare[1]',
    ['"snip" stands here twice'],
  ],
  ['a comparison that is no list', { compare: 'one-shot' }, 'compare', ['a list in brackets of one of "one-shot"']],
  ['an unknown executor', { executor: 'wsam' }, 'executor', ['one of "auto"', 'did you mean "wasm"?']],
  [
    'an unknown data format',
    { data: { format: 'mnist' } },
    'data.format',
    [
      'one of "idx", "cifar10", "cifar100", "digits", "npz", "safetensors", "npy", "csv", "images", "parquet"',
      'not "mnist"',
    ],
  ],
  [
    'a missing data format',
    { data: {} },
    'data.format',
    ['is missing', '"idx", "cifar10", "cifar100", "digits", "npz", "safetensors", "npy", "csv", "images", "parquet"'],
  ],
  [
    'a missing optimiser name',
    { training: { optimizer: { learningRate: 1 } } },
    'training.optimizer.name',
    ['is missing', '"sgd", "adam", "adamw"'],
  ],
  ['data that is no object', { data: 'mnist' }, 'data', ['an object in braces']],
  ['a missing folder', { data: { format: 'idx' } }, 'data.directory', ['is missing', 'text in double quotes']],
  ['no model', { model: undefined }, 'model', ['is missing', 'builtin:lenet-300-100']],
  ['a name that is a path', { name: '../up' }, 'name', ['may hold letters, digits']],
  ['a name of dots', { name: '..' }, 'name', ['may not consist of dots only']],
  ['a name that Windows shortens', { name: 'a.' }, 'name', ['may not end with a dot', 'not "a."']],
  ['a name of a device', { name: 'Aux.2' }, 'name', ['a device on Windows', 'not "Aux.2"']],
  ['a name that is too long', { name: 'x'.repeat(121) }, 'name', ['120 characters at most']],
  [
    'a rewind point nobody understands',
    { rewind: 'soon' },
    'rewind',
    ['a share of training such as "1%"', 'not "soon"'],
  ],
  [
    'steps and epochs',
    { training: { steps: 1, epochs: 1 } },
    'training.epochs',
    ['either "steps" or "epochs"', 'remove one'],
  ],
  [
    'levels and target',
    { pruning: { levels: 1, target: 0.5 } },
    'pruning.target',
    ['either "levels" or "target"', 'remove one'],
  ],
  ['smoothing of all the label', { training: { labelSmoothing: 1 } }, 'training.labelSmoothing', ['≥ 0 and < 1']],
  [
    'label smoothing with another loss',
    { training: { labelSmoothing: 0.1, loss: 'mean-squared-error' } },
    'training.labelSmoothing',
    ['"cross-entropy"', 'change one'],
  ],
  [
    'class weights with another loss',
    { training: { classWeights: 'balanced', loss: 'mean-squared-error' } },
    'training.classWeights',
    ['"cross-entropy"', 'change one'],
  ],
  [
    'class weights by another word',
    { training: { classWeights: 'even' } },
    'training.classWeights',
    ['"balanced"', 'a number > 0 for each class'],
  ],
  ['a class that weighs nothing', { training: { classWeights: [1, 0] } }, 'training.classWeights[1]', ['> 0', 'not 0']],
  ['gradients clipped to nothing', { training: { clipNorm: 0 } }, 'training.clipNorm', ['a number > 0', 'not 0']],
  ['an average that never moves', { training: { averageDecay: 1 } }, 'training.averageDecay', ['> 0 and < 1']],
  [
    'early stopping without patience',
    { training: { earlyStopping: {} } },
    'training.earlyStopping.patience',
    ['is missing', 'a whole number ≥ 1'],
  ],
  [
    'an unknown augmentation',
    { training: { augmentation: { flipped: true } } },
    'training.augmentation.flipped',
    ['Allowed here: crop, flip'],
  ],
  ['a crop by half a pixel', { training: { augmentation: { crop: 0.5 } } }, 'training.augmentation.crop', ['not 0.5']],
  ['a convolution rate of 1', { pruning: { convolutionRate: 1 } }, 'pruning.convolutionRate', ['≥ 0 and < 1']],
];

describe('a wrong experiment file', () => {
  it.each(wrong)('with %s names file, field and remedy', (_what, overlay, field, parts) => {
    const error = errorOf(JSON.stringify({ ...minimal, ...overlay }, null, 2));
    expect(error.field).toBe(field);
    expect(error.file).toBe(file);
    expect(error.message).toContain(file);
    expect(error.message).toContain(`${field}: `);
    for (const part of parts) expect(error.reason).toContain(part);
  });

  it('is pointed at by line and column', () => {
    const error = errorOf(
      '{\n  "name": "a", "model": "m", "data": { "format": "digits" },\n  "training": {\n    "steps": true\n  }\n}',
    );
    expect(error.position).toEqual({ line: 4, column: 5 });
    expect(error.message).toMatch(/^\/project\/a\.ticket\.json:4:5: training\.steps: /);
  });

  it.each([
    ['{\n  "name": "a"\n  "model": "m"\n}', { line: 3, column: 3 }, 'a comma is missing'],
    ['{ "name": "a", model: "m" }', { line: 1, column: 16 }, 'double quotes'],
    ['{ "name": "a"', { line: 1, column: 14 }, 'closing }'],
    ['{ "name": "a" } x', { line: 1, column: 17 }, 'double quotes'],
  ])('with a syntax error in %j is pointed at', (text, position, says) => {
    const error = errorOf(text);
    expect(error.position).toEqual(position);
    expect(error.reason).toContain('is not valid JSON');
    expect(error.reason).toContain(says);
  });

  it('with a field given twice says which and where', () => {
    const error = errorOf('{ "name": "a",\n "data": { "format": "digits",\n "format": "idx" } }');
    expect(error.field).toBe('data.format');
    expect(error.position).toEqual({ line: 3, column: 2 });
    expect(error.reason).toContain('given twice');
  });

  it.each(['', '[]', '3', 'null', '"a"'])('that holds no object (%j) says so', text => {
    expect(errorOf(text).message).toMatch(/must hold one JSON object|is not valid JSON/);
  });

  it('that is nested without end, or huge, is refused in words', () => {
    expect(errorOf('{"a":'.repeat(100_000)).reason).toMatch(/nested too deeply|closing/);
    expect(errorOf(' '.repeat(2_000_000)).reason).toContain('this is no experiment file');
  });

  it('cannot reach the prototype of anything', () => {
    expect(errorOf('{"__proto__": {"name": "x"}, "name": "a", "model": "m", "data": {"format": "digits"}}').field).toBe(
      '__proto__',
    );
  });
});
