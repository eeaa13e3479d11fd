/**
 * N:M sparsity: of M neighbours along the input axis N stay (A. Mishra et al., _Accelerating Sparse Deep Neural Networks_,
 * arXiv:2104.08378, 2021, for 2:4). Kernels are [in, out] or [height, width, in, out]: groups lie along the axis before the
 * last, for each output and kernel position by itself, as NVIDIA's sparse tensor cores take them.
 */
import { Random } from '../../shared/random';
import { roundHalfEven } from '../counts';
import type { PrunableLayer } from '../layers';
import { NanWeightError, type Kernel } from '../magnitude';
import { Mask } from '../mask';

export interface Pattern {
  readonly n: number;
  readonly m: number;
}

/** Whether a layer's inputs come in groups of m; depthwise kernels have one input each. */
export function hasPattern({ name, shape }: Pick<PrunableLayer, 'name' | 'shape'>, m: number): boolean {
  return shape.length >= 2 && shape.at(-2)! % m === 0 && !name.endsWith('/depthwise_kernel');
}

/** How many of each m a round leaves: the share `rate` goes, rounded half to even, one at least, until n are left. */
export function nextKept({ n }: Pattern, kept: number, rate: number): number {
  return Math.max(n, Math.min(kept - 1, roundHalfEven(kept * (1 - rate))));
}

/** How many of each m a mask keeps, on average. */
export function keptOfEach({ m }: Pattern, mask: Mask): number {
  return (mask.kept * m) / mask.size;
}

/**
 * Leaves the `kept` largest weights of each group; ties by position: the earliest go first.
 * @throws NanWeightError
 */
export function pruneToPattern(
  { name, weights, mask }: Pick<Kernel, 'name' | 'weights' | 'mask'>,
  outputs: number,
  m: number,
  kept: number,
): Mask {
  const bytes = mask.toBytes();
  const members = new Int32Array(m);
  eachGroup(mask.size, outputs, m, first => {
    let count = 0;
    for (let i = 0; i < m; i++) {
      const at = first + i * outputs;
      if (bytes[at] === 0) continue;
      if (Number.isNaN(weights[at])) throw new NanWeightError(name);
      members[count++] = at;
    }
    const present = members.subarray(0, count).slice();
    // the sort is stable
    present.sort((a, b) => Math.abs(weights[a]!) - Math.abs(weights[b]!));
    for (let i = 0; i < count - kept; i++) bytes[present[i]!] = 0;
  });
  return Mask.fromBytes(bytes);
}

/** As many kept in each group, anywhere in it. A stream for each layer. */
export function shuffledPattern(mask: Mask, outputs: number, m: number, seed: number, layer: string): Mask {
  const bytes = mask.toBytes();
  const random = new Random(seed, 'shuffle', layer);
  eachGroup(mask.size, outputs, m, first => {
    const flags = random.shuffle(Uint8Array.from({ length: m }, (_, i) => bytes[first + i * outputs]!));
    flags.forEach((flag, i) => (bytes[first + i * outputs] = flag));
  });
  return Mask.fromBytes(bytes);
}

/** Calls with the place of the first weight of each group; the next lies a row further. */
function eachGroup(size: number, outputs: number, m: number, visit: (first: number) => void): void {
  for (let row = 0; row < size / outputs; row += m) {
    for (let output = 0; output < outputs; output++) visit(row * outputs + output);
  }
}
