/** Structured magnitude pruning: filters and neurons that weigh least go, with all that is coupled to them. */
import { Random } from '../../shared/random';
import { roundHalfEven } from '../counts';
import { NanWeightError } from '../magnitude';
import { Mask } from '../mask';
import { rateOf, type PruningRule } from '../rule';
import type { PrunableLayer } from '../layers';
import type { Coupling, CouplingGroup } from './coupling';
import { groupImportance } from './importance';
import { keptWeights, liveUnits, masksOfUnits } from './units';

export type Norm = 'l1' | 'l2';

/** A trained network. */
export interface Trained {
  readonly layers: readonly PrunableLayer[];
  readonly coupling: Coupling;
  /** Of each layer. */
  readonly masks: readonly Mask[];
  /** Of each parameter of the network, in its order. */
  readonly weights: readonly Float32Array[];
}

type FilterRule = Pick<PruningRule, 'scope' | 'rate' | 'outputRate' | 'convolutionRate' | 'exclude' | 'counts'> & {
  readonly norm: Norm;
};

/**
 * One round: of the filters still there the share `rate` that weighs least goes, of each coupling group by itself with scope
 * "layer"; round(rate · n) of n, half to even, ties by position. Filters of excluded layers, and those coupled to them,
 * stay.
 * @returns a mask for each layer
 * @throws NanWeightError
 */
export function pruneFilters(trained: Trained, rule: FilterRule): Mask[] {
  const live = liveUnits(trained.coupling, trained.layers, trained.masks);
  const pruned = prunedGroups(trained.coupling, trained.layers, rule.exclude);
  const remove = (groups: readonly CouplingGroup[], rate: number): void => {
    const units = rankedUnits(trained, groups, live, rule.norm);
    for (const unit of units.slice(0, roundHalfEven(rate * units.length))) live[unit] = 0;
  };
  if (rule.scope === 'global') remove(pruned, rule.rate);
  else for (const group of pruned) remove([group], rateOfGroup(rule, group, trained.layers));
  return masksOfUnits(trained.coupling, trained.layers, trained.masks, live);
}

/**
 * One cut down to as many filters as other masks have: in each group with scope "layer", else over all of them.
 * @throws NanWeightError; RangeError where there are fewer already
 */
export function pruneFiltersTo(
  trained: Trained,
  kept: readonly Mask[],
  rule: { readonly scope: PruningRule['scope']; readonly exclude: readonly string[]; readonly norm: Norm },
): Mask[] {
  const { coupling, layers, masks } = trained;
  const live = liveUnits(coupling, layers, masks);
  const wanted = liveUnits(coupling, layers, kept);
  const cut = (groups: readonly CouplingGroup[]): void => {
    const units = rankedUnits(trained, groups, live, rule.norm);
    const left = groups.reduce((sum, group) => sum + liveOf(group, wanted), 0);
    if (left > units.length)
      throw new RangeError(`${units.length} filters are left, fewer than the ${left} to be kept`);
    for (const unit of units.slice(0, units.length - left)) live[unit] = 0;
  };
  const pruned = prunedGroups(coupling, layers, rule.exclude);
  if (rule.scope === 'global') cut(pruned);
  else for (const group of pruned) cut([group]);
  return masksOfUnits(coupling, layers, masks, live);
}

/**
 * One cut to a sparsity: filters go in order of their weight until no more than the share 1 − `sparsity` of the prunable
 * weights is kept; with scope "layer" the same share of each group, rounded.
 * @throws NanWeightError
 */
