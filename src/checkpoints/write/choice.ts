/** Which tensors of a checkpoint a rule prunes, and which of them are ranked together. */
import type { TensorInfo } from '../../shared/inspection';
import { policyKinds, PruneOptionError, type PolicyKind, type PruneRule, type PruneTarget } from './pruneRule';

export interface Group {
  /** Indices, ascending. */
  readonly tensors: readonly number[];
  readonly target: PruneTarget;
}

/**
 * Kernels that count in totals and that no pattern names. Memory that several tensors share is left alone where a pattern
 * names one of them.
 * @throws PruneOptionError where a pattern names no tensor, or none is left
 */
export function chooseTensors(tensors: readonly TensorInfo[], exclude: readonly string[]): number[] {
  const patterns = exclude.map(pattern => ({ pattern, expression: expressionOf(pattern), used: false }));
  const left = new Set<string>();
  for (const { name, tiedTo } of tensors) {
    for (const entry of patterns) {
      if (!entry.expression.test(name)) continue;
      entry.used = true;
      left.add(tiedTo ?? name);
    }
  }
  const unused = patterns.find(({ used }) => !used);
  if (unused) throw new PruneOptionError(`--exclude: no tensor is named "${unused.pattern}"`);
  const chosen = tensors.flatMap(({ name, prunable, role, tiedTo, count }, index) =>
    prunable && role === 'weight' && tiedTo === null && count > 0 && !left.has(name) ? [index] : [],
  );
  if (chosen.length === 0) {
    const why = exclude.length > 0 ? ' but those that --exclude names' : '';
    throw new PruneOptionError(`the file holds no kernels, embeddings or projections that could be pruned${why}`);
  }
  return chosen;
}

/** A whole name, or the path of a module that holds it; `*` stands for any characters. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // runs of * would make the search slow, and mean the same
  const source = parts.filter((part, i) => part !== '' || i === 0 || i === parts.length - 1).join('.*');
  return new RegExp(`^${source}(?:[./].*)?$`, 's');
}

/** @throws PruneOptionError where the policy names a kind of layer that the file does not have */
export function groupTensors(
  tensors: readonly TensorInfo[],
  chosen: readonly number[],
  { scope, target, policy }: Extract<PruneRule, { scope: string }>,
): Group[] {
  for (const kind of policy.keys()) {
    if (!chosen.some(index => tensors[index]!.kind === kind)) {
      throw new PruneOptionError(`--role-policy: no tensor to prune is known to be of kind "${kind}"`);
    }
  }
  const groups = new Map<PolicyKind | null, number[]>();
  for (const index of chosen) {
    const kind = policyKinds.find(name => name === tensors[index]!.kind && policy.has(name)) ?? null;
    groups.set(kind, [...(groups.get(kind) ?? []), index]);
  }
  return [...groups].flatMap(([kind, members]) => {
    const share = kind === null ? target : { sparsity: policy.get(kind)! };
    if (share === null) return [];
    return scope === 'layer'
      ? members.map(index => ({ tensors: [index], target: share }))
      : [{ tensors: members, target: share }];
  });
}
