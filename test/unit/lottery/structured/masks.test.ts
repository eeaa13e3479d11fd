import { describe, expect, it } from 'vitest';
import { prunableLayers } from '../../../../src/lottery/layers';
import { levelsFor } from '../../../../src/lottery/levels';
import { Mask } from '../../../../src/lottery/mask';
import { buildMasks, type MaskAccess } from '../../../../src/lottery/masks';
import { pruningRule } from '../../../../src/lottery/rule';
import { couplingOf } from '../../../../src/lottery/structured/coupling';
import { liveUnits } from '../../../../src/lottery/structured/units';
import { builtinModel } from '../../../../src/models/builtins';
import { ExperimentError } from '../../../../src/shared/experiment';
import { Random } from '../../../../src/shared/random';
import { lowerModel } from '../../../../src/training/plan/lower';
import { randomWeights } from '../../../support/randomNetworks';
import { pruningDefaults } from '../support';

const inputShape = [8, 8, 2];
const topology = builtinModel('simple-cnn').topology(inputShape, 8);
const plan = lowerModel({ topology: () => topology }, { inputShape, classes: 8, loss: 'cross-entropy' });
const coupling = couplingOf(plan);
const layers = prunableLayers(plan.parameters, 'fc2');
const weights = randomWeights(plan.parameters, new Random(0, 'structured'));
const kernels = layers.map(({ name }) => weights[plan.parameters.findIndex(one => one.name === name)]!);

/** A store whose runs all have these weights. */
function access(masks: Record<string, readonly Mask[]>): MaskAccess {
  return {
    layers,
    level: 1,
    coupling: () => coupling,
    finalKernels: () => Promise.resolve(kernels),
    finalWeights: () => Promise.resolve(weights),
    masks: run => Promise.resolve(masks[run]!),
    score: () => Promise.reject(new Error('nothing is scored')),
  };
}

const ones = layers.map(({ size }) => Mask.ones(size));
const ruleOf = (changes: object) => pruningRule({ ...pruningDefaults, ...changes }, layers);

/** Masks of levels 1, 2, … */
async function iterate(changes: object, levels: number): Promise<Mask[][]> {
  const rule = ruleOf(changes);
  const runs: Record<string, readonly Mask[]> = { '0': ones };
  for (let level = 1; level <= levels; level++) {
    runs[level] = await buildMasks({ kind: 'magnitude', run: String(level - 1), ...rule }, access(runs));
  }
  return Object.values(runs).slice(1) as Mask[][];
}

const keptOf = (masks: readonly Mask[]): number => masks.reduce((sum, { kept }) => sum + kept, 0);
const plannedOf = (changes: object) => levelsFor({ ...pruningDefaults, ...changes }, layers, coupling);
/** Filters of conv1, conv2, fc1. */
const filtersOf = (masks: readonly Mask[]): number[] => {
  const live = liveUnits(coupling, layers, masks);
  return coupling.groups.map(({ units }) => units.filter(unit => live[unit] === 1).length);
};

describe('filters', () => {
  const byLayer = { structure: 'filters', scope: 'layer', rate: 0.25 };

  it('go by layers, with the weights beforehand that are left', async () => {
    const levels = await iterate(byLayer, 3);
    expect(levels.map(filtersOf)).toEqual([
      [24, 48, 96],
      [18, 36, 72],
      [14, 27, 54],
    ]);
    expect(levels.map(keptOf)).toEqual(plannedOf({ ...byLayer, levels: 3 }).kept.slice(1));
    expect(levels[1]!.every((mask, i) => mask.isSubsetOf(levels[0]![i]!))).toBe(true);
    // whole filters and whole inputs of the next layer
    expect(levels[0]!.map(({ kept }) => kept)).toEqual([24 * 18, 24 * 48 * 9, 48 * 4 * 96, 96 * 8]);
  });

  it('go in one ranking over all layers', async () => {
    const [first, second] = await iterate({ structure: 'filters', rate: 0.25 }, 2);
    const count = (masks: Mask[]) => filtersOf(masks).reduce((sum, filters) => sum + filters, 0);
    expect([count(first!), count(second!)]).toEqual([168, 126]);
  });

  it('stay where a layer is excluded, whose inputs go with those before', async () => {
    const [masks] = await iterate({ ...byLayer, exclude: ['conv2'] }, 1);
    expect(filtersOf(masks!)).toEqual([24, 64, 96]);
    expect(masks![1]!.kept).toBe(24 * 64 * 9);
  });

  it('are met by one cut, and by the same number at random', async () => {
    const [ticket] = await iterate(byLayer, 1);
    const runs = { dense: ones, ticket: ticket! };
    const parts = { structure: 'filters', norm: 'l2', exclude: [] } as const;
    const cut = { kind: 'magnitude-to', run: 'dense', scope: 'layer', ...parts } as const;
    const oneShot = await buildMasks({ ...cut, countsOf: 'ticket' }, access(runs));
    expect(oneShot.every((mask, i) => mask.equals(ticket![i]!))).toBe(true);
    const shuffle = { kind: 'shuffled', run: 'ticket', structure: 'filters' } as const;
    const random = await buildMasks({ ...shuffle, seed: 1 }, access(runs));
    expect(filtersOf(random)).toEqual(filtersOf(ticket!));
    expect(random.map(({ kept }) => kept)).toEqual(ticket!.map(({ kept }) => kept));
    expect(random[0]!.equals(ticket![0]!)).toBe(false);
    expect(random[0]!.equals((await buildMasks({ ...shuffle, seed: 2 }, access(runs)))[0]!)).toBe(false);
    const half = await buildMasks({ ...cut, scope: 'global', sparsity: 0.5 }, access(runs));
    const total = keptOf(ones);
    expect(keptOf(half) / total).toBeLessThanOrEqual(0.5);
    expect(keptOf(half) / total).toBeGreaterThan(0.48);
  });
});

