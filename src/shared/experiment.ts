/**
 * The experiment file (`*.ticket.json`): one schema from which come the types, the validation, the error messages and
 * the JSON Schema that the editor completes from (`schema.ts`).
 */
import * as z from 'zod';
import { compareSchema, type CompareEntryInSteps } from './compareConfig';
import { dataSchema, type DataConfig } from './dataConfig';
import { notReserved } from './names';
import { readStructure, structureRule } from './structure';
import { stabilitySchema, sweepSchema, transferSchema } from './studyConfig';
import { pointSchema as point } from './trainingPoint';

export type { DataConfig } from './dataConfig';
export type { TrainingPoint } from './trainingPoint';

const positive = z.number().positive();

const optimizer = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    learningRate: positive.default(0.1),
    momentum: z.number().min(0).lt(1).default(0),
    nesterov: z.boolean().default(false),
    weightDecay: z.number().min(0).default(0).describe('L2: added to the gradient of every parameter, as in PyTorch.'),
  }),
  z.strictObject({
    name: z.literal('adam'),
    learningRate: positive.default(0.001),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: positive.default(1e-8),
    weightDecay: z.number().min(0).default(0).describe('L2: added to the gradient of every parameter, as in PyTorch.'),
  }),
  z.strictObject({
    name: z.literal('adamw'),
    learningRate: positive.default(0.001),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: positive.default(1e-8),
    weightDecay: z.number().min(0).default(0.01).describe('Decoupled from the gradient (Loshchilov & Hutter 2019).'),
  }),
]);
export type OptimizerConfig = z.infer<typeof optimizer>;

const schedule = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant'), warmup: point.default(0) }),
  z.strictObject({
    name: z.literal('multi-step'),
    milestones: z.array(point).min(1),
    factor: positive.default(0.1),
    warmup: point.default(0),
  }),
  z.strictObject({ name: z.literal('cosine'), minimum: z.number().min(0).default(0), warmup: point.default(0) }),
]);
export type ScheduleConfig = z.infer<typeof schedule>;

const augmentation = z.strictObject({
  crop: z
    .int()
    .min(0)
    .max(127)
    .default(0)
    .describe(
      'Pixels of black around each training image, from which a part of its size is cut at random; the papers take 4.',
    ),
  flip: z.boolean().default(false).describe('Mirrors each training image left to right with chance ½.'),
});

const loss = z.enum(['cross-entropy', 'mean-squared-error']);
export type Loss = z.infer<typeof loss>;

const training = z.strictObject({
  optimizer: optimizer.prefault({ name: 'adam', learningRate: 0.0012 }),
  schedule: schedule
    .prefault({ name: 'constant' })
    .describe('Learning rate over the steps; "warmup" rises linearly from 0.'),
  loss: loss
    .default('cross-entropy')
    .describe('Of classes; "mean-squared-error" is for numbers to predict, and takes classes as one-hot targets.'),
  batchSize: z.int().min(1).max(65_536).default(60),
  steps: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .describe('Training steps of each run; 0 only evaluates; 10 epochs if neither this nor "epochs" is given.'),
  epochs: z.number().min(0).max(1_000_000).optional().describe('Instead of "steps": passes over the training data.'),
  evaluateEvery: z.int().min(1).optional().describe('Steps between evaluations; a twentieth of the steps if left out.'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'ε of (1 − ε) · one-hot + ε / classes as targets while training (Szegedy et al. 2016); cross-entropy only.',
    ),
  classWeights: z
    .union([z.literal('balanced'), z.array(positive).min(2).max(65_536)], {
      error: 'must be "balanced", or a list with a number > 0 for each class',
    })
    .optional()
    .describe(
      'Weight of each class in cross-entropy while training, in the order of their numbers, or "balanced": the fewer training examples of a class, the more each weighs.',
    ),
  clipNorm: positive
    .optional()
    .describe('Scales gradients down to this L2 norm over all parameters together, as clip_grad_norm_ in PyTorch.'),
  averageDecay: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe(
      'Decay of an exponential moving average of the weights, e.g. 0.999: evaluated, pruned and kept instead of them.',
    ),
  earlyStopping: z
    .strictObject({
      patience: z
        .int()
        .min(1)
        .describe('Evaluations in a row without a lower validation loss after which a run stops.'),
    })
    .optional()
    .describe('Ends a run whose validation loss no longer falls; needs validation examples.'),
  augmentation: augmentation.prefault({}).describe('Random changes to training images, drawn anew each epoch.'),
});

/** What a layer is for, by which it can have a rate of its own. */
const layerRoles = ['embedding', 'attention', 'feed-forward', 'head', 'dense', 'convolution', 'output'] as const;
const layerRate = z
  .number()
  .min(0)
  .lt(1)
  .describe('Share of the remaining weights that go each round; 0 leaves whole.');

