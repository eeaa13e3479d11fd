import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pruneByMagnitude, pruneToCounts, type Kernel } from '../../../src/lottery/magnitude';
import { Mask } from '../../../src/lottery/mask';
import { pruningRule, type PruningInput, type PruningRule } from '../../../src/lottery/rule';
import { lenet, pruningDefaults, trained } from './support';

const total = (masks: readonly Mask[]) => masks.reduce((sum, mask) => sum + mask.kept, 0);
const kernel = (weights: readonly number[], name = 'a', mask = Mask.ones(weights.length)): Kernel => ({
  name,
  output: false,
  weights: Float32Array.from(weights),
  mask,
});
const rule = (changes: Partial<PruningRule> = {}): PruningRule => ({
  scope: 'global',
  rate: 0.5,
  outputRate: 0.5,
  exclude: [],
  counts: 'exact',
  ...changes,
});
const bits = (mask: Mask): string => mask.toBytes().join('');

/** Kept counts of LeNet-300-100 level by level, fresh Gaussian weights at each as if trained anew. */
function lenetCounts(pruning: Partial<PruningInput>, levels: number): number[] {
  const resolved = pruningRule({ ...pruningDefaults, ...pruning }, lenet);
  let masks = lenet.map(({ size }) => Mask.ones(size));
  const counts = [total(masks)];
  for (let level = 1; level <= levels; level++) {
    const kernels = trained(lenet, level).map((one, i) => ({ ...one, mask: masks[i]! }));
    const next = pruneByMagnitude(kernels, resolved);
    expect(next.every((mask, i) => mask.isSubsetOf(masks[i]!))).toBe(true);
    masks = next;
    counts.push(total(masks));
  }
  return counts;
}

describe('counts of the peers, LeNet-300-100', () => {
  it('google: per layer, the output layer at half the rate', () => {
    const counts = lenetCounts({ counts: 'google', scope: 'layer' }, 18);
    expect([3, 7, 9, 15, 18].map(level => counts[level])).toEqual([136_503, 56_081, 35_967, 9_518, 4_908]);
  });

  it('google is layerwise whatever the scope says', () => {
    expect(lenetCounts({ counts: 'google', scope: 'global' }, 3)[3]).toBe(136_503);
  });

  it('open_lth: global, excluded weights counted but left alone', () => {
    const counts = lenetCounts({ counts: 'open_lth', exclude: ['dense_3'] }, 15);
    expect([1, 3, 7, 15].map(level => counts[level])).toEqual([212_959, 136_291, 55_820, 9_359]);
  });

  it('exact: a fifth of what is left, rounded', () => {
    expect(lenetCounts({}, 3)).toEqual([266_200, 212_960, 170_368, 136_294]);
  });
});