describe('N of M', () => {
  it('takes one of each group after another, until N are left', async () => {
    // two inputs of the first convolution are no group of four
    expect(ruleOf({ structure: '2:4' }).exclude).toEqual(['conv1/kernel']);
    const levels = await iterate({ structure: '2:4' }, 2);
    const whole = 18 * 32;
    const rest = keptOf(ones) - whole;
    expect(levels.map(keptOf)).toEqual([whole + (3 / 4) * rest, whole + rest / 2]);
    expect(levels.map(keptOf)).toEqual(plannedOf({ structure: '2:4' }).kept.slice(1));
    const [, conv2] = levels[1]!;
    const [, values] = kernels;
    for (let tap = 0; tap < 9; tap++) {
      for (const [group, output] of [
        [0, 0],
        [3, 17],
        [7, 63],
      ] as const) {
        const members = [0, 1, 2, 3].map(i => (tap * 32 + group * 4 + i) * 64 + output);
        const largest = [...members].sort((a, b) => Math.abs(values![b]!) - Math.abs(values![a]!)).slice(0, 2);
        expect(members.filter(i => conv2!.has(i))).toEqual(largest.sort((a, b) => a - b));
      }
    }
  });

  it('is met by one cut and shuffled within its groups', async () => {
    const levels = await iterate({ structure: '4:8', rate: 0.25 }, 2);
    const runs = { dense: ones, ticket: levels[1]! };
    const cut = { kind: 'magnitude-to', run: 'dense', scope: 'global', structure: '4:8' } as const;
    const exclude = ruleOf({ structure: '4:8' }).exclude;
    const oneShot = await buildMasks({ ...cut, exclude, countsOf: 'ticket' }, access(runs));
    expect(oneShot.map(({ kept }) => kept)).toEqual(levels[1]!.map(({ kept }) => kept));
    const random = await buildMasks({ kind: 'shuffled', run: 'ticket', seed: 3, structure: '4:8' }, access(runs));
    expect(random[2]!.equals(levels[1]![2]!)).toBe(false);
    const outputs = 128;
    for (let row = 0; row < layers[2]!.size / outputs; row += 8) {
      const members = Array.from({ length: 8 }, (_, i) => (row + i) * outputs + 5);
      expect(members.filter(i => random[2]!.has(i))).toHaveLength(4);
    }
  });
});

describe('blocks', () => {
  const blocks = { structure: '4x8', scope: 'layer', rate: 0.5, outputRate: 0.5 };

  it('go whole, and are counted whole', async () => {
    const levels = await iterate(blocks, 2);
    const [, , dense] = levels[1]!;
    for (let block = 0; block < 8; block++) {
      const members = Array.from({ length: 32 }, (_, i) => Math.floor(i / 8) * 128 + block * 8 + (i % 8));
      expect([0, 32]).toContain(members.filter(i => dense!.has(i)).length);
    }
    expect(dense!.kept).toBe(layers[2]!.size / 4);
    // 18 rows are four blocks and a half: here arithmetic takes the mean
    expect(Math.abs(keptOf(levels[1]!) - plannedOf({ ...blocks, levels: 2 }).kept[2]!)).toBeLessThan(64);
    const runs = { dense: ones, ticket: levels[1]! };
    const random = await buildMasks({ kind: 'shuffled', run: 'ticket', seed: 1, structure: '4x8' }, access(runs));
    expect(random[2]!.kept).toBe(dense!.kept);
    expect(random[2]!.equals(dense!)).toBe(false);
  });
});

describe('what is refused before anything is trained', () => {
  it.each([
    ['pruning.norm', { norm: 'l1' }],
    ['pruning.norm', { structure: '2:4', norm: 'l1' }],
    ['pruning.counts', { structure: 'filters', counts: 'open_lth' }],
    ['pruning.scope', { structure: 'filters', scope: 'erk' }],
    ['pruning.structure', { structure: '5:7' }],
    ['pruning.levels', { structure: '2:4', levels: 3 }],
    ['pruning.levels', { structure: 'filters', scope: 'layer', levels: 40 }],
    ['pruning.rate', { structure: 'filters', scope: 'layer', rate: 0.999, levels: 1 }],
    ['pruning.target', { structure: '2:4', target: 0.6 }],
  ])('%s: %j', (field, changes) => {
    const attempt = () => plannedOf(changes);
    expect(attempt).toThrow(ExperimentError);
    expect(attempt).toThrow(new RegExp(`^${field}`));
  });

  it('filters of a model that no plan covers', () => {
    expect(() => levelsFor({ ...pruningDefaults, structure: 'filters' }, layers)).toThrow(/pruning.structure/);
  });

  it('takes N:M to its end where nothing says how far', () => {
    expect(plannedOf({ structure: '1:4' }).levels).toBe(3);
    expect(plannedOf({ structure: '2:4', rate: 0.5 }).levels).toBe(1);
  });
});
