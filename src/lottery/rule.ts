/** The pruning rule of an experiment, brought to the one form in which it enters recipes and keys. */
import type { PruningConfig } from '../shared/experiment';
import { ExperimentError } from '../shared/experiment';
import { readStructure } from '../shared/structure';
import { isLayerwise, type Counts } from './counts';
import { layerRates } from './layerRates';
import type { PrunableLayer } from './layers';
import { withStructure } from './structured/rule';
import type { WandaRecipe } from '../shared/run';

/** What two experiments must share to prune alike. Fields that have no effect have a fixed value. */
export interface PruningRule {
  readonly scope: PruningConfig['scope'];
  readonly rate: number;
  /** Equal to `rate` where the output layer has no rate of its own. */
  readonly outputRate: number;
  /** Left out where convolutions have no rate of their own, or there are none. */
  readonly convolutionRate?: number;
  /** By the name of the kernel, of those that have a rate of their own; left out where none has. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Names of kernels left whole, in forward order. */
  readonly exclude: readonly string[];
  readonly counts: Counts;
  /** What goes as one; left out where single weights go. */
  readonly structure?: string;
  /** Of filters and blocks. */
  readonly norm?: 'l1' | 'l2';
  readonly wanda?: WandaRecipe;
}

/** The part of an experiment's `pruning` that decides masks. */
export type PruningInput = Pick<PruningConfig, 'scope' | 'rate' | 'rates' | 'exclude' | 'counts'> & {
  readonly outputRate?: number | undefined;
  readonly convolutionRate?: number | undefined;
  readonly structure?: string | undefined;
  readonly norm?: 'l1' | 'l2' | undefined;
  readonly method?: PruningConfig['method'];
  readonly calibration?: number | undefined;
};

/**
 * The paper's default: half the rate.
 */
export function outputRateOf(pruning: PruningInput): number {
  return pruning.outputRate ?? pruning.rate / 2;
}

/**
 * "google" is layerwise whatever the scope says. A rate of 0 means left whole, so an output rate of 0 with layerwise
 * pruning excludes the output layer, and a convolution rate of 0 the convolutions. An output layer that is a convolution
 * has the output rate. `rates` come before both.
 * @throws ExperimentError (`pruning.exclude`) where a name in `exclude` is no layer with prunable weights,
 * (`pruning.convolutionRate`) where all layers are ranked together
 */
export function pruningRule(pruning: PruningInput, layers: readonly PrunableLayer[]): PruningRule {
  for (const name of pruning.exclude) {
    if (layers.some(layer => layer.layer === name || layer.name === name)) continue;
    const known = layers.map(({ layer }) => layer).join(', ');
    throw new ExperimentError(
      'pruning.exclude',
      `"${name}" is no layer with prunable weights; the model has ${known || 'none'}`,
    );
  }
  checkDistribution(pruning);
  const layerwise = isLayerwise(pruning);
  if (pruning.rates && !layerwise) throw together('pruning.rates');
  const own = layerRates(pruning.rates ?? [], layers);
  const outputRate = layerwise ? outputRateOf(pruning) : pruning.rate;
  if (pruning.convolutionRate !== undefined && !layerwise) throw together('pruning.convolutionRate');
  const convolutionRate = pruning.convolutionRate ?? pruning.rate;
  const excluded = layers.filter(
    ({ name, layer, output, convolution }) =>
      pruning.exclude.includes(layer) ||
      pruning.exclude.includes(name) ||
      (own.get(name) ?? (output ? outputRate : convolution ? convolutionRate : pruning.rate)) === 0,
  );
  const pruned = layers.filter(layer => !excluded.includes(layer));
  const outputIsPruned = pruned.some(({ output }) => output);
  const convolutionsDiffer =
    convolutionRate !== pruning.rate && pruned.some(({ output, convolution }) => convolution && !output);
  const rates = Object.fromEntries(pruned.flatMap(({ name }) => (own.has(name) ? [[name, own.get(name)!]] : [])));
  const rule: PruningRule = {
    scope: layerwise ? 'layer' : pruning.scope,
    rate: pruning.rate,
    outputRate: outputIsPruned ? outputRate : pruning.rate,
    ...(convolutionsDiffer && { convolutionRate }),
    ...(Object.keys(rates).length > 0 && { rates }),
    exclude: excluded.map(({ name }) => name),
    counts: pruning.counts,
  };
  return withWanda(withStructure(rule, pruning, layers), pruning);
}

function together(field: string): ExperimentError {
  return new ExperimentError(
    field,
    'has no meaning where one rate counts for all layers together: set pruning.scope to "layer", or remove it',
  );
}

const calibrationExamples = 128;

/** Each output is cut by itself, so that what is ranked together has no effect. */
function withWanda(rule: PruningRule, { method = 'magnitude', ...pruning }: PruningInput): PruningRule {
  if (method === 'magnitude') {
    if (pruning.calibration === undefined) return rule;
    throw new ExperimentError('pruning.calibration', 'is for the methods "wanda" and "wanda-variant": remove it');
  }
  if (pruning.scope === 'uniform' || pruning.scope === 'erk') {
    throw new ExperimentError(
      'pruning.scope',
      `must be "global" or "layer" with "${method}", which cuts every output alike`,
    );
  }
  if (pruning.counts !== 'exact') throw new ExperimentError('pruning.counts', `must be "exact" with "${method}"`);
  const pattern = readStructure(rule.structure ?? 'weights')!.kind;
  if (pattern === 'filters' || pattern === 'blocks') {
    throw new ExperimentError('pruning.structure', `must be "weights" or a pattern such as "2:4" with "${method}"`);
  }
  if (pattern === 'n:m' && method === 'wanda-variant') {
    throw new ExperimentError('pruning.structure', 'must be "weights" with "wanda-variant", which cuts no groups');
  }
  return {
    ...rule,
    scope: pattern === 'n:m' ? rule.scope : 'layer',
    wanda: {
      examples: pruning.calibration ?? calibrationExamples,
      ...(method === 'wanda-variant' && { variant: true }),
    },
  };
}

/** Shares of layers are given by their shapes there, so the conventions that rank weights to find counts have no meaning. */
function checkDistribution({ scope, counts }: PruningInput): void {
  if (counts === 'exact' || (scope !== 'uniform' && scope !== 'erk')) return;
  throw new ExperimentError('pruning.counts', `must be "exact" with pruning.scope "${scope}", not "${counts}"`);
}

/** The rate of a layer under a rule; null where it is left whole. */
export function rateOf(
  rule: PruningRule,
  layer: Pick<PrunableLayer, 'name' | 'output'> & { readonly convolution?: boolean },
): number | null {
  if (rule.exclude.includes(layer.name)) return null;
  const own = rule.rates?.[layer.name];
  if (own !== undefined) return own;
  if (layer.output) return rule.outputRate;
  return layer.convolution === true ? (rule.convolutionRate ?? rule.rate) : rule.rate;
}
