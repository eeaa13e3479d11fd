// Half-precision formats to float32, exactly.

/** As the caller numbers them: 1 F16 (IEEE 754 binary16), 2 BF16 (the upper half of a float32). */
const half: i32 = 1;

/** @param count a multiple of 8 may be written: the destination has room for it */
export function convert(source: usize, format: i32, count: i32, destination: usize): void {
  if (format === half) {
    for (let i = 0; i < count; i += 8) {
      const bits = v128.load(source + (<usize>i << 1));
      v128.store(destination + (<usize>i << 2), fromHalf(i32x4.extend_low_i16x8_u(bits)));
      v128.store(destination + (<usize>i << 2), fromHalf(i32x4.extend_high_i16x8_u(bits)), 16);
    }
  } else {
    for (let i = 0; i < count; i += 8) {
      const bits = v128.load(source + (<usize>i << 1));
      v128.store(destination + (<usize>i << 2), i32x4.shl(i32x4.extend_low_i16x8_u(bits), 16));
      v128.store(destination + (<usize>i << 2), i32x4.shl(i32x4.extend_high_i16x8_u(bits), 16), 16);
    }
  }
}

/**
 * Exponent and fraction move to their places in a float32, where they mean 2^-112 of what they meant: a product puts that
 * right, for denormal numbers too. Infinity and NaN come out finite of it and get their exponent by hand.
 */
// @ts-ignore: decorator
@inline
function fromHalf(bits: v128): v128 {
  const magnitude = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  const scaled = f32x4.mul(magnitude, f32x4.splat(reinterpret<f32>(0x77800000))); // 2^112
  const special = v128.and(i32x4.gt_s(magnitude, i32x4.splat(0x0f7fffff)), i32x4.splat(0x7f800000));
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  return v128.or(v128.or(scaled, special), sign);
}
