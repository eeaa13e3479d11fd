/** Buffers that serve one tensor after another: a tensor takes the place of one that is no longer needed. */

/** A tensor that must lie still from one moment to another (both included). */
export interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

export interface Slots {
  /** Of each lifetime. */
  readonly slots: readonly number[];
  /** Bytes of each slot. */
  readonly sizes: readonly number[];
}

/** In order of their beginnings, each in the smallest free slot that holds it, else in the largest, which grows. */
export function assignSlots(lifetimes: readonly Lifetime[]): Slots {
  const slots = new Array<number>(lifetimes.length).fill(-1);
  const sizes: number[] = [];
  const freeFrom: number[] = [];
  const order = lifetimes.map((_, i) => i).toSorted((a, b) => lifetimes[a]!.from - lifetimes[b]!.from || a - b);
  for (const i of order) {
    const { bytes, from, to } = lifetimes[i]!;
    const free = sizes.map((_, slot) => slot).filter(slot => freeFrom[slot]! < from);
    const bySize = free.toSorted((a, b) => sizes[a]! - sizes[b]!);
    const slot = bySize.find(one => sizes[one]! >= bytes) ?? bySize.at(-1) ?? sizes.push(0) - 1;
    slots[i] = slot;
    sizes[slot] = Math.max(sizes[slot]!, bytes);
    freeFrom[slot] = to;
  }
  return { slots, sizes };
}

/** Sizes of slots that serve one use as well as another: largest with largest. */
export function mergeSizes(a: readonly number[], b: readonly number[]): number[] {
  const [first, second] = [a, b].map(sizes => sizes.toSorted((x, y) => y - x)) as [number[], number[]];
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => Math.max(first[i] ?? 0, second[i] ?? 0));
}
