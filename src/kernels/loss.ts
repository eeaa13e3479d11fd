// Losses on one panel: value, gradient and hits in one pass.
import { exp } from './math';
import { FEATURE } from './panel';

/** The largest logit of each of four lanes. @param z first logits of the lanes; @param end of the panel */
// @ts-ignore: decorator
@inline
function highestOf(z: usize, end: usize): v128 {
  let highest = v128.load(z);
  for (let at = z; at < end; at += FEATURE) highest = f32x4.max(highest, v128.load(at));
  return highest;
}

/** Σ e^(z − highest) of each of four lanes. */
// @ts-ignore: decorator
@inline
function sumOfExponentials(z: usize, end: usize, highest: v128): v128 {
  let sum = f32x4.splat(0);
  for (let at = z; at < end; at += FEATURE) sum = f32x4.add(sum, exp(f32x4.sub(v128.load(at), highest)));
  return sum;
}

/**
 * Softmax and cross-entropy from logits against (1 − smoothing) · one-hot + smoothing / classes. Padding examples carry the label −1: they add nothing and get gradient 0.
 * @param z logits [classes][16]; @param dz gradient out, (softmax − target) · scale, or 0: none wanted
 * @param labels i32[16]; @param scale { f32 } one over the examples of the batch
 * @param result { f64 Σ loss, f64 number of examples whose highest logit is the label's }
 */
export function crossEntropy(
  z: usize, dz: usize, labels: usize, classes: i32, scale: usize, smoothing: f32, result: usize,
): void {
  const uniform = smoothing / <f32>classes;
  let total: f64 = 0;
  let hits: f64 = 0;
  const end = z + <usize>classes * FEATURE;
  for (let lane: usize = 0; lane < FEATURE; lane += 16) {
    const highest = highestOf(z + lane, end);
    const sum = sumOfExponentials(z + lane, end, highest);
    if (dz) {
      const valid = i32x4.ge_s(v128.load(labels + lane), i32x4.splat(0));
      const factor = v128.and(valid, v128.load_splat<f32>(scale));
      for (let offset = lane; offset < <usize>classes * FEATURE; offset += FEATURE) {
        const p = f32x4.div(exp(f32x4.sub(v128.load(z + offset), highest)), sum);
        v128.store(dz + offset, f32x4.mul(f32x4.sub(p, f32x4.splat(uniform)), factor));
      }
    }
    for (let i: usize = 0; i < 16; i += 4) {
      const label = load<i32>(labels + lane + i);
      if (label < 0) continue;
      const at = <usize>label * FEATURE + lane + i;
      // lanes are read back through memory: extract_lane needs constants
      v128.store(result, sum, 16);
      v128.store(result, highest, 32);
      const top = load<f32>(result + i, 32);
      let target = <f64>(1 - smoothing) * <f64>load<f32>(z + at);
      if (smoothing > 0) target += <f64>uniform * sumOf(z + lane + i, classes);
      total += <f64>top + Math.log(<f64>load<f32>(result + i, 16)) - target;
      if (load<f32>(z + at) == top && isFirst(z + lane + i, label, top)) hits += 1;
      if (dz) store<f32>(dz + at, load<f32>(dz + at) - (1 - smoothing) * load<f32>(scale));
    }
  }
  store<f64>(result, total);
  store<f64>(result, hits, 8);
}

/** Σ of the logits of one example. */
function sumOf(z: usize, classes: i32): f64 {
  let sum: f64 = 0;
  for (let c = 0; c < classes; c++) sum += <f64>load<f32>(z + <usize>c * FEATURE);
  return sum;
}

/** Whether no class before `label` ties with it: argmax takes the first, as everywhere. */
function isFirst(z: usize, label: i32, top: f32): bool {
  for (let c = 0; c < label; c++) if (load<f32>(z + <usize>c * FEATURE) == top) return false;
  return true;
}

/**
 * Cross-entropy while training with a weight for each class. The loss of an example, already weighted, is
 * (1 − smoothing) · w[label] · −log p[label] + smoothing / classes · Σ w[k] · −log p[k], as in PyTorch.
 * @param weights f32[classes]; @param scale { f32 } one over the summed weights of the labels of the batch
 * @param result { f64 Σ loss }. Other parameters as crossEntropy.
 */
