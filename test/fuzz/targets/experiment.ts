import { placeOfField, withAllControls } from '../../../src/host/experimentFiles';
import { ExperimentError } from '../../../src/shared/experiment';
import { parseExperiment } from '../../../src/shared/parse';
import { damageJson, damageText } from '../json';
import { demand, pick, reading, type Target } from '../target';

const file = '/folder/mine.ticket.json';

const commented = `{
  // why
  "name": "mine",
  "model": "builtin:lenet-300-100",
  "data": { "format": "digits", /* few */ "training": 100, "test": 20, },
  "training": { "steps": 100 },
  "rewind": "1%",
}
`;

const experiments = [
  {
    $schema: 'x',
    name: 'mine',
    model: 'model.json',
    start: 'file',
    data: { format: 'idx', directory: '../data', validation: 5, mean: [0.5], std: 0.25 },
    training: {
      optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
      schedule: { name: 'multi-step', milestones: [10, '50%', '2 epochs'], factor: 0.1, warmup: 5 },
      loss: 'mean-squared-error',
      batchSize: 32,
      epochs: 2.5,
      evaluateEvery: 10,
    },
    pruning: {
      method: 'magnitude',
      scope: 'layer',
      rate: 0.2,
      outputRate: 0.1,
      exclude: ['out'],
      counts: 'open_lth',
      target: 0.9,
    },
    rewind: '2 epochs',
    compare: ['one-shot', 'random-reinit', 'random-mask'],
    replicates: 3,
    seed: 7,
    executor: 'wasm',
  },
  {
    name: 'm',
    model: 'builtin:mlp:16',
    data: { format: 'digits' },
    training: {
      optimizer: { name: 'adamw', learningRate: 1e-3 },
      schedule: { name: 'cosine' },
      steps: 10,
      labelSmoothing: 0.1,
      clipNorm: 1,
      averageDecay: 0.99,
      earlyStopping: { patience: 2 },
      augmentation: { crop: 4, flip: true },
    },
    pruning: { levels: 3, scope: 'layer', convolutionRate: 0.1 },
  },
];

export const experimentTarget: Target = {
  name: 'experiment file',
  sound: random => ({ [file]: Buffer.from(pick(random, [commented, ...experiments.map(one => JSON.stringify(one))])) }),
  damaged: random => ({
    [file]: random.nextBelow(4) === 0 ? damageText(commented, random) : damageJson(pick(random, experiments), random),
  }),
  read(files) {
    const text = Buffer.from(files[file]!).toString();
    return reading([ExperimentError], file, () => {
      try {
        const { name } = parseExperiment(text, file);
        demand(/^[A-Za-z0-9._-]+$/.test(name), 'a name that can be a folder');
        parseExperiment(withAllControls(text), file);
      } catch (error) {
        // where an editor underlines it
        if (error instanceof ExperimentError) placeOfField(text, error.field);
        throw error;
      }
    });
  },
};
