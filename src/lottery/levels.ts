/** How many weights each level keeps, by arithmetic alone, before anything has been trained. */
import { ExperimentError } from '../shared/experiment';
import { cutFor, removedBy } from './counts';
import type { PrunableLayer } from './layers';
import { pruningRule, rateOf, type PruningInput, type PruningRule } from './rule';
import type { Coupling } from './structured/coupling';
import { structuredRounds } from './structured/levels';
import { outputsOf } from './wanda';

const defaultLevels = 12;
/** The schema's limit of `pruning.levels`. */
const maximumLevels = 200;

export interface LevelPlan {
  /** Pruning levels after the dense one. */
  readonly levels: number;
  /** Weights kept at levels 0, 1, …, over all prunable layers, excluded ones too; ties in the weights can make them fewer. */
  readonly kept: readonly number[];
  readonly total: number;
}

/** Walks from level to level. */
export interface LevelRounds {
  readonly total: number;
  /** Weights that no round can take. */
  readonly excluded: number;
  /** Weights kept so far. */
  readonly kept: number;
  /** Rounds after which nothing is left to take; null: not known beforehand. */
  readonly most: number | null;
  /** @returns how many weights go */
  next(field: 'pruning.levels' | 'pruning.target'): number;
}

/**
 * Resolves `levels` or `target` (where both are there, as in a resolved experiment, `levels` counts).
 * @throws ExperimentError naming `model`, `pruning.exclude`, `pruning.target`, `pruning.levels` or `pruning.rate` where
 * nothing could be pruned, the target is out of reach or met already, or a level would empty a layer
 * @param coupling of the model; needed where filters go
 */
export function levelsFor(
  pruning: PruningInput & { readonly levels?: number | undefined; readonly target?: number | undefined },
  layers: readonly PrunableLayer[],
  coupling: Coupling | null = null,
): LevelPlan {
  const rule = pruningRule(pruning, layers);
  const rounds = structuredRounds(rule, layers, coupling) ?? new Rounds(rule, layers);
  const target = pruning.levels === undefined ? pruning.target : undefined;
  const { total } = rounds;
  if (total === 0) throw new ExperimentError('model', 'the model has no prunable weights');
  const kept = [total];
  if (target !== undefined) {
    checkTarget(target, rounds);
    while ((total - kept.at(-1)!) / total < target) {
      if (kept.length > maximumLevels || rounds.next('pruning.target') === 0) {
        throw new ExperimentError(
          'pruning.target',
          `sparsity ${target} is not reached: level ${kept.length - 1} still keeps ${kept.at(-1)!} of ${total} weights; ` +
            'raise pruning.rate or lower the target',
        );
      }
      kept.push(rounds.kept);
    }
  } else {
    const levels = pruning.levels ?? rounds.most ?? defaultLevels;
    if (levels > 0) checkSomethingIsPruned(rounds);
    while (kept.length <= levels) {
      rounds.next('pruning.levels');
      kept.push(rounds.kept);
    }
  }
  return { levels: kept.length - 1, kept, total };
}

function checkSomethingIsPruned(rounds: LevelRounds): void {
  if (rounds.excluded < rounds.total) return;
  throw new ExperimentError('pruning.exclude', 'every prunable layer is excluded: leave at least one to prune');
}

function checkTarget(target: number, rounds: LevelRounds): void {
  const { total, excluded } = rounds;
  checkSomethingIsPruned(rounds);
  if (target * total < 0.5) {
    throw new ExperimentError(
      'pruning.target',
      `sparsity ${target} of ${total} weights is less than one weight: the dense network meets it already; ask for more`,
    );
  }
  const reachable = (total - excluded) / total;
  if (target >= reachable) {
    throw new ExperimentError(
      'pruning.target',
      `sparsity ${target} cannot be reached: the layers left whole hold ${excluded} of ${total} weights, so it stays ` +
        `below ${reachable.toFixed(4)}; exclude fewer layers or lower the target`,
    );
  }
}

interface Group {
  readonly layers: readonly string[];
  readonly rate: number;
  /** Of each of so many parts, which are cut alike. */
  remaining: number;
  readonly parts: number;
}

function leftOf({ remaining, parts }: Group): number {
  return remaining * parts;
}

/** Of single weights. A group is what is ranked together: all pruned layers, or each by itself. */
class Rounds implements LevelRounds {
  readonly total: number;
  /** Weights of the layers left whole. */
  readonly excluded: number;
  readonly most = null;
  private level = 0;
  private readonly groups: readonly Group[];

  constructor(
    private readonly rule: PruningRule,
    layers: readonly PrunableLayer[],
  ) {
    const pruned = layers.flatMap(layer => {
      const rate = rateOf(rule, layer);
      const parts = rule.wanda ? outputsOf(layer) : 1;
      return rate === null ? [] : [{ layers: [layer.layer], rate, remaining: layer.size / parts, parts }];
    });
    const remaining = sum(pruned.map(leftOf));
    this.total = sum(layers.map(({ size }) => size));
    this.excluded = this.total - remaining;
    const together = { layers: pruned.flatMap(group => group.layers), rate: rule.rate, remaining, parts: 1 };
    this.groups = rule.scope === 'layer' ? pruned : [together];
  }

  get kept(): number {
    return this.excluded + sum(this.groups.map(leftOf));
  }

  /** @returns how many weights go */
  next(field: 'pruning.levels' | 'pruning.target'): number {
    this.level++;
    const before = this.kept;
    for (const group of this.groups) {
      const counted = this.rule.scope === 'layer' ? group.remaining : countedBy(this.rule, before, group.remaining);
      const removed = removedBy(cutFor(this.rule.counts, group.rate, counted));
      group.remaining -= removed;
      if (group.remaining < group.layers.length) this.fail(group, field);
    }
    return before - this.kept;
  }

  private fail({ layers, remaining }: Group, field: string): never {
    const what =
      layers.length === 1
        ? `layer "${layers[0]!}" without a weight`
        : `${Math.max(0, remaining)} weights for the ${layers.length} layers that are pruned`;
    throw new ExperimentError(
      this.level === 1 ? 'pruning.rate' : field,
      `level ${this.level} would leave ${what}: choose fewer levels or a lower rate, or exclude layers`,
    );
  }
}

/** open_lth counts excluded layers too when it decides how many weights go globally. */
export function countedBy(
  rule: Pick<PruningRule, 'counts'>,
  remainingOfAll: number,
  remainingOfPruned: number,
): number {
  return rule.counts === 'open_lth' ? remainingOfAll : remainingOfPruned;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
