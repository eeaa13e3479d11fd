/** What each level keeps where structure goes, by arithmetic alone. */
import { ExperimentError } from '../../shared/experiment';
import { readStructure, type Structure } from '../../shared/structure';
import { roundHalfEven } from '../counts';
import type { PrunableLayer } from '../layers';
import type { LevelRounds } from '../levels';
import { rateOf, type PruningRule } from '../rule';
import { BlockGrid } from './blocks';
import type { Coupling } from './coupling';
import { prunedGroups, rateOfGroup } from './filters';
import { nextKept } from './patterns';
import { keptWeights } from './units';

/**
 * @returns null where single weights go
 * @throws ExperimentError (`pruning.structure`) where filters should go of a network that is no training plan
 */
export function structuredRounds(
  rule: PruningRule,
  layers: readonly PrunableLayer[],
  coupling: Coupling | null,
): LevelRounds | null {
  const structure = readStructure(rule.structure ?? 'weights')!;
  switch (structure.kind) {
    case 'weights':
      return null;
    case 'n:m':
      return new PatternRounds(rule, layers, structure);
    case 'blocks': {
      const grids = layers.map(({ shape }) => new BlockGrid(shape, structure));
      const pruned = layers.flatMap((layer, i) => {
        const rate = rateOf(rule, layer);
        return rate === null ? [] : [{ i, name: layer.layer, rate, count: grids[i]!.count }];
      });
      return new UnitRounds(rule, pruned, 'block', layers, left => {
        const shares = new Map(pruned.map(({ i, count }, at) => [i, left[at]! / count]));
        return layers.reduce((sum, { size }, i) => sum + size * (shares.get(i) ?? 1), 0);
      });
    }
    case 'filters': {
      if (!coupling) {
        throw new ExperimentError(
          'pruning.structure',
          '"filters" needs a model of layers that training plans cover, which tell what goes with a filter; prune "weights" of this one',
        );
      }
      const groups = prunedGroups(coupling, layers, rule.exclude);
      const pruned = groups.map(group => ({
        name: group.layers.join(', '),
        rate: rateOfGroup(rule, group, layers),
        count: group.units.length,
      }));
      const places = coupling.groups.map(group => groups.indexOf(group));
      return new UnitRounds(rule, pruned, 'filter', layers, left =>
        keptWeights(
          coupling,
          coupling.groups.map(({ units }, i) => (places[i]! < 0 ? units.length : left[places[i]!]!)),
          layers,
        ),
      );
    }
  }
}

function totalOf(layers: readonly PrunableLayer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

/** N of M: every group goes the same way. */
class PatternRounds implements LevelRounds {
  readonly total: number;
  readonly excluded: number;
  readonly most: number;
  private left: number;
  private level = 0;

  constructor(
    private readonly rule: PruningRule,
    layers: readonly PrunableLayer[],
    private readonly pattern: Extract<Structure, { kind: 'n:m' }>,
  ) {
    this.total = totalOf(layers);
    this.excluded = totalOf(layers.filter(({ name }) => rule.exclude.includes(name)));
    this.left = pattern.m;
    let levels = 0;
    for (let left = pattern.m; left > pattern.n; left = nextKept(pattern, left, rule.rate)) levels++;
    this.most = levels;
  }

  get kept(): number {
    return this.excluded + ((this.total - this.excluded) * this.left) / this.pattern.m;
  }

  next(field: 'pruning.levels' | 'pruning.target'): number {
    const before = this.kept;
    this.level++;
    if (this.left === this.pattern.n && field === 'pruning.levels') {
      throw new ExperimentError(
        field,
        `level ${this.level} would take nothing: ${this.rule.structure!} is reached at level ${this.most}; set pruning.levels to ${this.most}, or leave it out`,
      );
    }
    this.left = Math.max(this.pattern.n, nextKept(this.pattern, this.left, this.rule.rate));
    return before - this.kept;
  }
}

interface UnitGroup {
  readonly name: string;
  readonly rate: number;
  readonly count: number;
}

/** Filters or blocks. Where all are ranked together, each group is taken to lose the same share. */
class UnitRounds implements LevelRounds {
  readonly total: number;
  readonly excluded: number;
  readonly most = null;
  private left: number[];
  private level = 0;

  constructor(
    private readonly rule: PruningRule,
    private readonly groups: readonly UnitGroup[],
    private readonly what: 'filter' | 'block',
    layers: readonly PrunableLayer[],
    private readonly keptOf: (left: readonly number[]) => number,
  ) {
    this.total = totalOf(layers);
    this.excluded = Math.round(keptOf(groups.map(() => 0)));
    this.left = groups.map(({ count }) => count);
  }

  get kept(): number {
    return Math.round(this.keptOf(this.left));
  }

  next(field: 'pruning.levels' | 'pruning.target'): number {
    this.level++;
    const before = this.kept;
    const gone = this.rule.scope === 'layer' ? this.eachByItself(field) : this.allTogether(field);
    if (gone === 0 && field === 'pruning.levels') {
      throw new ExperimentError(
        this.level === 1 ? 'pruning.rate' : field,
        `level ${this.level} would take no ${this.what}: so few are left that the rate is less than half of one; choose fewer levels or a higher rate`,
      );
    }
    return before - this.kept;
  }

  private eachByItself(field: string): number {
    let gone = 0;
    this.left = this.left.map((count, i) => {
      const { name, rate } = this.groups[i]!;
      const removed = roundHalfEven(rate * count);
      if (count - removed < 1) this.fail(`layer "${name}" without a ${this.what}`, field);
      gone += removed;
      return count - removed;
    });
    return gone;
  }

  private allTogether(field: string): number {
    const count = Math.round(this.left.reduce((sum, one) => sum + one, 0));
    const removed = roundHalfEven(this.rule.rate * count);
    if (count - removed < this.groups.length) {
      this.fail(
        `${count - removed} ${this.what}s for the ${this.groups.length} groups of layers that are pruned`,
        field,
      );
    }
    this.left = this.left.map(one => (one * (count - removed)) / count);
    return removed;
  }

  private fail(what: string, field: string): never {
    throw new ExperimentError(
      this.level === 1 ? 'pruning.rate' : field,
      `level ${this.level} would leave ${what}: choose fewer levels or a lower rate, or exclude layers`,
    );
  }
}
