// Batch normalisation. Sums run over a panel's pixels and examples for each channel: in float32 over a stretch of some 64
// pixels, 16 examples in four lanes, then in float64. Channels [begin, end) of a panel are a thread's; a pixel's channels
// are passed over in the order they lie in memory, with the running sums in the thread's scratch.
import { settle } from './elementwise';
import { FEATURE } from './panel';
import { updateWeights } from './update';

/** Pixels of a stretch at least, but for whole rows. */
const STRETCH: i32 = 64;

/** All bits where the lane is one of the first `count`; @param lane of the vector's first */
// @ts-ignore: decorator
@inline
function validLanes(lane: i32, count: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(lane), i32x4(0, 1, 2, 3)), i32x4.splat(count));
}

// @ts-ignore: decorator
@inline
function across(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}

/** Adds the lanes of each float32 vector to the float64 beside it, and clears the vector. @param sums count × { f32x4, f64, f64 free } */
function flush(sums: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const value = v128.load(sums);
    const low = f64x2.promote_low_f32x4(value);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(value, value, 1, 1));
    const pair = f64x2.add(low, high);
    store<f64>(sums, load<f64>(sums, 16) + (f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1)), 16);
    v128.store(sums, f32x4.splat(0));
    sums += 32;
  }
}

/** Means over the examples of the panel's first row: of each channel a value near its mean. @param shifts [channel] f32 */
// @ts-ignore: decorator
@inline
function rowMeans(x: usize, width: i32, pixel: usize, count: i32, begin: i32, end: i32, shifts: usize): void {
  const m0 = validLanes(0, count), m1 = validLanes(4, count), m2 = validLanes(8, count), m3 = validLanes(12, count);
  for (let channel = begin; channel < end; channel++) {
    let sum = f32x4.splat(0);
    let at = x + <usize>channel * FEATURE;
    for (let column = 0; column < width; column++) {
      const first = f32x4.add(v128.and(v128.load(at), m0), v128.and(v128.load(at, 16), m1));
      const second = f32x4.add(v128.and(v128.load(at, 32), m2), v128.and(v128.load(at, 48), m3));
      sum = f32x4.add(sum, f32x4.add(first, second));
      at += pixel;
    }
    const total = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
    store<f32>(shifts + (<usize>(channel - begin) << 2), total / <f32>(width * count));
  }
}

// @ts-ignore: decorator
@inline
function addDeviations(
  x: usize, width: i32, pixel: usize, begin: i32, end: i32, shifts: usize, sums: usize, masked: bool, count: i32,
): void {
  const m0 = validLanes(0, count), m1 = validLanes(4, count), m2 = validLanes(8, count), m3 = validLanes(12, count);
  for (let column = 0; column < width; column++) {
    let sum = sums;
    let shiftAt = shifts;
    const last = x + <usize>end * FEATURE;
    for (let at = x + <usize>begin * FEATURE; at < last; at += FEATURE) {
      const shift = v128.load_splat<f32>(shiftAt);
      let d0 = f32x4.sub(v128.load(at), shift);
      let d1 = f32x4.sub(v128.load(at, 16), shift);
      let d2 = f32x4.sub(v128.load(at, 32), shift);
      let d3 = f32x4.sub(v128.load(at, 48), shift);
      if (masked) {
        d0 = v128.and(d0, m0);
        d1 = v128.and(d1, m1);
        d2 = v128.and(d2, m2);
        d3 = v128.and(d3, m3);
      }
      v128.store(sum, f32x4.add(v128.load(sum), across(d0, d1, d2, d3)));
      const squares = across(f32x4.mul(d0, d0), f32x4.mul(d1, d1), f32x4.mul(d2, d2), f32x4.mul(d3, d3));
      v128.store(sum, f32x4.add(v128.load(sum, 32), squares), 32);
      sum += 64;
      shiftAt += 4;
    }
    x += pixel;
  }
}

/**
 * Of one panel, for channels [begin, end): mean and Σ (x − mean)² over its pixels and its first `count` examples, from one
 * pass: deviations are taken from the mean s of the first row, Σ (x − mean)² = Σ (x − s)² − n (mean − s)². With h rows the
 * row is a share 1/h of the panel, so (mean − s)² is at most h variances, mostly less than one, and little cancels.
 * @param x first pixel; @param pixel bytes from one to the next
 * @param result [channel] { f64 mean, f64 Σ (x − mean)² }; not written where count is 0
 * @param scratch 68 bytes a channel
 */
