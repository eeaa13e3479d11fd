// Layer normalisation: over the channels of each pixel, each example by itself.
import { settle } from './elementwise';
import { FEATURE } from './panel';

/** Of one pixel and four examples: the mean over its channels, and 1/√(variance + ε); @param end behind the last channel */
// @ts-ignore: decorator
@inline
function meanOf(x: usize, end: usize, channels: v128): v128 {
  let sum = f32x4.splat(0);
  for (let at = x; at < end; at += FEATURE) sum = f32x4.add(sum, v128.load(at));
  return f32x4.div(sum, channels);
}

// @ts-ignore: decorator
@inline
function inverseDeviation(x: usize, end: usize, mean: v128, channels: v128, epsilon: v128): v128 {
  let sum = f32x4.splat(0);
  for (let at = x; at < end; at += FEATURE) {
    const d = f32x4.sub(v128.load(at), mean);
    sum = f32x4.add(sum, f32x4.mul(d, d));
  }
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(f32x4.div(sum, channels), epsilon)));
}

/** y = γ · (x − mean) / √(variance + ε) + β. @param gamma, beta addresses, 0: none; @param width pixels of a row */
export function layerForward(
  x: usize, xStride: usize, y: usize, yStride: usize, gamma: usize, beta: usize, epsilon: f32,
  rows: i32, width: i32, channels: i32,
): void {
  const pixel = <usize>channels * FEATURE;
  const count = f32x4.splat(<f32>channels);
  const small = f32x4.splat(epsilon);
  for (let row = 0; row < rows; row++) {
    for (let first: usize = 0; first < <usize>width * pixel; first += pixel) {
      for (let lane = first; lane < first + FEATURE; lane += 16) {
        const mean = meanOf(x + lane, x + lane + pixel, count);
        const inverse = inverseDeviation(x + lane, x + lane + pixel, mean, count, small);
        for (let channel = 0; channel < channels; channel++) {
          const at = lane + <usize>channel * FEATURE;
          let value = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
          if (gamma) value = f32x4.mul(value, v128.load_splat<f32>(gamma + (<usize>channel << 2)));
          if (beta) value = f32x4.add(value, v128.load_splat<f32>(beta + (<usize>channel << 2)));
          v128.store(y + at, value);
        }
      }
    }
    x += xStride;
    y += yStride;
  }
}

/** Adds the lanes of `count` vectors to as many float64. */
// @ts-ignore: decorator
@inline
function gatherLanes(sums: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const value = v128.load(sums);
    const low = f64x2.promote_low_f32x4(value);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(value, value, 1, 1));
    const pair = f64x2.add(low, high);
    store<f64>(to, f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1));
    sums += 16;
    to += 8;
  }
}

/**
 * With g = γ · dy: dx = (g − mean of g − x̂ · mean of g · x̂) / √(variance + ε), settled; and of each row of pixels Σ dy · x̂
 * and Σ dy for each channel. Lanes past the end hold dy = 0.
 * @param dx 0: not wanted; @param rectified whether x is a relu's output
 * @param sums [row][channel] { f64 Σ dy · x̂, f64 Σ dy }; 0: not wanted; @param scratch 32 bytes a channel
 */
export function layerBackward(
  dy: usize, dyStride: usize, x: usize, xStride: usize, dx: usize, dxStride: usize, rectified: bool, accumulate: bool,
  gamma: usize, epsilon: f32, sums: usize, scratch: usize, rows: i32, width: i32, channels: i32,
): void {
  const pixel = <usize>channels * FEATURE;
  const count = f32x4.splat(<f32>channels);
  const small = f32x4.splat(epsilon);
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++) {
    memory.fill(scratch, 0, <usize>channels << 5);
    for (let first: usize = 0; first < <usize>width * pixel; first += pixel) {
      for (let lane = first; lane < first + FEATURE; lane += 16) {
        const mean = meanOf(x + lane, x + lane + pixel, count);
        const inverse = inverseDeviation(x + lane, x + lane + pixel, mean, count, small);
        let sum = f32x4.splat(0);
        let products = sum;
        let to = scratch;
        for (let channel = 0; channel < channels; channel++) {
          const at = lane + <usize>channel * FEATURE;
          const gradient = v128.load(dy + at);
          const normal = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
          const product = f32x4.mul(gradient, normal);
          v128.store(to, f32x4.add(v128.load(to), product));
          v128.store(to, f32x4.add(v128.load(to, 16), gradient), 16);
          to += 32;
          const scale = gamma ? v128.load_splat<f32>(gamma + (<usize>channel << 2)) : one;
          sum = f32x4.add(sum, f32x4.mul(scale, gradient));
          products = f32x4.add(products, f32x4.mul(scale, product));
        }
        if (!dx) continue;
        const meanGradient = f32x4.div(sum, count);
        const meanProduct = f32x4.div(products, count);
        for (let channel = 0; channel < channels; channel++) {
          const at = lane + <usize>channel * FEATURE;
          const scale = gamma ? v128.load_splat<f32>(gamma + (<usize>channel << 2)) : one;
          const normal = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
          let gradient = f32x4.sub(f32x4.mul(scale, v128.load(dy + at)), meanGradient);
          gradient = f32x4.mul(inverse, f32x4.sub(gradient, f32x4.mul(normal, meanProduct)));
          settle(dx + at, gradient, rectified ? x + at : 0, accumulate);
        }
      }
    }
    if (sums) {
      gatherLanes(scratch, sums, channels << 1);
      sums += <usize>channels << 4;
    }
    dy += dyStride;
    x += xStride;
    if (dx) dx += dxStride;
  }
}

/** Sums over `rows` of what layerBackward left, in their order. @param gamma, beta gradients [channel] f32; 0: not wanted */
export function layerParameterGradients(sums: usize, rows: i32, channels: i32, gamma: usize, beta: usize): void {
  for (let channel = 0; channel < channels; channel++) {
    let product: f64 = 0;
    let sum: f64 = 0;
    let at = sums + (<usize>channel << 4);
    for (let row = 0; row < rows; row++) {
      product += load<f64>(at);
      sum += load<f64>(at, 8);
      at += <usize>channels << 4;
    }
    if (gamma) store<f32>(gamma + (<usize>channel << 2), <f32>product);
    if (beta) store<f32>(beta + (<usize>channel << 2), <f32>sum);
  }
}
