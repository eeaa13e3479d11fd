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
