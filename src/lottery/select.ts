/**
 * Removes the weights that rank lowest. Scores come as unsigned keys in the order of the scores, so that a rank is found
 * by three counting passes over 11, 11 and 10 bits instead of a sort, and several layers are ranked together without
 * being copied into one array.
 */
import type { Cut } from './counts';

export interface Ranked {
  /** Larger = more worth keeping. */
  readonly keys: Uint32Array;
  /** 1 = still there; a cut sets it to 0. Same length. */
  readonly live: Uint8Array;
}

/** More was asked for than is left (the peers raise IndexError there). */
export class CutError extends Error {
  constructor(asked: number, left: number) {
    super(`${asked} weights should go, but only ${left} are left: choose fewer levels or a lower rate`);
    this.name = 'CutError';
  }
}

/**
 * Applies a cut to layers ranked together. With a count, ties go by position: earliest layer first, then earliest weight.
 * @throws CutError where fewer are left than should go
 */
export function removeLowest(layers: readonly Ranked[], cut: Cut): void {
  if (cut.kind === 'count' && cut.count === 0) return;
  const rank = cut.kind === 'count' ? cut.count - 1 : cut.rank;
  const { key: threshold, below } = keyOfRank(layers, rank);
  let ties = cut.kind === 'count' ? cut.count - below : Infinity;
  for (const { keys, live } of layers) {
    for (let i = 0; i < keys.length; i++) {
      if (live[i] === 0 || keys[i]! > threshold) continue;
      if (keys[i] === threshold && ties-- <= 0) continue;
      live[i] = 0;
    }
  }
}

/** The key of a rank (0 is the lowest) among the live weights, and how many keys lie below it. */
function keyOfRank(layers: readonly Ranked[], rank: number): { key: number; below: number } {
  let key = 0;
  let below = 0;
  for (const [shift, bits] of [
    [21, 11],
    [10, 11],
    [0, 10],
  ] as const) {
    const histogram = countDigits(layers, key, shift, bits);
    let digit = 0;
    while (digit < histogram.length && below + histogram[digit]! <= rank) below += histogram[digit++]!;
    if (digit === histogram.length) throw new CutError(rank + 1, below);
    key = (key | (digit << shift)) >>> 0;
  }
  return { key, below };
}

/** How often each digit occurs among the live keys that agree with `prefix` in all higher digits. */
function countDigits(layers: readonly Ranked[], prefix: number, shift: number, bits: number): Float64Array {
  const histogram = new Float64Array(1 << bits);
  const lowest = (1 << bits) - 1;
  // a shift by 32 is a shift by 0 in JavaScript: the first pass has no higher digits to compare
  const above = shift + bits;
  const expected = above === 32 ? 0 : prefix >>> above;
  for (const { keys, live } of layers) {
    for (let i = 0; i < keys.length; i++) {
      if (live[i] === 0) continue;
      const key = keys[i]!;
      if ((above === 32 ? 0 : key >>> above) === expected) histogram[(key >>> shift) & lowest]! += 1;
    }
  }
  return histogram;
}
