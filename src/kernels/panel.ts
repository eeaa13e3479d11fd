// Activations lie features-major in panels of 16 examples: [panel][feature][16] float32. SIMD runs along the examples,
// so one stored weight serves a whole panel and rows of any length need no remainder loop.

/** Bytes of one feature of a panel: 16 examples of 4 bytes. */
// @ts-ignore: decorator
@inline
export const FEATURE: usize = 64;

/**
 * Sums each of four vectors over its lanes: [Σa, Σb, Σc, Σd], lanes added as (0 + 1) + (2 + 3). Every reduction over
 * examples ends here, so that dense and compressed kernels round alike.
 */
// @ts-ignore: decorator
@inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5); // a0 b0 a1 b1
  const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const lane0 = v128.shuffle<f64>(ab01, cd01, 0, 2); // a0 b0 c0 d0
  const lane1 = v128.shuffle<f64>(ab01, cd01, 1, 3);
  const lane2 = v128.shuffle<f64>(ab23, cd23, 0, 2);
  const lane3 = v128.shuffle<f64>(ab23, cd23, 1, 3);
  return f32x4.add(f32x4.add(lane0, lane1), f32x4.add(lane2, lane3));
}

/** y + w·x, rounded twice: fused multiply-add is not available everywhere and would change bits. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(y: v128, w: v128, x: v128): v128 {
  return f32x4.add(y, f32x4.mul(w, x));
}

/** x where y > 0, else 0: the derivative of relu told from its output. */
// @ts-ignore: decorator
@inline
export function wherePositive(x: v128, y: v128): v128 {
  return v128.and(x, f32x4.gt(y, f32x4.splat(0)));
}

/** max(x, 0) that lets NaN through. */
// @ts-ignore: decorator
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/**
 * Reads one word of each cache line of [from, to). What lies far apart is then fetched in the order of memory, many lines at
 * once, and is in the first-level cache when kernels come to it line by line with work in between: a miss there would
 * hold up all that follows it. The reads have no result and stay nevertheless, since engines keep loads that may trap: the
 * range must lie in the memory.
 */
// @ts-ignore: decorator
@inline
export function touchLines(from: usize, to: usize): void {
  for (; from < to; from += 64) load<i32>(from);
}
