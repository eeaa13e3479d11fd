/** Masks to time under. */
import { Mask } from '../src/lottery/mask';
import { pruneByMagnitude, type Kernel } from '../src/lottery/magnitude';
import type { PlanParameter } from '../src/training/plan/plan';
import { Random } from '../src/shared/random';

/** In every layer a share of `density`, at least one weight, at random places. */
export function randomMasks(prunable: readonly PlanParameter[], density: number): Mask[] {
  return prunable.map(({ name, size }) => {
    if (density === 1) return Mask.ones(size);
    const bytes = new Uint8Array(size);
    bytes.fill(1, 0, Math.max(1, Math.round(density * size)));
    return Mask.fromBytes(new Random('bench', name, density).shuffle(bytes));
  });
}

/**
 * Masks of levels 0 to `levels`, each cut from the one before by the magnitude of the same weights: the networks of a job's
 * later levels would be trained anew in between, which moves the densities of layers a little.
 */
export function masksOfLevels(trained: readonly Kernel[], scope: 'layer' | 'global', levels: number): Mask[][] {
  const rate = 0.2;
  const rule = { scope, rate, outputRate: scope === 'layer' ? rate / 2 : rate, exclude: [], counts: 'exact' } as const;
  let kernels = trained;
  const masks = [kernels.map(kernel => kernel.mask)];
  for (let level = 1; level <= levels; level++) {
    const pruned = pruneByMagnitude(kernels, rule);
    kernels = kernels.map((kernel, i) => ({ ...kernel, mask: pruned[i]! }));
    masks.push(pruned);
  }
  return masks;
}

/** Weights kept by all of them. */
export function densityOf(masks: readonly Mask[]): number {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return sum(masks.map(mask => mask.kept)) / sum(masks.map(mask => mask.size));
}