export function batchStatistics(
  x: usize, xStride: usize, rows: i32, width: i32, pixel: usize, count: i32, begin: i32, end: i32, result: usize, scratch: usize,
): void {
  if (count <= 0) return;
  const channels = end - begin;
  const shifts = scratch + (<usize>channels << 6);
  memory.fill(scratch, 0, <usize>channels << 6);
  rowMeans(x, width, pixel, count, begin, end, shifts);
  let pixels = 0;
  for (let row = 0; row < rows; row++) {
    if (count < 16) addDeviations(x, width, pixel, begin, end, shifts, scratch, true, count);
    else addDeviations(x, width, pixel, begin, end, shifts, scratch, false, 16);
    pixels += width;
    if (pixels >= STRETCH || row == rows - 1) {
      flush(scratch, channels << 1);
      pixels = 0;
    }
    x += xStride;
  }
  const n = <f64>count * <f64>rows * <f64>width;
  for (let channel = 0; channel < channels; channel++) {
    const sums = scratch + (<usize>channel << 6);
    const distance = load<f64>(sums, 16) / n;
    const to = result + (<usize>(begin + channel) << 4);
    store<f64>(to, <f64>load<f32>(shifts + (<usize>channel << 2)) + distance);
    store<f64>(to, max<f64>(0, load<f64>(sums, 48) - distance * distance * n), 8);
  }
}

/** Per channel what the apply kernels read: y = scale · x + offset. */
// { f32 scale, f32 offset, f32 mean, f32 1/√(variance + ε) }
// @ts-ignore: decorator
@inline
function storeCoefficients(to: usize, mean: f64, variance: f64, epsilon: f64, gamma: usize, beta: usize, at: usize): void {
  const inverse = 1 / Math.sqrt(variance + epsilon);
  const scale = gamma ? <f64>load<f32>(gamma + at) * inverse : inverse;
  const offset = (beta ? <f64>load<f32>(beta + at) : 0) - scale * mean;
  store<f32>(to, <f32>scale);
  store<f32>(to, <f32>offset, 4);
  store<f32>(to, <f32>mean, 8);
  store<f32>(to, <f32>inverse, 12);
}

/**
 * Mean and variance of the batch from those of its panels, in their order (Chan, Golub and LeVeque 1979), and what follows.
 * @param panels [panel][channel] as batchStatistics writes them; @param pixels of an image; @param count examples
 * @param gamma, beta addresses, 0: none; @param coefficients [channel] { f32 scale, offset, mean, 1/√(variance + ε) }
 * @param movingMean, movingVariance moved by the batch; 0: not by this thread; @param keep the share of the old value
 */
export function batchCombine(
  panels: usize, stride: usize, pixels: i32, count: i32, channels: i32, gamma: usize, beta: usize, epsilon: f64,
  coefficients: usize, movingMean: usize, movingVariance: usize, keep: f64, unbiased: bool,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let from = panels + (<usize>channel << 4);
    let n: f64 = 0;
    let mean: f64 = 0;
    let squares: f64 = 0;
    for (let rest = count; rest > 0; rest -= 16) {
      const m = <f64>min(16, rest) * <f64>pixels;
      const distance = load<f64>(from) - mean;
      const total = n + m;
      mean += distance * (m / total);
      squares += load<f64>(from, 8) + distance * distance * (n * m / total);
      n = total;
      from += stride;
    }
    const variance = squares / n;
    const at = <usize>channel << 2;
    storeCoefficients(coefficients + (<usize>channel << 4), mean, variance, epsilon, gamma, beta, at);
    if (!movingMean) continue;
    const toMove = unbiased ? squares / max<f64>(1, n - 1) : variance;
    store<f32>(movingMean + at, <f32>(keep * <f64>load<f32>(movingMean + at) + (1 - keep) * mean));
    store<f32>(movingVariance + at, <f32>(keep * <f64>load<f32>(movingVariance + at) + (1 - keep) * toMove));
  }
}

/** The coefficients by the moving statistics. */
export function movingCoefficients(
  movingMean: usize, movingVariance: usize, channels: i32, gamma: usize, beta: usize, epsilon: f64, coefficients: usize,
): void {
  for (let channel = 0; channel < channels; channel++) {
    const at = <usize>channel << 2;
    const mean = <f64>load<f32>(movingMean + at);
    const variance = <f64>load<f32>(movingVariance + at);
    storeCoefficients(coefficients + (<usize>channel << 4), mean, variance, epsilon, gamma, beta, at);
  }
}

