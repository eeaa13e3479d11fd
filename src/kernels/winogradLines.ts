// Winograd's minimal filtering F(4×4, 3×3) (Winograd 1980; Lavin & Gray 2016): 36 products give the 16 outputs of a tile
// that the sum itself takes 144 for. Transforms are separable; here are their lines, along rows or columns of a tile.
//
// Interpolation points 0, ±√½, ±√2, ∞ instead of the usual 0, ±1, ±2, ∞: half the error (Alam et al. 2022), and since
// 1/√½ = √2 the flipped filter has the same transform with its points in another order, so that the input gradient takes
// the forward pass's transformed filters. Scales are split between filter (2/3, 1/3) and input (−1, 1/2) to make that exact.
// Every line works on one feature: 16 examples, 64 bytes. `step`: bytes from one element of a line to the next.
import { FEATURE } from './panel';

const ROOT: f32 = 0.70710678118654752440; // √½
const ROOT_THIRD: f32 = 0.47140452079103168293; // √2 / 3
const THIRD: f32 = 0.33333333333333333333;
const TWO_THIRDS: f32 = 0.66666666666666666667;

// @ts-ignore: decorator
@inline
function scaled(factor: f32, x: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), x);
}

/** Bᵀ: six inputs to six points. */
// @ts-ignore: decorator
@inline
export function inputLine(from: usize, step: usize, to: usize, toStep: usize): void {
  for (let q: usize = 0; q < FEATURE; q += 16) {
    const at = from + q;
    const d0 = v128.load(at), d1 = v128.load(at + step), d2 = v128.load(at + 2 * step);
    const d3 = v128.load(at + 3 * step), d4 = v128.load(at + 4 * step), d5 = v128.load(at + 5 * step);
    const nearEven = f32x4.sub(f32x4.add(d2, d2), d4);
    const nearOdd = scaled(ROOT, f32x4.sub(f32x4.add(d1, d1), d3));
    const farEven = f32x4.sub(scaled(0.5, d4), scaled(0.25, d2));
    const farOdd = scaled(ROOT, f32x4.sub(d3, scaled(0.5, d1)));
    const out = to + q;
    v128.store(out, f32x4.sub(f32x4.add(d0, d4), scaled(2.5, d2)));
    v128.store(out + toStep, f32x4.add(nearEven, nearOdd));
    v128.store(out + 2 * toStep, f32x4.sub(nearEven, nearOdd));
    v128.store(out + 3 * toStep, f32x4.add(farEven, farOdd));
    v128.store(out + 4 * toStep, f32x4.sub(farEven, farOdd));
    v128.store(out + 5 * toStep, f32x4.sub(f32x4.add(d1, d5), scaled(2.5, d3)));
  }
}

/** Aᵀ: six points to four outputs. */
// @ts-ignore: decorator
@inline
export function outputLine(from: usize, step: usize, to: usize, toStep: usize): void {
  for (let q: usize = 0; q < FEATURE; q += 16) {
    const at = from + q;
    const m1 = v128.load(at + step), m2 = v128.load(at + 2 * step);
    const m3 = v128.load(at + 3 * step), m4 = v128.load(at + 4 * step);
    const near = f32x4.add(m1, m2), nearOdd = f32x4.sub(m1, m2);
    const far = f32x4.add(m3, m4), farOdd = f32x4.sub(m3, m4);
    const out = to + q;
    v128.store(out, output0(v128.load(at), near, far));
    v128.store(out + toStep, output1(nearOdd, farOdd));
    v128.store(out + 2 * toStep, output2(near, far));
    v128.store(out + 3 * toStep, output3(v128.load(at + 5 * step), nearOdd, farOdd));
  }
}

// The four rows of Aᵀ, from the sums and differences of the points ±√½ (near) and ±√2 (far).

// @ts-ignore: decorator
@inline
export function output0(zero: v128, near: v128, far: v128): v128 {
  return f32x4.add(zero, f32x4.add(near, far));
}

// @ts-ignore: decorator
@inline
export function output1(nearOdd: v128, farOdd: v128): v128 {
  return scaled(ROOT, f32x4.add(nearOdd, f32x4.add(farOdd, farOdd)));
}

// @ts-ignore: decorator
@inline
export function output2(near: v128, far: v128): v128 {
  return f32x4.add(scaled(0.5, near), f32x4.add(far, far));
}

// @ts-ignore: decorator
@inline
export function output3(infinity: v128, nearOdd: v128, farOdd: v128): v128 {
  return f32x4.add(infinity, scaled(ROOT, f32x4.add(scaled(0.5, nearOdd), scaled(4, farOdd))));
}

/** A: gradients of four outputs to six points, whose examples lie in fours `toFour` bytes apart. */
// @ts-ignore: decorator
@inline
export function outputGradientLine(from: usize, step: usize, to: usize, toStep: usize, toFour: usize): void {
  let out = to;
  for (let q: usize = 0; q < FEATURE; q += 16, out += toFour) {
    const at = from + q;
    const y0 = v128.load(at), y1 = v128.load(at + step), y2 = v128.load(at + 2 * step), y3 = v128.load(at + 3 * step);
    const nearEven = f32x4.add(y0, scaled(0.5, y2));
    const nearOdd = scaled(ROOT, f32x4.add(y1, scaled(0.5, y3)));
    const farEven = f32x4.add(y0, f32x4.add(y2, y2));
    const farOdd = scaled(ROOT, f32x4.add(f32x4.add(y1, y1), scaled(4, y3)));
    v128.store(out, y0);
    v128.store(out + toStep, f32x4.add(nearEven, nearOdd));
    v128.store(out + 2 * toStep, f32x4.sub(nearEven, nearOdd));
    v128.store(out + 3 * toStep, f32x4.add(farEven, farOdd));
    v128.store(out + 4 * toStep, f32x4.sub(farEven, farOdd));
    v128.store(out + 5 * toStep, y3);
  }
}

/** G: three weights of each of four filters to six points. Vectors of 16 bytes. */
// @ts-ignore: decorator
@inline
export function filterLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const g0 = v128.load(from), g1 = v128.load(from + step), g2 = v128.load(from + 2 * step);
  const near = f32x4.add(scaled(TWO_THIRDS, g0), scaled(THIRD, g2));
  const far = f32x4.add(scaled(THIRD, g0), scaled(TWO_THIRDS, g2));
  const odd = scaled(ROOT_THIRD, g1);
  v128.store(to, g0);
  v128.store(to + toStep, f32x4.add(near, odd));
  v128.store(to + 2 * toStep, f32x4.sub(near, odd));
  v128.store(to + 3 * toStep, f32x4.add(far, odd));
  v128.store(to + 4 * toStep, f32x4.sub(far, odd));
  v128.store(to + 5 * toStep, g2);
}

/** Gᵀ: gradients at six points to those of three weights of each of four filters. */
// @ts-ignore: decorator
@inline
export function filterGradientLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const m1 = v128.load(from + step), m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step), m4 = v128.load(from + 4 * step);
  const near = f32x4.add(m1, m2), far = f32x4.add(m3, m4);
  const odd = f32x4.add(f32x4.sub(m1, m2), f32x4.sub(m3, m4));
  v128.store(to, f32x4.add(v128.load(from), f32x4.add(scaled(TWO_THIRDS, near), scaled(THIRD, far))));
  v128.store(to + toStep, scaled(ROOT_THIRD, odd));
  v128.store(to + 2 * toStep, f32x4.add(v128.load(from + 5 * step), f32x4.add(scaled(THIRD, near), scaled(TWO_THIRDS, far))));
}