export function pruneFiltersToSparsity(
  trained: Trained,
  sparsity: number,
  rule: { readonly scope: PruningRule['scope']; readonly exclude: readonly string[]; readonly norm: Norm },
): Mask[] {
  const { coupling, layers, masks } = trained;
  const before = liveUnits(coupling, layers, masks);
  const pruned = prunedGroups(coupling, layers, rule.exclude);
  const ranked = (rule.scope === 'global' ? [pruned] : pruned.map(group => [group])).map(groups =>
    rankedUnits(trained, groups, before, rule.norm),
  );
  const most = layers.reduce((sum, { size }) => sum + size, 0) * (1 - sparsity);
  const longest = Math.max(0, ...ranked.map(({ length }) => length));
  const after = (step: number): Uint8Array => {
    const live = before.slice();
    for (const units of ranked) {
      for (const unit of units.slice(0, roundHalfEven((units.length * step) / longest))) live[unit] = 0;
    }
    return live;
  };
  const keeps = (step: number): number => {
    const live = after(step);
    return keptWeights(
      coupling,
      coupling.groups.map(group => liveOf(group, live)),
      layers,
    );
  };
  let [low, high] = [0, longest];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (keeps(middle) <= most) high = middle;
    else low = middle + 1;
  }
  return masksOfUnits(coupling, layers, masks, after(low));
}

/** As many filters of each group as the masks have, drawn at random. A stream for each group. */
export function shuffledFilters({ coupling, layers, masks }: Omit<Trained, 'weights'>, seed: number): Mask[] {
  const live = liveUnits(coupling, layers, masks);
  const drawn = live.slice();
  for (const group of coupling.groups) {
    const flags = new Random(seed, 'shuffle', ...group.layers).shuffle(group.units.map(unit => live[unit]!));
    group.units.forEach((unit, i) => (drawn[unit] = flags[i]!));
  }
  return masksOfUnits(
    coupling,
    layers,
    layers.map(({ size }) => Mask.ones(size)),
    drawn,
  );
}

/** Groups that no excluded layer makes. */
export function prunedGroups(
  { groups, kernels }: Coupling,
  layers: readonly Pick<PrunableLayer, 'name'>[],
  exclude: readonly string[],
): CouplingGroup[] {
  const free = new Set(layers.flatMap(({ name }) => (exclude.includes(name) ? [] : [name])));
  return groups.filter(({ producers }) => producers.every(kernel => free.has(kernels[kernel]!.name)));
}

/** That of the layer that comes first. */
export function rateOfGroup(
  rule: Omit<FilterRule, 'norm'>,
  group: CouplingGroup,
  layers: readonly PrunableLayer[],
): number {
  const first = layers.find(({ layer }) => layer === group.layers[0]);
  return (first && rateOf(rule, first)) ?? 0;
}

export function liveOf({ units }: CouplingGroup, live: Uint8Array): number {
  return units.reduce((sum, unit) => sum + live[unit]!, 0);
}

/** Live units of groups that are ranked together, the lightest first; ties by position. */
function rankedUnits(
  { coupling, layers, masks, weights }: Trained,
  groups: readonly CouplingGroup[],
  live: Uint8Array,
  norm: Norm,
): number[] {
  const maskOf = new Map(
    coupling.kernels.map(({ parameter, name }) => [parameter, masks[layers.findIndex(layer => layer.name === name)]]),
  );
  const masked = new Map<number, Float32Array>();
  const values = (parameter: number): Float32Array => {
    const known = masked.get(parameter);
    if (known) return known;
    const mask = maskOf.get(parameter);
    const own = weights[parameter]!;
    // what a masked weight holds has no say
    const kept = mask && mask.kept < mask.size ? own.map((weight, i) => (mask.has(i) ? weight : 0)) : own;
    masked.set(parameter, kept);
    return kept;
  };
  const scored = groups.flatMap(group => {
    const present = { ...group, units: group.units.filter(unit => live[unit] === 1) };
    if (present.units.length === 0) return [];
    const power = norm === 'l1' ? 1 : 2;
    const scores = groupImportance(coupling, present, values, { power, reduction: 'mean', normalizer: 'mean' });
    const nan = scores.findIndex(Number.isNaN);
    if (nan >= 0) throw new NanWeightError(coupling.kernels[group.producers[0]!]!.name);
    return Array.from(present.units, (unit, i) => ({ unit, score: scores[i]! }));
  });
  // the sort is stable
  return scored.sort((a, b) => a.score - b.score).map(({ unit }) => unit);
}
