/**
 * Magnitude pruning: the weights with the smallest |w| go (Frankle & Carbin 2019, section 2). Only weights still kept are
 * ranked; what a masked weight holds has no say, so weights straight from a peer's optimiser can be given as they are.
 */
import { cutFor, removedBy, type Cut } from './counts';
import { distributeWithin } from './distribution';
import { countedBy } from './levels';
import { Mask } from './mask';
import { rateOf, type PruningRule } from './rule';
import { removeLowest, type Ranked } from './select';

/** A trained kernel and the mask it was trained under. */
export interface Kernel {
  /** As in `PruningRule.exclude`. */
  readonly name: string;
  /** Matters where shapes decide how much a layer keeps; left out: [size]. */
  readonly shape?: readonly number[];
  readonly output: boolean;
  /** Matters where the rule has a rate for convolutions; left out: it is none. */
  readonly convolution?: boolean;
  readonly weights: Float32Array;
  readonly mask: Mask;
}

/**
 * One round.
 * @param kernels every prunable one in forward order, excluded ones too; ties across layers go to the earliest
 * @returns masks in the same order; a kernel left whole keeps its very mask
 * @throws NanWeightError; CutError where a rule asks for more weights than are left
 */
export function pruneByMagnitude(kernels: readonly Kernel[], rule: PruningRule): Mask[] {
  const rates = kernels.map(kernel => rateOf(rule, kernel));
  const ranked = kernels.map((kernel, i) => (rates[i] === null ? null : rankByMagnitude(kernel)));
  if (rule.scope === 'layer') {
    ranked.forEach((layer, i) => {
      if (layer) removeLowest([layer], cutFor(rule.counts, rates[i]!, kernels[i]!.mask.kept));
    });
  } else if (rule.scope === 'global') {
    const pruned = kernels.filter((_, i) => ranked[i] !== null);
    const counted = countedBy(rule, keptOf(kernels), keptOf(pruned));
    removeLowest(
      ranked.filter(layer => layer !== null),
      cutFor(rule.counts, rule.rate, counted),
    );
  } else {
    const pruned = kernels.flatMap((kernel, i) => (ranked[i] ? [{ kernel, layer: ranked[i] }] : []));
    const present = keptOf(pruned.map(({ kernel }) => kernel));
    const left = present - removedBy(cutFor(rule.counts, rule.rate, present));
    const counts = distributeWithin(
      rule.scope,
      pruned.map(({ kernel }) => ({
        shape: kernel.shape ?? [kernel.weights.length],
        size: kernel.weights.length,
        kept: kernel.mask.kept,
      })),
      left,
    );
    pruned.forEach(({ kernel, layer }, i) => {
      removeLowest([layer], { kind: 'count', count: kernel.mask.kept - counts[i]! });
    });
  }
  return masksOf(kernels, ranked);
}

/**
 * One cut down to given counts; ties by position.
 * @param kept of each kernel; with scope "global" only their sum over the kernels not excluded counts, else each
 * @throws NanWeightError; RangeError where fewer are kept already
 */
export function pruneToCounts(
  kernels: readonly Kernel[],
  kept: readonly number[],
  rule: Pick<PruningRule, 'scope' | 'exclude'>,
): Mask[] {
  const ranked = kernels.map(kernel => (rule.exclude.includes(kernel.name) ? null : rankByMagnitude(kernel)));
  const surplus = kernels.map(({ mask }, i) => mask.kept - kept[i]!);
  if (rule.scope !== 'global') {
    ranked.forEach((layer, i) => {
      if (layer) removeLowest([layer], downBy(surplus[i]!));
    });
  } else {
    const total = surplus.reduce((sum, value, i) => (ranked[i] ? sum + value : sum), 0);
    removeLowest(
      ranked.filter(layer => layer !== null),
      downBy(total),
    );
  }
  return masksOf(kernels, ranked);
}

function downBy(count: number): Cut {
  if (count < 0) throw new RangeError(`the mask to cut keeps ${-count} weights fewer than it should be cut down to`);
  return { kind: 'count', count };
}

/** Weights that are not a number cannot be ranked: the training before has failed. */
export class NanWeightError extends Error {
  constructor(readonly kernel: string) {
    super(`${kernel} holds weights that are not a number (NaN), so it cannot be pruned: check the training before`);
    this.name = 'NanWeightError';
  }
}

/**
 * Without its sign bit, a float32 orders as the whole number with the same bits; NaN lies above infinity.
 * @throws NanWeightError
 */
export function rankByMagnitude({ name, weights, mask }: Pick<Kernel, 'name' | 'weights' | 'mask'>): Ranked {
  const keys = new Uint32Array(weights.length);
  const live = mask.toBytes();
  const bits = new Uint32Array(weights.buffer, weights.byteOffset, weights.length);
  for (let i = 0; i < keys.length; i++) {
    const key = bits[i]! & 0x7fffffff;
    if (key > 0x7f800000 && live[i] === 1) throw new NanWeightError(name);
    keys[i] = key;
  }
  return { keys, live };
}

function masksOf(kernels: readonly Kernel[], ranked: readonly (Ranked | null)[]): Mask[] {
  return kernels.map(({ mask }, i) => {
    const layer = ranked[i];
    return layer ? Mask.fromBytes(layer.live) : mask;
  });
}

function keptOf(kernels: readonly Kernel[]): number {
  return kernels.reduce((sum, { mask }) => sum + mask.kept, 0);
}