/** y = scale · x + offset, relu if `rectify`. @param width pixels of a row, each of the `channels` features */
export function scaleRows(
  x: usize, xStride: usize, y: usize, yStride: usize, coefficients: usize, rectify: bool, rows: i32, width: i32, channels: i32,
): void {
  // no number is below −∞; NaN stays
  const floor = f32x4.splat(rectify ? 0 : -Infinity as f32);
  const pixel = <usize>channels * FEATURE;
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < <usize>width * pixel;) {
      let c = coefficients;
      for (const end = at + pixel; at < end; at += FEATURE) {
        const scale = v128.load_splat<f32>(c);
        const offset = v128.load_splat<f32>(c, 4);
        v128.store(y + at, f32x4.pmax(f32x4.add(f32x4.mul(v128.load(x + at), scale), offset), floor));
        v128.store(y + at, f32x4.pmax(f32x4.add(f32x4.mul(v128.load(x + at, 16), scale), offset), floor), 16);
        v128.store(y + at, f32x4.pmax(f32x4.add(f32x4.mul(v128.load(x + at, 32), scale), offset), floor), 32);
        v128.store(y + at, f32x4.pmax(f32x4.add(f32x4.mul(v128.load(x + at, 48), scale), offset), floor), 48);
        c += 16;
      }
    }
    x += xStride;
    y += yStride;
  }
}

/**
 * Of one panel, for channels [begin, end): Σ dy and Σ dy · (x − mean). Lanes past the end hold dy = 0.
 * @param coefficients as batchCombine writes them; @param result [channel] { f64 Σ dy, f64 Σ dy · (x − mean) }
 * @param scratch 64 bytes a channel; @param count valid examples; where there are none the sums are 0
 */
export function batchGradientSums(
  dy: usize, dyStride: usize, x: usize, xStride: usize, rows: i32, width: i32, pixel: usize, count: i32,
  begin: i32, end: i32, coefficients: usize, result: usize, scratch: usize,
): void {
  const channels = end - begin;
  memory.fill(scratch, 0, <usize>channels << 6);
  if (count > 0) {
    let pixels = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) {
        let sum = scratch;
        let c = coefficients + (<usize>begin << 4);
        const first = <usize>column * pixel + <usize>begin * FEATURE;
        for (let at = first; at < first + <usize>channels * FEATURE; at += FEATURE) {
          const mean = v128.load_splat<f32>(c, 8);
          const d0 = v128.load(dy + at);
          const d1 = v128.load(dy + at, 16);
          const d2 = v128.load(dy + at, 32);
          const d3 = v128.load(dy + at, 48);
          v128.store(sum, f32x4.add(v128.load(sum), across(d0, d1, d2, d3)));
          const products = across(
            f32x4.mul(d0, f32x4.sub(v128.load(x + at), mean)),
            f32x4.mul(d1, f32x4.sub(v128.load(x + at, 16), mean)),
            f32x4.mul(d2, f32x4.sub(v128.load(x + at, 32), mean)),
            f32x4.mul(d3, f32x4.sub(v128.load(x + at, 48), mean)),
          );
          v128.store(sum, f32x4.add(v128.load(sum, 32), products), 32);
          sum += 64;
          c += 16;
        }
      }
      pixels += width;
      if (pixels >= STRETCH || row == rows - 1) {
        flush(scratch, channels << 1);
        pixels = 0;
      }
      dy += dyStride;
      x += xStride;
    }
  }
  for (let channel = 0; channel < channels; channel++) {
    const sums = scratch + (<usize>channel << 6);
    const to = result + (<usize>(begin + channel) << 4);
    store<f64>(to, load<f64>(sums, 16));
    store<f64>(to, load<f64>(sums, 48), 8);
  }
}

/**
 * The gradients of γ (Σ dy · x̂) and β (Σ dy) from the panels' sums in their order, and what the input's gradient takes.
 * @param n pixels and examples of the batch; @param terms [channel] { f32 scale, mean, mean of dy, factor of x − mean }; 0: not wanted
 * @param gammaGradient, betaGradient [channel] f32; 0: not wanted
 */
