// Elementary functions on four lanes, after the classic range reductions (Cody & Waite 1980; Cephes' expf, tanhf).

/**
 * eˣ within 2 ulp; 0 below −87.3, infinity above 88.7, NaN stays.
 * x = n·ln 2 + r with |r| ≤ ln 2 / 2; ln 2 is split in two so that n·ln 2 is exact; eʳ by a polynomial of degree 6.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.splat(89), f32x4.pmax(f32x4.splat(-88), x));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // · 2ⁿ in two factors, since n reaches 128 and −127, where one exponent field overflows
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const part = i32x4.shr_s(whole, 1);
  const scale1 = i32x4.shl(i32x4.add(part, i32x4.splat(127)), 23);
  const scale2 = i32x4.shl(i32x4.add(i32x4.sub(whole, part), i32x4.splat(127)), 23);
  const y = f32x4.mul(f32x4.mul(p, scale1), scale2);
  const finite = v128.andnot(y, f32x4.lt(x, f32x4.splat(-87.3365)));
  return v128.bitselect(finite, x, f32x4.eq(x, x));
}

/** 1 / (1 + e⁻ˣ) */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** Odd polynomial below 0.625, where 1 − e⁻²ˣ would cancel; (1 − e⁻²ˣ) / (1 + e⁻²ˣ) above. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const one = f32x4.splat(1);
  const magnitude = f32x4.abs(x);
  const e = exp(f32x4.mul(f32x4.splat(-2), magnitude));
  const far = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  const sign = v128.and(x, f32x4.splat(-0.0));
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, square), x), x);
  return v128.bitselect(near, v128.or(far, sign), f32x4.lt(magnitude, f32x4.splat(0.625)));
}

/** eˣ − 1 within a few ulp: near 0 by exp's own polynomial, where the difference would cancel. */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(5.0000001201e-1));
  const near = f32x4.add(f32x4.mul(p, f32x4.mul(x, x)), x);
  const far = f32x4.sub(exp(x), f32x4.splat(1));
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), f32x4.splat(0.34657359)));
}

/** e^(−x²): the rounding error of x², which the exponential would blow up, is found by Dekker's product (1971). */
// @ts-ignore: decorator
@inline
export function expOfMinusSquare(x: v128): v128 {
  const square = f32x4.mul(x, x);
  const high = v128.and(x, i32x4.splat(0xfffff000));
  const low = f32x4.sub(x, high);
  let error = f32x4.sub(f32x4.mul(high, high), square);
  error = f32x4.add(error, f32x4.mul(f32x4.add(high, high), low));
  error = f32x4.add(error, f32x4.mul(low, low));
  const e = exp(f32x4.neg(square));
  return f32x4.sub(e, v128.and(f32x4.mul(e, error), f32x4.gt(e, f32x4.splat(0))));
}

/** erf on |x| < 1, an odd polynomial (Cephes' erff). */
// @ts-ignore: decorator
@inline
function erfNear(x: v128): v128 {
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(7.853861353153693e-5);
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-8.010193625184903e-4));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(5.188327685732524e-3));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-2.685381193529856e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.128358514861418e-1));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-3.761262582423300e-1));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.128379165726710));
  return f32x4.mul(p, x);
}

/** erfc on x ≥ 1: e^(−x²) / x · P(1/x²), one polynomial below 2, another above (Cephes' erfcf). @param e e^(−x²) */
// @ts-ignore: decorator
@inline
function erfcFar(x: v128, e: v128): v128 {
  const q = f32x4.div(f32x4.splat(1), x);
  const y = f32x4.mul(q, q);
  let p = f32x4.splat(2.326819970068386e-2);
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(-1.387039388740657e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(3.687424674597105e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(-5.824733027278666e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(6.210004621745983e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(-4.944515323274145e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(3.404879937665872e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(-2.741127028184656e-1));
  p = f32x4.add(f32x4.mul(p, y), f32x4.splat(5.638259427386472e-1));
  let r = f32x4.splat(-1.047766399936249e1);
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(1.297719955372516e1));
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(-7.495518717768503));
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(2.921019019210786));
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(-1.015265279202700));
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(4.218463358204948e-1));
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(-2.820767439740514e-1));
  r = f32x4.add(f32x4.mul(r, y), f32x4.splat(5.641895067754075e-1));
  const polynomial = v128.bitselect(p, r, f32x4.lt(x, f32x4.splat(2)));
  return f32x4.mul(f32x4.mul(e, q), polynomial);
}

/**
 * Φ(x), the share of a standard normal distribution below x, also where it is tiny: ½ erfc(−x / √2), which does not
 * cancel as ½ (1 + erf) would. @param e e^(−x² / 2)
 */
// @ts-ignore: decorator
@inline
export function normalBelow(x: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const z = f32x4.mul(x, f32x4.splat(0.70710678118654752));
  const magnitude = f32x4.abs(z);
  const near = f32x4.add(half, f32x4.mul(half, erfNear(z)));
  const isNear = f32x4.lt(magnitude, one);
  // half of all vectors of a standard normal distribution have no lane that needs the far tail
  if (i32x4.all_true(isNear)) return near;
  const tail = f32x4.mul(half, erfcFar(f32x4.max(one, magnitude), e));
  const far = v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
  return v128.bitselect(near, far, isNear);
}
