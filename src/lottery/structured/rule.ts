/** A pruning rule of structure, brought to the one form in which it enters recipes and keys. */
import { ExperimentError } from '../../shared/experiment';
import { readStructure } from '../../shared/structure';
import type { PrunableLayer } from '../layers';
import type { PruningInput, PruningRule } from '../rule';
import { hasPattern } from './patterns';

/**
 * Adds `structure` and `norm` where more than single weights go as one. With N:M each group is cut by itself, so scope and
 * the rates of kinds of layers have no effect; layers whose inputs do not come in groups are left whole. With filters the
 * output layer has none that may go.
 * @throws ExperimentError (`pruning.norm`, `pruning.counts`, `pruning.scope`, `pruning.convolutionRate`, `pruning.structure`)
 */
export function withStructure(rule: PruningRule, pruning: PruningInput, layers: readonly PrunableLayer[]): PruningRule {
  const { structure: text = 'weights', norm = 'l2' } = pruning;
  const structure = readStructure(text)!;
  if (pruning.norm !== undefined && (structure.kind === 'weights' || structure.kind === 'n:m')) {
    throw new ExperimentError(
      'pruning.norm',
      `has no meaning with structure "${text}", where single weights are compared: remove it`,
    );
  }
  if (structure.kind === 'weights') return rule;
  if (pruning.counts !== 'exact') {
    throw new ExperimentError(
      'pruning.counts',
      `"${pruning.counts}" counts single weights: with structure "${text}" leave it at "exact"`,
    );
  }
  if (rule.scope !== 'global' && rule.scope !== 'layer' && structure.kind !== 'n:m') {
    throw new ExperimentError(
      'pruning.scope',
      `"${rule.scope}" gives shares of single weights: with structure "${text}" use "global" or "layer"`,
    );
  }
  switch (structure.kind) {
    case 'filters': {
      const outputs = new Set(layers.flatMap(({ name, output }) => (output ? [name] : [])));
      const exclude = rule.exclude.filter(name => !outputs.has(name));
      return { ...rule, outputRate: rule.rate, exclude, structure: text, norm };
    }
    case 'blocks':
      return { ...rule, structure: text, norm };
    case 'n:m':
      return patternRule(rule, pruning, layers, structure.m);
  }
}

function patternRule(
  { rate, exclude, counts }: PruningRule,
  pruning: PruningInput,
  layers: readonly PrunableLayer[],
  m: number,
): PruningRule {
  const text = pruning.structure!;
  if (pruning.convolutionRate !== undefined) {
    throw new ExperimentError(
      'pruning.convolutionRate',
      `has no meaning with structure "${text}", where every group is cut alike: remove it`,
    );
  }
  const whole = layers.filter(layer => exclude.includes(layer.name) || !hasPattern(layer, m));
  if (layers.length > 0 && whole.length === layers.length) {
    throw new ExperimentError(
      'pruning.structure',
      `no layer that is pruned has inputs in multiples of ${m}: choose another pattern, or exclude fewer layers`,
    );
  }
  return {
    scope: 'global',
    rate,
    outputRate: rate,
    exclude: whole.map(({ name }) => name),
    counts,
    structure: text,
  };
}