export function batchGradientCombine(
  panels: usize, stride: usize, panelCount: i32, n: f64, channels: i32, coefficients: usize, terms: usize,
  gammaGradient: usize, betaGradient: usize,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let sum: f64 = 0;
    let products: f64 = 0;
    let from = panels + (<usize>channel << 4);
    for (let panel = 0; panel < panelCount; panel++) {
      sum += load<f64>(from);
      products += load<f64>(from, 8);
      from += stride;
    }
    const c = coefficients + (<usize>channel << 4);
    const inverse = <f64>load<f32>(c, 12);
    if (terms) {
      const to = terms + (<usize>channel << 4);
      store<f32>(to, load<f32>(c));
      store<f32>(to, load<f32>(c, 8), 4);
      store<f32>(to, <f32>(sum / n), 8);
      store<f32>(to, <f32>(products * inverse * inverse / n), 12);
    }
    if (gammaGradient) store<f32>(gammaGradient + (<usize>channel << 2), <f32>(products * inverse));
    if (betaGradient) store<f32>(betaGradient + (<usize>channel << 2), <f32>sum);
  }
}

// @ts-ignore: decorator
@inline
function inputGradientRows(
  dy: usize, dyStride: usize, x: usize, xStride: usize, dx: usize, dxStride: usize, rectified: bool, accumulate: bool,
  masked: bool, count: i32, terms: usize, rows: i32, width: i32, pixel: usize,
): void {
  const m0 = validLanes(0, count), m1 = validLanes(4, count), m2 = validLanes(8, count), m3 = validLanes(12, count);
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < <usize>width * pixel;) {
      let t = terms;
      for (const end = at + pixel; at < end; at += FEATURE) {
        const scale = v128.load_splat<f32>(t);
        const mean = v128.load_splat<f32>(t, 4);
        const meanGradient = v128.load_splat<f32>(t, 8);
        const factor = v128.load_splat<f32>(t, 12);
        let g0 = f32x4.sub(v128.load(dy + at), meanGradient);
        let g1 = f32x4.sub(v128.load(dy + at, 16), meanGradient);
        let g2 = f32x4.sub(v128.load(dy + at, 32), meanGradient);
        let g3 = f32x4.sub(v128.load(dy + at, 48), meanGradient);
        g0 = f32x4.mul(scale, f32x4.sub(g0, f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor)));
        g1 = f32x4.mul(scale, f32x4.sub(g1, f32x4.mul(f32x4.sub(v128.load(x + at, 16), mean), factor)));
        g2 = f32x4.mul(scale, f32x4.sub(g2, f32x4.mul(f32x4.sub(v128.load(x + at, 32), mean), factor)));
        g3 = f32x4.mul(scale, f32x4.sub(g3, f32x4.mul(f32x4.sub(v128.load(x + at, 48), mean), factor)));
        if (masked) {
          g0 = v128.and(g0, m0);
          g1 = v128.and(g1, m1);
          g2 = v128.and(g2, m2);
          g3 = v128.and(g3, m3);
        }
        settle(dx + at, g0, rectified ? x + at : 0, accumulate);
        settle(dx + at + 16, g1, rectified ? x + at + 16 : 0, accumulate);
        settle(dx + at + 32, g2, rectified ? x + at + 32 : 0, accumulate);
        settle(dx + at + 48, g3, rectified ? x + at + 48 : 0, accumulate);
        t += 16;
      }
    }
    dy += dyStride;
    x += xStride;
    dx += dxStride;
  }
}

/**
 * dx = scale · (dy − mean of dy − (x − mean) · factor), 0 in lanes from `count` on, settled.
 * @param terms as batchGradientCombine writes them; @param rectified whether x is a relu's output
 */
export function batchInputGradient(
  dy: usize, dyStride: usize, x: usize, xStride: usize, dx: usize, dxStride: usize, rectified: bool, accumulate: bool,
  count: i32, terms: usize, rows: i32, width: i32, channels: i32,
): void {
  const pixel = <usize>channels * FEATURE;
  if (count < 16 || rectified || accumulate) {
    inputGradientRows(dy, dyStride, x, xStride, dx, dxStride, rectified, accumulate, true, count, terms, rows, width, pixel);
  } else {
    inputGradientRows(dy, dyStride, x, xStride, dx, dxStride, false, false, false, 16, terms, rows, width, pixel);
  }
}

/**
 * The optimiser's update of γ or β. @param gradient [count] f32, with room up to a multiple of four
 * @param block, settings as src/kernels/update.ts reads them
 */
export function updateVector(block: usize, settings: usize, gradient: usize, count: i32): void {
  const padded = (count + 3) & ~3;
  memory.fill(gradient + (<usize>count << 2), 0, <usize>(padded - count) << 2);
  updateWeights(block, settings, gradient, 0, padded, true);
}
