/** Names of the methods that the iterative series can be held against. Without the schema: pages need the names alone. */

/**
 * Controls and other ways to the same sparsity; docs/science.md defines each. In the order in which charts and tables have
 * them.
 */
export const comparisons = [
  'one-shot',
  'random-reinit',
  'random-mask',
  'fine-tuning',
  'learning-rate-rewinding',
  'snip',
  'grasp',
  'synflow',
  'prospr',
  'magnitude-init',
  'random',
  'gradual',
  'dual-lottery-ticket',
] as const;
export type Comparison = (typeof comparisons)[number];

/** What shows whether a ticket is better than chance, and than pruning in one cut. */
export const usualControls = ['one-shot', 'random-reinit', 'random-mask'] as const satisfies readonly Comparison[];