const pruning = z.strictObject({
  method: z
    .enum(['magnitude', 'wanda', 'wanda-variant'])
    .default('magnitude')
    .describe(
      "What goes: the smallest |w|; or of each output the smallest |w| times the norm of its input over calibration examples, as many of each, or with the authors' variant as large a share of their sum.",
    ),
  calibration: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Training examples that Wanda takes the norms of inputs over; 128 if left out.'),
  scope: z
    .enum(['global', 'layer', 'uniform', 'erk'])
    .default('global')
    .describe(
      'What is ranked together: all layers, or each layer with its own rate; or each layer down to the same share ("uniform") or to an Erdős–Rényi-kernel share ("erk") of what all keep.',
    ),
  rate: z.number().gt(0).lt(1).default(0.2).describe('Share of the remaining weights that go each round.'),
  outputRate: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('Rate of the output layer with scope "layer"; half the rate if left out, as in the paper.'),
  convolutionRate: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('Rate of convolutions, with scope "layer" only; the same as "rate" if left out. 0 leaves them whole.'),
  rates: z
    .array(
      z.union([
        z.strictObject({
          layers: z.string().min(1).max(1000).describe('Name of a layer; * stands for any text.'),
          rate: layerRate,
        }),
        z.strictObject({ role: z.enum(layerRoles), rate: layerRate }),
      ]),
    )
    .min(1)
    .max(1000)
    .optional()
    .describe('Rates of single layers, with scope "layer": of several entries that fit the first counts.'),
  exclude: z.array(z.string().min(1)).default([]).describe('Layers left whole.'),
  counts: z
    .enum(['exact', 'open_lth', 'google'])
    .default('exact')
    .describe('How many weights go: see docs/science.md.'),
  structure: z
    .string()
    .refine(text => readStructure(text) !== null, structureRule)
    .optional()
    .describe(
      'What goes as one: single "weights" if left out; "filters" with all that is coupled to them; "2:4": of four neighbouring inputs two stay; "4x4": blocks of rows x columns.',
    ),
  norm: z.enum(['l1', 'l2']).optional().describe('By which norm filters or blocks are compared; "l2" if left out.'),
  levels: z
    .int()
    .min(0)
    .max(200)
    .optional()
    .describe('Pruning levels after the dense one; 12 if neither this nor "target" is given.'),
  target: z.number().gt(0).lt(1).optional().describe('Instead of "levels": prune until this sparsity.'),
});
export type PruningConfig = z.infer<typeof pruning>;

export const executors = ['auto', 'wasm', 'webgpu', 'tensorflow', 'tensorflow-gpu', 'cpu'] as const;

export const experimentSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'may hold letters, digits, ".", "_" and "-" only')
    .regex(/[^.]/, 'may not consist of dots only')
    .regex(/[^.]$/, 'may not end with a dot, which Windows leaves out')
    .regex(notReserved, 'may not be that of a device on Windows (con, nul, aux, com1, …), where no folder can have it')
    .max(120, 'may have 120 characters at most'),
  model: z.string().min(1).describe('"builtin:lenet-300-100", "builtin:mlp:300-100", or the path of a model file.'),
  start: z
    .enum(['fresh', 'file'])
    .default('fresh')
    .describe('θ₀: drawn anew from the seed, or the weights in the model file.'),
  data: dataSchema,
  training: training.prefault({}),
  pruning: pruning.prefault({}),
  rewind: point.default(0).describe('Where the remaining weights go back to after pruning.'),
  rewindSweep: sweepSchema,
  compare: compareSchema,
  stability: stabilitySchema,
  transfer: transferSchema(training),
  worth: z
    .boolean()
    .default(true)
    .describe(
      'After the runs, tells what each iterative level is worth: bytes, multiply-adds, time of a step and of an inference. Takes some tenths of a second a level, of large networks seconds.',
    ),
  replicates: z.int().min(1).max(1000).default(1),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  executor: z
    .enum(executors)
    .default('auto')
    .describe('"auto" tries what this machine has at the first start, takes the fastest, and stays with it.'),
});

/** What a person writes. */
export type ExperimentFile = z.input<typeof experimentSchema>;
/** What parsing gives: every default that needs no data filled in. */
export type ParsedExperiment = z.output<typeof experimentSchema>;

/** Every default filled in, every point in training turned into a step: what `experiment.json` holds. */
export interface Experiment extends Omit<
  ParsedExperiment,
  'training' | 'pruning' | 'rewind' | 'compare' | 'rewindSweep' | 'stability' | 'transfer' | '$schema'
> {
  readonly training: Omit<
    ParsedExperiment['training'],
    'steps' | 'epochs' | 'evaluateEvery' | 'schedule' | 'classWeights'
  > & {
    readonly schedule: ScheduleInSteps;
    readonly steps: number;
    readonly evaluateEvery: number;
    readonly classWeights?: readonly number[];
  };
  readonly pruning: Omit<PruningConfig, 'levels' | 'target' | 'outputRate'> & {
    readonly outputRate: number;
    readonly levels: number;
    readonly target?: number;
  };
  readonly rewind: number;
  readonly compare: readonly CompareEntryInSteps[];
  /** Rising, each once. */
  readonly rewindSweep?: readonly number[];
  /** Steps and levels rising, each once. */
  readonly stability?: { readonly at: readonly number[]; readonly levels: readonly number[]; readonly points: number };
  readonly transfer?: {
    readonly data: DataConfig;
    readonly levels: readonly number[];
    readonly training: Experiment['training'];
  };
}

/** A learning-rate schedule with all points given as steps. */
export type ScheduleInSteps =
  | { readonly name: 'constant'; readonly warmup: number }
  | {
      readonly name: 'multi-step';
      readonly milestones: readonly number[];
      readonly factor: number;
      readonly warmup: number;
    }
  | { readonly name: 'cosine'; readonly minimum: number; readonly warmup: number };

/** Counted from 1, as editors show it. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** An experiment, or an argument, that is wrong: names the field and says what to do. Exit code 2. */
export class ExperimentError extends Error {
  constructor(
    /** Path of the field, e.g. `pruning.rate`; empty where the whole file is meant. */
    readonly field: string,
    /** What is wrong and what to do; `message` puts file, position and field before it. */
    readonly reason: string,
    readonly file?: string,
    readonly position?: TextPosition,
  ) {
    const place = file && position ? `${file}:${position.line}:${position.column}` : file;
    super([place, field, reason].filter(Boolean).join(': '));
    this.name = 'ExperimentError';
  }
}