describe('magnitude pruning', () => {
  it('removes the smallest by absolute value', () => {
    expect(bits(pruneByMagnitude([kernel([-0.1, 3, 0.2, -4])], rule())[0]!)).toBe('0101');
  });

  it('breaks ties by position: the earliest goes first, across layers too', () => {
    const masks = pruneByMagnitude([kernel([1, -1, 1]), kernel([1, 1, 9], 'b')], rule());
    expect(masks.map(bits)).toEqual(['000', '111']);
    expect(bits(pruneByMagnitude([kernel([2, 1, -1, 1])], rule())[0]!)).toBe('1001');
  });

  it('takes all ties with the threshold in the modes of the peers', () => {
    for (const counts of ['open_lth', 'google'] as const) {
      const [mask] = pruneByMagnitude([kernel([1, 1, 1, 2, 3])], rule({ scope: 'layer', rate: 0.2, counts }));
      expect(bits(mask!)).toBe('00011');
    }
  });

  it('rounds a half to the even count, as Python does', () => {
    expect(pruneByMagnitude([kernel([1, 2, 3, 4, 5])], rule())[0]!.kept).toBe(3); // round(2.5) = 2
    expect(pruneByMagnitude([kernel([1, 2, 3])], rule())[0]!.kept).toBe(1); // round(1.5) = 2
  });

  it('ranks kept weights only, whatever the masked ones hold', () => {
    const mask = Mask.fromBytes(Uint8Array.of(0, 1, 1, 0));
    expect(bits(pruneByMagnitude([kernel([9, 2, 1, NaN], 'a', mask)], rule())[0]!)).toBe('0100');
  });

  it('compares layers with each other only with global scope', () => {
    const kernels = [kernel([1, 2]), kernel([10, 20], 'b')];
    expect(pruneByMagnitude(kernels, rule()).map(bits)).toEqual(['00', '11']);
    expect(pruneByMagnitude(kernels, rule({ scope: 'layer' })).map(bits)).toEqual(['01', '01']);
  });

  it('gives the output layer its own rate with scope "layer"', () => {
    const kernels = [kernel([1, 2, 3, 4]), { ...kernel([1, 2, 3, 4], 'out'), output: true }];
    const masks = pruneByMagnitude(kernels, rule({ scope: 'layer', outputRate: 0.25 }));
    expect(masks.map(bits)).toEqual(['0011', '0111']);
  });

  it('orders zeros, subnormal, tiny, huge and infinite weights rightly', () => {
    const weights = [Infinity, -3e38, 1, 1e-38, -1e-45, -0];
    for (let kept = 0; kept <= 6; kept++) {
      const [mask] = pruneToCounts([kernel(weights)], [kept], { scope: 'layer', exclude: [] });
      expect(bits(mask!)).toBe('1'.repeat(kept) + '0'.repeat(6 - kept));
    }
  });

  it('names the kernel that holds NaN', () => {
    expect(() => pruneByMagnitude([kernel([1, NaN], 'dense_2/kernel')], rule())).toThrow(/^dense_2\/kernel holds/);
  });

  it('refuses to remove more than there is', () => {
    expect(() => pruneByMagnitude([kernel([])], rule({ scope: 'layer', counts: 'google' }))).toThrow(/only 0 are left/);
    expect(() => pruneToCounts([kernel([1])], [2], { scope: 'layer', exclude: [] })).toThrow(RangeError);
  });

  const weight = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 2));
  const network = fc.array(fc.array(weight, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 });

  it('agrees with sorting, for any weights, masks and rates', () => {
    fc.assert(
      fc.property(network, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.nat(), (layers, rate, seed) => {
        const kernels = layers.map((weights, i) => {
          const kept = Uint8Array.from(weights, (_, j) => (((seed >>> ((i + j) % 30)) & 3) === 0 ? 0 : 1));
          return kernel(weights, `layer ${i}`, Mask.fromBytes(kept));
        });
        const masks = pruneByMagnitude(kernels, rule({ rate }));
        const alive = kernels
          .flatMap(({ weights, mask }, i) => [...weights].map((value, j) => ({ size: Math.abs(value), i, j, mask })))
          .filter(({ j, mask }) => mask.has(j))
          .sort((a, b) => a.size - b.size || a.i - b.i || a.j - b.j);
        const kept = alive.filter(({ i, j }) => masks[i]!.has(j));
        const removed = alive.length - kept.length;
        expect(Math.abs(removed - rate * alive.length)).toBeLessThanOrEqual(0.5);
        expect(kept).toEqual(alive.slice(removed));
        expect(masks.every((mask, i) => mask.isSubsetOf(kernels[i]!.mask))).toBe(true);
      }),
    );
  });

  it('one cut meets given counts exactly, globally and per layer, and leaves excluded layers whole', () => {
    fc.assert(
      fc.property(network, fc.infiniteStream(fc.nat(40)), fc.boolean(), (layers, draws, excludeFirst) => {
        const kernels = layers.map((weights, i) => kernel(weights, `layer ${i}`));
        const exclude = excludeFirst ? ['layer 0'] : [];
        const kept = kernels.map(({ weights }, i) => {
          const draw = draws.next().value as number;
          return excludeFirst && i === 0 ? weights.length : Math.min(draw, weights.length);
        });
        const layerwise = pruneToCounts(kernels, kept, { scope: 'layer', exclude });
        const global = pruneToCounts(kernels, kept, { scope: 'global', exclude });
        expect(layerwise.map(mask => mask.kept)).toEqual(kept);
        expect(total(global)).toBe(kept.reduce((sum, count) => sum + count, 0));
        if (excludeFirst) expect(global[0]!.kept).toBe(kernels[0]!.weights.length);
      }),
    );
  });
});
