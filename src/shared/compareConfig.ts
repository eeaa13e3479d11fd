/** The `compare` of an experiment file: what the iterative series is held against. */
import * as z from 'zod';
import { comparisons, type Comparison } from './comparisons';
import { pointSchema as point, type TrainingPoint } from './trainingPoint';

export { comparisons, usualControls, type Comparison } from './comparisons';

const sparsities = z
  .array(z.number().gt(0).lt(1))
  .min(1)
  .max(200)
  .optional()
  .describe('Share of all prunable weights that is gone at each point, instead of the counts of the iterative levels.');
const levels = z
  .array(z.int().min(1).max(200))
  .min(1)
  .max(200)
  .optional()
  .describe('Only at these levels of the iterative series.');
const points = { sparsities, levels };
const examples = z
  .int()
  .min(1)
  .max(1_000_000)
  .optional()
  .describe('Training examples that the scores are computed on; left out: ten for each class.');

const distribution = z
  .enum(['global', 'uniform', 'erk'])
  .default('global')
  .describe('How many weights each layer keeps: by chance, the same share, or Erdős–Rényi-kernel.');

const entry = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('one-shot'), ...points }),
  z.strictObject({ method: z.literal('random-reinit'), levels }),
  z.strictObject({ method: z.literal('random-mask'), levels }),
  z.strictObject({ method: z.literal('fine-tuning') }),
  z.strictObject({ method: z.literal('learning-rate-rewinding') }),
  z.strictObject({ method: z.literal('snip'), ...points, examples }),
  z.strictObject({ method: z.literal('grasp'), ...points, examples }),
  z.strictObject({
    method: z.literal('synflow'),
    ...points,
    rounds: z.int().min(1).max(10_000).default(100).describe('Rounds of scoring and cutting.'),
  }),
  z.strictObject({ method: z.literal('prospr'), ...points, examples }),
  z.strictObject({ method: z.literal('magnitude-init'), ...points }),
  z.strictObject({ method: z.literal('random'), ...points, distribution }),
  z.strictObject({
    method: z.literal('gradual'),
    ...points,
    begin: point.optional().describe('Up to where nothing is pruned; left out: the start of training.'),
    end: point.optional().describe('Where weights go for the last time; left out: after three quarters of training.'),
    every: point.optional().describe('How often weights go; left out: a hundredth of training.'),
  }),
  z.strictObject({
    method: z.literal('dual-lottery-ticket'),
    ...points,
    distribution,
    cut: point.optional().describe('Where the weights outside the random mask go; left out: after half of training.'),
    strength: z.number().positive().default(1).describe('λ that the penalty ½ · λ · Σ w² on them rises to before.'),
  }),
]);

export const compareSchema = z
  .array(z.union([z.enum(comparisons), entry]))
  .default([])
  .describe('Names: at every iterative level with exactly its kept count; or objects with a method and its options.');

const pointFields = ['begin', 'end', 'every', 'cut'] as const;
/** With every point in training turned into a step. */
type InSteps<T> = T extends string
  ? T
  : { [K in keyof T]: K extends (typeof pointFields)[number] ? Exclude<T[K], string> : T[K] };

export type CompareEntry = z.output<typeof compareSchema>[number];
export type CompareEntryInSteps = InSteps<CompareEntry>;
export type ComparisonConfig = InSteps<z.output<typeof entry>>;

export function entryInSteps(given: CompareEntry, toStep: (point: TrainingPoint) => number): CompareEntryInSteps {
  if (typeof given === 'string') return given;
  const isPoint = (name: string): boolean => pointFields.some(field => field === name);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isPoint(name) ? toStep(value as TrainingPoint) : value]),
  ) as CompareEntryInSteps;
}

/** The full form of an entry: a bare name takes every default. */
export function comparisonConfig(given: CompareEntryInSteps): ComparisonConfig {
  // a default is never a point in training: these are told from the length of training
  return typeof given === 'string' ? (entry.parse({ method: given }) as ComparisonConfig) : given;
}

export function methodOf(given: CompareEntry): Comparison {
  return typeof given === 'string' ? given : given.method;
}

/** Targets of its own, where the comparison has some. */
export function sparsitiesOf(config: ComparisonConfig): readonly number[] | undefined {
  return 'sparsities' in config ? config.sparsities : undefined;
}

export function levelsOf(config: ComparisonConfig): readonly number[] | undefined {
  return 'levels' in config ? config.levels : undefined;
}