export function weightedCrossEntropy(
  z: usize, dz: usize, labels: usize, classes: i32, weights: usize, scale: usize, smoothing: f32, result: usize,
): void {
  const uniform = smoothing / <f32>classes;
  let all: f64 = 0;
  for (let c = 0; c < classes; c++) all += <f64>load<f32>(weights + (<usize>c << 2));
  const spread = <f64>uniform * all;
  let total: f64 = 0;
  const end = z + <usize>classes * FEATURE;
  for (let lane: usize = 0; lane < FEATURE; lane += 16) {
    const highest = highestOf(z + lane, end);
    const sum = sumOfExponentials(z + lane, end, highest);
    // what multiplies the softmax of each lane; lanes are written and read through memory, as above
    for (let i: usize = 0; i < 16; i += 4) {
      const label = load<i32>(labels + lane + i);
      store<f32>(result + i, label < 0 ? 0 : <f32>(<f64>ownWeight(weights, label, smoothing) + spread), 48);
    }
    const both = v128.load(result, 48);
    const valid = i32x4.ge_s(v128.load(labels + lane), i32x4.splat(0));
    const factor = v128.and(valid, v128.load_splat<f32>(scale));
    for (let c: usize = 0; c < <usize>classes; c++) {
      const offset = c * FEATURE + lane;
      const p = f32x4.div(exp(f32x4.sub(v128.load(z + offset), highest)), sum);
      const share = f32x4.splat(uniform * load<f32>(weights + (c << 2)));
      v128.store(dz + offset, f32x4.mul(f32x4.sub(f32x4.mul(both, p), share), factor));
    }
    for (let i: usize = 0; i < 16; i += 4) {
      const label = load<i32>(labels + lane + i);
      if (label < 0) continue;
      const at = <usize>label * FEATURE + lane + i;
      v128.store(result, sum, 16);
      v128.store(result, highest, 32);
      const own = ownWeight(weights, label, smoothing);
      const logOfSum = <f64>load<f32>(result + i, 32) + Math.log(<f64>load<f32>(result + i, 16));
      total += <f64>own * (logOfSum - <f64>load<f32>(z + at));
      if (smoothing > 0) {
        total += spread * logOfSum - <f64>uniform * weightedSumOf(z + lane + i, weights, classes);
      }
      store<f32>(dz + at, load<f32>(dz + at) - own * load<f32>(scale));
    }
  }
  store<f64>(result, total);
}

// @ts-ignore: decorator
@inline
function ownWeight(weights: usize, label: i32, smoothing: f32): f32 {
  return (1 - smoothing) * load<f32>(weights + (<usize>label << 2));
}

/** Σ w · logit of one example. */
function weightedSumOf(z: usize, weights: usize, classes: i32): f64 {
  let sum: f64 = 0;
  for (let c = 0; c < classes; c++) {
    sum += <f64>load<f32>(weights + (<usize>c << 2)) * <f64>load<f32>(z + <usize>c * FEATURE);
  }
  return sum;
}

/**
 * Mean squared error against one-hot labels, averaged over outputs and batch.
 * @param result as above; a hit is an example whose highest output is the label's. Other parameters as crossEntropy.
 */
export function meanSquaredError(y: usize, dy: usize, labels: usize, outputs: i32, scale: usize, result: usize): void {
  let total: f64 = 0;
  let hits: f64 = 0;
  const each = load<f32>(scale) / <f32>outputs;
  for (let lane: usize = 0; lane < 16; lane++) {
    const label = load<i32>(labels + (lane << 2));
    const first = lane << 2;
    let top = -Infinity as f32;
    let best = -1;
    let sum: f64 = 0;
    for (let o = 0; o < outputs; o++) {
      const at = first + <usize>o * FEATURE;
      const value = load<f32>(y + at);
      const error = value - (o == label ? <f32>1 : <f32>0);
      if (value > top) {
        top = value;
        best = o;
      }
      sum += <f64>error * <f64>error;
      if (dy) store<f32>(dy + at, label < 0 ? 0 : <f32>2 * error * each);
    }
    if (label < 0) continue;
    total += sum / <f64>outputs;
    if (best == label) hits += 1;
  }
  store<f64>(result, total);
  store<f64>(result, hits, 8);
}

/**
 * Mean squared error against targets, averaged over outputs and batch.
 * @param targets [outputs][16] float32; @param count examples of the panel: lanes past them add nothing and get gradient 0
 * @param result { f64 Σ loss, f64 0: there are no hits }. Other parameters as meanSquaredError.
 */
export function targetError(
  y: usize, dy: usize, targets: usize, count: i32, outputs: i32, scale: usize, result: usize,
): void {
  let total: f64 = 0;
  const each = load<f32>(scale) / <f32>outputs;
  for (let lane = 0; lane < 16; lane++) {
    let sum: f64 = 0;
    for (let o = 0; o < outputs; o++) {
      const at = (<usize>lane << 2) + <usize>o * FEATURE;
      const error = load<f32>(y + at) - load<f32>(targets + at);
      sum += <f64>error * <f64>error;
      if (dy) store<f32>(dy + at, lane < count ? <f32>2 * error * each : 0);
    }
    if (lane < count) total += sum / <f64>outputs;
  }
  store<f64>(result, total);
  store<f64>(result, 0, 8);
}
