import { describe, expect, it } from 'vitest';
import { levelsFor } from '../../../src/lottery/levels';
import { pruneByMagnitude } from '../../../src/lottery/magnitude';
import { Mask } from '../../../src/lottery/mask';
import { pruningRule, rateOf, type PruningInput } from '../../../src/lottery/rule';
import { layer, trained } from './support';

const conv = { ...layer('stem', [3, 3, 4, 8]), convolution: true };
const layers = [
  layer('embeddings', [50, 8]),
  conv,
  layer('block_1.attention.query', [8, 8]),
  layer('block_1.mlp.fc1', [8, 32]),
  layer('block_2.mlp.fc1', [8, 32]),
  layer('classifier', [32, 10], true),
];
const base: PruningInput = { scope: 'layer', rate: 0.2, exclude: [], counts: 'exact' };
const ratesOf = (input: Partial<PruningInput>) => {
  const rule = pruningRule({ ...base, ...input }, layers);
  return layers.map(one => rateOf(rule, one));
};

describe('rates of single layers', () => {
  it('go by name, by pattern and by what a layer is for; the first entry that fits counts', () => {
    const rates = [
      { layers: 'block_2.*', rate: 0.7 },
      { role: 'feed-forward', rate: 0.5 },
      { role: 'attention', rate: 0.4 },
      { role: 'embedding', rate: 0.05 },
      { layers: '*', rate: 0.3 },
    ] as const;
    expect(ratesOf({ rates: [...rates] })).toEqual([0.05, 0.3, 0.4, 0.5, 0.7, 0.3]);
  });

  it('come before the rates of convolutions and of the output, and leave whole with 0', () => {
    const rates = [
      { role: 'convolution', rate: 0 },
      { role: 'output', rate: 0.15 },
    ] as const;
    expect(ratesOf({ convolutionRate: 0.6, outputRate: 0.01, rates: [...rates] })).toEqual([
      0.2,
      null,
      0.2,
      0.2,
      0.2,
      0.15,
    ]);
  });

  it('count levels and prune layers by them', () => {
    const rule = pruningRule({ ...base, outputRate: 0.2, rates: [{ layers: 'stem', rate: 0.5 }] }, layers);
    const kernels = trained(layers).map((kernel, i) => ({ ...kernel, name: layers[i]!.name }));
    const kept = pruneByMagnitude(kernels, rule).map(mask => mask.kept);
    expect(kept).toEqual([320, 144, 51, 205, 205, 256]);
    expect(
      levelsFor({ ...base, outputRate: 0.2, rates: [{ layers: 'stem', rate: 0.5 }], levels: 1 }, layers).kept[1],
    ).toBe(kept.reduce((sum, count) => sum + count, 0));
  });

  it.each([
    [
      'a pattern that fits no layer',
      { rates: [{ layers: 'blok*', rate: 0.1 }] },
      'pruning.rates[0]',
      'no layer is named "blok*"',
    ],
    ['a role that no layer has', { rates: [{ role: 'head', rate: 0.1 }] }, null, ''],
    [
      'a scope without layers',
      { scope: 'global', rates: [{ layers: '*', rate: 0.1 }] },
      'pruning.rates',
      'set pruning.scope to "layer"',
    ],
    ['counts that need ranks', { scope: 'erk', counts: 'google' }, 'pruning.counts', 'must be "exact"'],
  ] as const)('say what is wrong with %s', (_, input, field, words) => {
    const rule = () => pruningRule({ ...base, ...input } as PruningInput, layers);
    if (field === null) expect(rule).not.toThrow();
    else
      expect(rule).toThrow(
        expect.objectContaining({ field, message: expect.stringContaining(words) as string }) as Error,
      );
  });

  it('take patterns as text, not as regular expressions', () => {
    expect(() => pruningRule({ ...base, rates: [{ layers: 'block.1*', rate: 0.1 }] }, layers)).toThrow(
      'no layer is named',
    );
    expect(ratesOf({ rates: [{ layers: '*.*.*1', rate: 0.9 }] })).toEqual([0.2, 0.2, 0.2, 0.9, 0.9, 0.1]);
  });
});

describe('shares by the shapes of the layers', () => {
  const shapes = [layer('small', [10, 10]), layer('large', [100, 100]), layer('out', [100, 5], true)];
  const total = 10_600;
  const prune = (scope: 'uniform' | 'erk', rounds: number) => {
    const rule = pruningRule({ ...base, scope }, shapes);
    let kernels = trained(shapes).map((kernel, i) => ({ ...kernel, name: shapes[i]!.name, shape: shapes[i]!.shape }));
    let left = total;
    for (let round = 0; round < rounds; round++) {
      left -= Math.round(0.2 * left);
      const masks = pruneByMagnitude(kernels, rule);
      masks.forEach((mask, i) => expect(mask.isSubsetOf(kernels[i]!.mask)).toBe(true));
      kernels = kernels.map((kernel, i) => ({ ...kernel, mask: masks[i]! }));
      expect(masks.reduce((sum, mask) => sum + mask.kept, 0)).toBe(left);
    }
    return kernels.map(({ mask }) => mask.kept);
  };

  it('keep the same share of each layer with scope "uniform", the output too', () => {
    const counts = prune('uniform', 5);
    const left = counts.reduce((sum, count) => sum + count, 0);
    shapes.forEach(({ size }, i) => expect(Math.abs(counts[i]! - (size * left) / total)).toBeLessThanOrEqual(1));
  });

  it('keep small layers denser with scope "erk", in every round', () => {
    expect(prune('erk', 3)[0]).toBe(100);
    const counts = prune('erk', 12);
    // (10 + 10) : (100 + 100) : (100 + 5)
    expect(counts[1]! / counts[0]!).toBeCloseTo(10, 0);
    expect(counts[2]! / counts[0]!).toBeCloseTo(5.25, 0);
  });

  it('cut what is lowest within each layer', () => {
    const [kernel] = trained([shapes[1]!]);
    const mask = pruneByMagnitude([{ ...kernel!, shape: [100, 100], mask: Mask.ones(10_000) }], {
      ...pruningRule({ ...base, scope: 'uniform' }, [shapes[1]!]),
    })[0]!;
    const kept = [...kernel!.weights].filter((_, i) => mask.has(i)).map(Math.abs);
    const gone = [...kernel!.weights].filter((_, i) => !mask.has(i)).map(Math.abs);
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...gone));
  });
});
