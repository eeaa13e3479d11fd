// Passes over rows of features that do not mix features: a row is a contiguous run of features of 64 bytes each, from one
// row to the next it is a stride of its own for each image, so that frames are stepped over and never written. Images
// without frames are one long row. x and y may be the same, dx and dy too.
import { relu as reluLanes, wherePositive } from './panel';

/**
 * Brings a contribution to an input's gradient home. What `accumulate` and `rectified` mean is the same in every
 * backward kernel: add to what lies at dx; leave the sum only where the input, a relu's output at `rectified` (0: it is
 * none), is above 0.
 */
// @ts-ignore: decorator
@inline
export function settle(dx: usize, gradient: v128, rectified: usize, accumulate: bool): void {
  if (accumulate) gradient = f32x4.add(v128.load(dx), gradient);
  if (rectified) gradient = wherePositive(gradient, v128.load(rectified));
  v128.store(dx, gradient);
}

/** y = x. */
export function copyRows(x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, bytes: usize): void {
  for (let row = 0; row < rows; row++) {
    memory.copy(y, x, bytes);
    x += xStride;
    y += yStride;
  }
}

/** y = 0. */
export function clearRows(y: usize, yStride: usize, rows: i32, bytes: usize): void {
  for (let row = 0; row < rows; row++) {
    memory.fill(y, 0, bytes);
    y += yStride;
  }
}

/** y = a + b, then relu if `rectify`; y may be a. */
export function addRows(
  a: usize, aStride: usize, b: usize, bStride: usize, y: usize, yStride: usize, rectify: bool, rows: i32, bytes: usize,
): void {
  for (let row = 0; row < rows; row++) {
    if (rectify) {
      for (let at: usize = 0; at < bytes; at += 64) {
        v128.store(y + at, reluLanes(f32x4.add(v128.load(a + at), v128.load(b + at))));
        v128.store(y + at, reluLanes(f32x4.add(v128.load(a + at, 16), v128.load(b + at, 16))), 16);
        v128.store(y + at, reluLanes(f32x4.add(v128.load(a + at, 32), v128.load(b + at, 32))), 32);
        v128.store(y + at, reluLanes(f32x4.add(v128.load(a + at, 48), v128.load(b + at, 48))), 48);
      }
    } else {
      for (let at: usize = 0; at < bytes; at += 64) {
        v128.store(y + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
        v128.store(y + at, f32x4.add(v128.load(a + at, 16), v128.load(b + at, 16)), 16);
        v128.store(y + at, f32x4.add(v128.load(a + at, 32), v128.load(b + at, 32)), 32);
        v128.store(y + at, f32x4.add(v128.load(a + at, 48), v128.load(b + at, 48)), 48);
      }
    }
    a += aStride;
    b += bStride;
    y += yStride;
  }
}

/** dx = dy, settled. */
export function passGradient(
  dy: usize, dyStride: usize, dx: usize, dxStride: usize, rectified: usize, rectifiedStride: usize, accumulate: bool,
  rows: i32, bytes: usize,
): void {
  for (let row = 0; row < rows; row++) {
    if (rectified || accumulate) {
      for (let at: usize = 0; at < bytes; at += 16) {
        settle(dx + at, v128.load(dy + at), rectified ? rectified + at : 0, accumulate);
      }
    } else if (dx != dy) memory.copy(dx, dy, bytes);
    dy += dyStride;
    dx += dxStride;
    if (rectified) rectified += rectifiedStride;
  }
}

/** A 32-bit mix of a counter (Wellons' "lowbias32"): independent bits for each seed, element and example. */
// @ts-ignore: decorator
@inline
function mix(x: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/**
 * Inverted dropout: y = x / (1 − rate) where a counter-based draw keeps the element, else 0; on gradients the same,
 * settled, is its derivative. The draw depends on the seed, the feature and the example's place in the batch, on nothing
 * else. @param first number of the first feature, counted over panels and without frames
 * @param threshold elements whose 32-bit draw lies below it go @param scale 1 / (1 − rate)
 */
export function dropout(
  x: usize, xStride: usize, y: usize, yStride: usize, rectified: usize, rectifiedStride: usize, accumulate: bool,
  seed: i32, first: i32, threshold: u32, scale: f32, rows: i32, bytes: usize,
): void {
  const key = mix(i32x4.splat(seed));
  const limit = i32x4.splat(<i32>threshold);
  const factor = f32x4.splat(scale);
  let counter = i32x4.add(i32x4.splat(first << 4), i32x4(0, 1, 2, 3));
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const kept = i32x4.ge_u(mix(v128.xor(counter, key)), limit);
      settle(y + at, v128.and(kept, f32x4.mul(v128.load(x + at), factor)), rectified ? rectified + at : 0, accumulate);
      counter = i32x4.add(counter, i32x4.splat(4));
    }
    x += xStride;
    y += yStride;
    if (rectified) rectified += rectifiedStride;
  }
}
