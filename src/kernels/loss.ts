// Losses on one panel: value, gradient and hits in one pass.
import { exp } from './math';
import { FEATURE } from './panel';

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
    let highest = v128.load(z + lane);
    for (let at = z + lane; at < end; at += FEATURE) highest = f32x4.max(highest, v128.load(at));
    let sum = f32x4.splat(0);
    for (let at = z + lane; at < end; at += FEATURE) sum = f32x4.add(sum, exp(f32x4.sub(v128.load(at), highest)));
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
