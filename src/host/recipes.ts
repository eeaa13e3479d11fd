/** What a new experiment can be: a built-in model with its recipe from the literature, in full or shortened. Pure. */
import { presets, type Preset } from '../models/presets';
import type { DataDescription } from '../shared/describeMessages';
import type { ExperimentFile } from '../shared/experiment';
import { formatShare, plural } from '../shared/format';

export type Recipe = Pick<ExperimentFile, 'training' | 'pruning' | 'rewind'>;

/** How long an experiment trains: steps a run and pruning levels. */
export interface Length {
  readonly label: string;
  readonly detail: string;
  readonly steps: number;
  readonly levels: number;
  readonly recipe: Recipe;
}

export type PresetGroup = 'dense' | 'convolutional';

export function groupOf({ model }: Preset): PresetGroup {
  return model === 'builtin:lenet-300-100' ? 'dense' : 'convolutional';
}

/** Shape of the examples that a preset's recipe is made for. */
const recipeShapes: Readonly<Record<Preset['data']['format'], readonly number[]>> = {
  idx: [28, 28, 1],
  cifar10: [32, 32, 3],
};

/** Whether a recipe is made for examples of this shape; the built-in digits have that of MNIST. */
export function isMadeFor({ data }: Preset, inputShape: readonly number[]): boolean {
  return recipeShapes[data.format].join() === inputShape.join();
}

/** All, those whose recipe is made for examples of this shape first. */
export function presetsFor(inputShape: readonly number[]): readonly Preset[] {
  const made = presets.filter(preset => isMadeFor(preset, inputShape));
  return [...made, ...presets.filter(preset => !made.includes(preset))];
}

/** Examples that the recipe holds back; undefined: as many as the data does, since they are other or far fewer. */
export function validationOf(preset: Preset, { data, training }: DataDescription): number | undefined {
  const { validation } = preset.data;
  return validation !== undefined && isMadeFor(preset, data.inputShape) && training >= 10 * validation
    ? validation
    : undefined;
}

const defaultBatchSize = 60;
const defaultEpochs = 10;
const defaultLevels = 12;

/** Batch, optimiser and rate of LeNet-300-100 in Frankle & Carbin (2019), figure 2. */
const ofFile = (steps: number, levels: number): Recipe => ({
  training: { optimizer: { name: 'adam', learningRate: 0.0012 }, batchSize: 60, steps },
  pruning: { method: 'magnitude', scope: 'global', rate: 0.2, levels },
});
const stepsOfFile = 5000;

/** For a model from a file. */
export const lengths: readonly Length[] = [
  lengthOf('Quick look', 1000, ofFile(1000, 8)),
  lengthOf('Thorough', stepsOfFile, ofFile(stepsOfFile, 15)),
  lengthOf('As in the paper', 50_000, ofFile(50_000, 15)),
  ...guidelines(ofFile(stepsOfFile, 15), stepsOfFile),
];

/** A shortened run is this share of the recipe, but no shorter than a network takes to learn something. */
const shortened = [
  { label: 'Quick look', share: 1 / 50, atLeast: 500, mostLevels: 8 },
  { label: 'Thorough', share: 1 / 10, atLeast: 2000, mostLevels: 15 },
] as const;

/**
 * The recipe as it stands, and before it what takes a fiftieth and a tenth of its time.
 * @param examples to train on
 */
export function presetLengths({ experiment }: Preset, examples: number): Length[] {
  const { training = {} } = experiment;
  const epochSteps = Math.ceil(examples / (training.batchSize ?? defaultBatchSize));
  const steps = training.steps ?? Math.ceil((training.epochs ?? defaultEpochs) * epochSteps);
  const shorter = shortened.map(({ label, share, atLeast, mostLevels }) => {
    const fewer = Math.min(steps, Math.max(atLeast, Math.round((steps * share) / 100) * 100));
    return lengthOf(label, fewer, shorten(experiment, { from: steps, to: fewer, epochSteps, mostLevels }));
  });
  const guided = guidelines(experiment, steps, epochSteps);
  return [...shorter, lengthOf('The whole recipe', steps, experiment), ...guided];
}

/**
 * What the practical guideline of the field says for a network that trains for `steps` steps: small ones go further and are
 * trained in full each round; large ones go less far, from a later point, and get a share of the training.
 */
function guidelines(recipe: Recipe, steps: number, epochSteps = steps): Length[] {
  const { exclude } = recipe.pruning ?? {};
  const common = { scope: 'global', ...(exclude && { exclude }) } as const;
  const few = Math.max(1, Math.round(steps / 5));
  const { training } = shorten(recipe, { from: steps, to: few, epochSteps, mostLevels: defaultLevels });
  const small = lengthOf('Guideline for small models', steps, {
    ...(recipe.training && { training: recipe.training }),
    pruning: { ...common, rate: 0.2, target: 0.95 },
    rewind: 0,
  });
  const large = lengthOf('Guideline for large models', few, {
    ...(training && { training }),
    pruning: { ...common, rate: 0.15, target: 0.8 },
    rewind: '1%',
  });
  return [
    {
      ...small,
      detail: `${small.detail}; 20 % a round, rewound to the start, each round trained in full: up to about a million weights`,
    },
    {
      ...large,
      detail: `${large.detail}; 15 % a round, rewound to 1 % of training, each round trained for a fifth: for more weights than that`,
    },
  ];
}

function lengthOf(label: string, steps: number, recipe: Recipe): Length {
  const { rate = 0.2, scope = 'global' } = recipe.pruning ?? {};
  const levels = levelsOf(recipe);
  const each = recipe.training?.epochs === undefined ? plural(steps, 'step') : plural(recipe.training.epochs, 'epoch');
  const left = scope === 'global' ? `: down to ${formatShare((1 - rate) ** levels)} of the weights` : '';
  return { label, detail: `${each} a run, ${plural(levels, 'level')}${left}`, steps, levels, recipe };
}

function levelsOf({ pruning = {} }: Recipe): number {
  const { levels, target, rate = 0.2 } = pruning;
  if (levels !== undefined || target === undefined) return levels ?? defaultLevels;
  return Math.ceil(Math.log(1 - target) / Math.log(1 - rate));
}

interface Shortening {
  /** Steps of the recipe, and what they become. */
  readonly from: number;
  readonly to: number;
  readonly epochSteps: number;
  readonly mostLevels: number;
}

/** Everything in proportion: milestones, warm-up and rewind step stand where they stood in the course of training. */
function shorten(recipe: Recipe, { from, to, epochSteps, mostLevels }: Shortening): Recipe {
  const moved = (point: string | number): string | number => {
    if (typeof point === 'string' && point.endsWith('%')) return point;
    const step = typeof point === 'number' ? point : Number.parseFloat(point) * epochSteps;
    return Math.round((step * to) / from);
  };
  const schedule = recipe.training?.schedule;
  return {
    training: {
      ...without(recipe.training ?? {}, 'steps', 'epochs', 'evaluateEvery', 'schedule'),
      ...(schedule && {
        schedule: {
          ...schedule,
          ...(schedule.warmup !== undefined && { warmup: moved(schedule.warmup) }),
          ...(schedule.name === 'multi-step' && { milestones: schedule.milestones.map(moved) }),
        },
      }),
      steps: to,
    },
    pruning: { ...without(recipe.pruning ?? {}, 'target'), levels: Math.min(levelsOf(recipe), mostLevels) },
    ...(recipe.rewind !== undefined && { rewind: moved(recipe.rewind) }),
  };
}

function without<T extends object, K extends keyof T & string>(value: T, ...names: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.some(one => one === name))) as Omit<T, K>;
}
