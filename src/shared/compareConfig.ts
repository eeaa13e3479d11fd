/** The `compare` of an experiment file: what the iterative series is held against. */
import * as z from 'zod';
import { comparisons, type Comparison } from './comparisons';

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
  z.strictObject({
    method: z.literal('random'),
    ...points,
    distribution: z
      .enum(['global', 'uniform', 'erk'])
      .default('global')
      .describe('How many weights each layer keeps: by chance, the same share, or Erdős–Rényi-kernel.'),
  }),
]);

export const compareSchema = z
  .array(z.union([z.enum(comparisons), entry]))
  .default([])
  .describe('Names: at every iterative level with exactly its kept count; or objects with a method and its options.');

export type ComparisonConfig = z.output<typeof entry>;
export type CompareEntry = z.output<typeof compareSchema>[number];

/** The full form of an entry: a bare name takes every default. */
export function comparisonConfig(given: CompareEntry): ComparisonConfig {
  return typeof given === 'string' ? entry.parse({ method: given }) : given;
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
