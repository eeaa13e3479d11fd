/** How many weights each layer keeps where that is decided by the shapes of the layers alone. */
import type { PrunableLayer } from './layers';

export type Distribution = 'uniform' | 'erk';

/**
 * - `uniform`: every layer keeps the same share.
 * - `erk`, Erdős–Rényi-kernel (Evci et al. 2020, "Rigging the Lottery"): the share of a layer is proportional to
 *   (in + out + height + width) / (in · out · height · width), so that small layers stay denser; layers that would keep more than all
 *   of theirs are left whole, and the others share what remains.
 * @param kept weights over all `layers`
 * @returns whole numbers that add up to `kept`, none above the size of its layer; what rounding leaves goes to the layers
 *   with the largest remainders, ties to the earliest
 * @throws RangeError where the layers do not hold as many
 */
export function distribute(
  distribution: Distribution,
  layers: readonly Pick<PrunableLayer, 'shape' | 'size'>[],
  kept: number,
): number[] {
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  if (kept > total) throw new RangeError(`${kept} weights cannot be kept of ${total}`);
  const wanted =
    distribution === 'uniform'
      ? layers.map(({ size }) => (total === 0 ? 0 : (size * kept) / total))
      : erk(layers, kept);
  return rounded(wanted, layers, kept);
}

/**
 * The same among weights some of which are gone: no layer keeps more than it has; what it cannot keep goes to the others.
 * @param layers `kept`: what each has left
 */
export function distributeWithin(
  distribution: Distribution,
  layers: readonly (Pick<PrunableLayer, 'shape' | 'size'> & { readonly kept: number })[],
  kept: number,
): number[] {
  const counts = distribute(distribution, layers, kept).map((count, i) => Math.min(count, layers[i]!.kept));
  return filled(
    counts,
    layers.map(one => one.kept),
    kept,
  );
}

function erk(layers: readonly Pick<PrunableLayer, 'shape' | 'size'>[], kept: number): number[] {
  // the sum of the lengths of a kernel: its density times a common factor, times its size
  const raw = layers.map(({ shape }) => shape.reduce((sum, length) => sum + length, 0));
  const whole = new Set<number>();
  for (;;) {
    const left = kept - layers.reduce((sum, { size }, i) => (whole.has(i) ? sum + size : sum), 0);
    const shares = raw.reduce((sum, value, i) => (whole.has(i) ? sum : sum + value), 0);
    const factor = shares === 0 ? 0 : Math.max(0, left) / shares;
    const beyond = layers.flatMap(({ size }, i) => (!whole.has(i) && raw[i]! * factor > size ? [i] : []));
    if (beyond.length === 0) return layers.map(({ size }, i) => (whole.has(i) ? size : raw[i]! * factor));
    for (const i of beyond) whole.add(i);
  }
}

function rounded(wanted: readonly number[], layers: readonly { readonly size: number }[], kept: number): number[] {
  const counts = wanted.map((value, i) => Math.min(layers[i]!.size, Math.floor(value)));
  let missing = kept - counts.reduce((sum, count) => sum + count, 0);
  const byRemainder = wanted
    .map((value, i) => ({ i, rest: value - counts[i]! }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of byRemainder) {
    if (missing === 0) break;
    if (counts[i]! === layers[i]!.size) continue;
    counts[i]!++;
    missing--;
  }
  return filled(
    counts,
    layers.map(({ size }) => size),
    kept,
  );
}

/** What is missing goes to the layers that have room, the earliest first. */
function filled(counts: readonly number[], most: readonly number[], kept: number): number[] {
  let missing = kept - counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count, i) => {
    const more = Math.min(missing, most[i]! - count);
    missing -= more;
    return count + more;
  });
}
