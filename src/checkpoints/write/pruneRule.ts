/** What a pruned copy is to be. */
import type { LayerKind } from '../../shared/inspection';

/** What is asked for is wrong, or does not fit the file: names the option. */
export class PruneOptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PruneOptionError';
  }
}

/** A share of weights: of those that go, or of those that stay. 0 to 1. */
export type PruneTarget = { readonly sparsity: number } | { readonly density: number };

/** Kinds of layers that can have a share of their own. */
export const policyKinds = [
  'convolution',
  'dense',
  'embedding',
  'attention',
  'feed-forward',
  'head',
] as const satisfies readonly LayerKind[];
export type PolicyKind = (typeof policyKinds)[number];

interface RankedRule {
  /** Ranked all together (those of a policy's kind among themselves), or each tensor by itself. */
  readonly scope: 'global' | 'layer';
  /** Of what no policy names; null: that stays as it is. */
  readonly target: PruneTarget | null;
  /** Shares that go, by kind. */
  readonly policy: ReadonlyMap<PolicyKind, number>;
}

export type PruneRule =
  /** The smallest |w| go. */
  | ({ readonly method: 'magnitude' } & RankedRule)
  /** Whole outputs (filters, rows) of the smallest norm go; shapes stay. Norms count per weight where scope is global. */
  | ({ readonly method: 'structured'; readonly norm: 'l1' | 'l2' } & RankedRule)
  /** Of every m neighbours along the input axis the n largest |w| stay. */
  | { readonly method: 'n:m'; readonly n: number; readonly m: number };

/** How many of `count` go. */
export function goingOf(target: PruneTarget, count: number): number {
  return 'density' in target ? count - Math.round(target.density * count) : Math.round(target.sparsity * count);
}
