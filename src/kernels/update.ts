// The optimisers, fused: weight decay, momentum or Adam, mask, in one pass over the weights. After every update a masked
// weight and its optimiser state are exactly 0 (compressed layers have none).
import { FEATURE, sumLanes } from './panel';

// `layer`: u32 addresses of what an update of one layer touches. State arrays a rule does not use are 0.
// 0: kernel, 4: first state (momentum, Adam's m), 8: second state (Adam's v), 12: mask (bytes 0 or 255, dense only),
// 16: bias (0: the layer has none), 20: its first state, 24: its second state
// 28: offsets (0: none), 32: f32 shift, where the layer takes inputs as x + shift without adding it to each: the forward
// pass starts from offset[o] = bias[o] + shift · Σ_i w[o][i], and each weight's gradient gets shift · Σ dy on top
// 36: gradient of the kernel, 40: of the bias; where they are not 0 (gradients are clipped) updates only write them down,
// and applyUpdate follows once their norm is known
// 44: strengths of a penalty (f32 for each weight; 0: none): strength · w is added to the gradient
//
// `settings`: what may differ from step to step.
// 0: u32 rule, 4: f32 rate, 8: f32 decay (weight decay; for AdamW times the learning rate), 12: f32 momentum or beta1,
// 16: f32 1 − beta1, 20: f32 beta2, 24: f32 1 − beta2, 28: f32 1/√(1 − beta2ᵗ), 32: f32 epsilon
// rate: the learning rate; for Adam divided by 1 − beta1ᵗ
export const SGD = 0;
export const SGD_MOMENTUM = 1;
export const SGD_NESTEROV = 2;
export const ADAM = 3;
export const ADAMW = 4;

/** Gradient with L2 weight decay, as in PyTorch. */
// @ts-ignore: decorator
@inline
function decayed(gradient: v128, weight: v128, decay: v128): v128 {
  return f32x4.add(gradient, f32x4.mul(decay, weight));
}

/** Four mask bytes (0 or 255) to four lanes of zeros or ones. */
// @ts-ignore: decorator
@inline
function maskLanes(address: usize): v128 {
  return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(address)));
}

/**
 * `count` values, a multiple of four, at address w with gradient g; mask 0: none. Returns Σ of the updated vectors in order:
 * of a block [input][4] the sum over inputs for its four outputs.
 */
function sgd(w: usize, g: usize, mask: usize, count: i32, settings: usize): v128 {
  let sum = f32x4.splat(0);
  const rate = v128.load_splat<f32>(settings, 4);
  const decay = v128.load_splat<f32>(settings, 8);
  for (let end = w + (<usize>count << 2); w < end; w += 16, g += 16) {
    const weight = v128.load(w);
    let updated = f32x4.sub(weight, f32x4.mul(rate, decayed(v128.load(g), weight, decay)));
    if (mask) {
      updated = v128.and(updated, maskLanes(mask));
      mask += 4;
    }
    v128.store(w, updated);
    sum = f32x4.add(sum, updated);
  }
  return sum;
}

function sgdMomentum(w: usize, g: usize, state: usize, mask: usize, count: i32, settings: usize, nesterov: bool): v128 {
  let sum = f32x4.splat(0);
  const rate = v128.load_splat<f32>(settings, 4);
  const decay = v128.load_splat<f32>(settings, 8);
  const momentum = v128.load_splat<f32>(settings, 12);
  for (let end = w + (<usize>count << 2); w < end; w += 16, g += 16, state += 16) {
    const weight = v128.load(w);
    const gradient = decayed(v128.load(g), weight, decay);
    let velocity = f32x4.add(f32x4.mul(momentum, v128.load(state)), gradient);
    const direction = nesterov ? f32x4.add(gradient, f32x4.mul(momentum, velocity)) : velocity;
    let updated = f32x4.sub(weight, f32x4.mul(rate, direction));
    if (mask) {
      const kept = maskLanes(mask);
      updated = v128.and(updated, kept);
      velocity = v128.and(velocity, kept);
      mask += 4;
    }
    v128.store(w, updated);
    v128.store(state, velocity);
    sum = f32x4.add(sum, updated);
  }
  return sum;
}

function adam(w: usize, g: usize, first: usize, second: usize, mask: usize, count: i32, settings: usize, decoupled: bool): v128 {
  let sum = f32x4.splat(0);
  const rate = v128.load_splat<f32>(settings, 4);
  const decay = v128.load_splat<f32>(settings, 8);
  const beta1 = v128.load_splat<f32>(settings, 12);
  const rest1 = v128.load_splat<f32>(settings, 16);
  const beta2 = v128.load_splat<f32>(settings, 20);
  const rest2 = v128.load_splat<f32>(settings, 24);
  const correction = v128.load_splat<f32>(settings, 28);
  const epsilon = v128.load_splat<f32>(settings, 32);
  for (let end = w + (<usize>count << 2); w < end; w += 16, g += 16, first += 16, second += 16) {
    let weight = v128.load(w);
    let gradient = v128.load(g);
    if (decoupled) weight = f32x4.sub(weight, f32x4.mul(decay, weight));
    else gradient = decayed(gradient, weight, decay);
    let m = f32x4.add(f32x4.mul(beta1, v128.load(first)), f32x4.mul(rest1, gradient));
    let v = f32x4.add(f32x4.mul(beta2, v128.load(second)), f32x4.mul(rest2, f32x4.mul(gradient, gradient)));
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), correction), epsilon);
    let updated = f32x4.sub(weight, f32x4.mul(rate, f32x4.div(m, denominator)));
    if (mask) {
      const kept = maskLanes(mask);
      updated = v128.and(updated, kept);
      m = v128.and(m, kept);
      v = v128.and(v, kept);
      mask += 4;
    }
    v128.store(w, updated);
    v128.store(first, m);
    v128.store(second, v);
    sum = f32x4.add(sum, updated);
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function update(w: usize, g: usize, first: usize, second: usize, mask: usize, count: i32, settings: usize): v128 {
  const rule = load<u32>(settings);
  if (rule == SGD) return sgd(w, g, mask, count, settings);
  if (rule == SGD_MOMENTUM) return sgdMomentum(w, g, first, mask, count, settings, false);
  if (rule == SGD_NESTEROV) return sgdMomentum(w, g, first, mask, count, settings, true);
  if (rule == ADAM) return adam(w, g, first, second, mask, count, settings, false);
  return adam(w, g, first, second, mask, count, settings, true);
}

/** Updates `count` weights from byte `offset` of the layer's kernel with the gradient in `scratch`; returns as sgd. */
// @ts-ignore: decorator
@inline
export function updateWeights(layer: usize, settings: usize, scratch: usize, offset: usize, count: i32, masked: bool): v128 {
  const firstMask = <usize>load<u32>(layer, 12);
  const mask = masked && firstMask ? firstMask + (offset >> 2) : 0;
  const w = <usize>load<u32>(layer) + offset;
  const penalty = <usize>load<u32>(layer, 44);
  if (penalty) penalize(scratch, w, penalty + offset, count);
  const stored = <usize>load<u32>(layer, 36);
  if (stored) {
    storeGradient(stored + offset, scratch, mask, count);
    return f32x4.splat(0);
  }
  return update(w, scratch, <usize>load<u32>(layer, 4) + offset, <usize>load<u32>(layer, 8) + offset, mask, count, settings);
}

/** g += strength · w */
function penalize(g: usize, w: usize, strengths: usize, count: i32): void {
  for (let at: usize = 0; at < <usize>count << 2; at += 16) {
    const decay = f32x4.mul(v128.load(strengths + at), v128.load(w + at));
    v128.store(g + at, f32x4.add(v128.load(g + at), decay));
  }
}

function storeGradient(to: usize, g: usize, mask: usize, count: i32): void {
  for (let at: usize = 0; at < <usize>count << 2; at += 16) {
    let gradient = v128.load(g + at);
    if (mask) gradient = v128.and(gradient, maskLanes(mask + (at >> 2)));
    v128.store(to + at, gradient);
  }
}

/** Σ g² of `count` gradients, a multiple of four. */
export function squaredNorm(g: usize, count: i32): f64 {
  let a = f64x2.splat(0), b = a;
  for (const end = g + (<usize>count << 2); g < end; g += 16) {
    const low = f64x2.promote_low_f32x4(v128.load64_zero(g));
    const high = f64x2.promote_low_f32x4(v128.load64_zero(g, 8));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
  }
  const sum = f64x2.add(a, b);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The update of `count` weights from byte `offset` with the gradients that updateWeights or updateBias wrote down, times `factor`. */
export function applyUpdate(layer: usize, isBias: bool, settings: usize, offset: usize, count: i32, factor: f32): void {
  const words = isBias ? layer + 16 : layer;
  const g = <usize>(isBias ? load<u32>(layer, 40) : load<u32>(layer, 36)) + offset;
  for (let at: usize = 0; at < <usize>count << 2; at += 16) v128.store(g + at, f32x4.mul(v128.load(g + at), f32x4.splat(factor)));
  const firstMask = <usize>load<u32>(layer, 12);
  const mask = !isBias && firstMask ? firstMask + (offset >> 2) : 0;
  update(<usize>load<u32>(words) + offset, g, <usize>load<u32>(words, 4) + offset, <usize>load<u32>(words, 8) + offset, mask, count, settings);
}

/** average = decay · average + (1 − decay) · w, for `count` weights, a multiple of four. */
export function moveAverage(w: usize, average: usize, count: i32, decay: f32): void {
  const old = f32x4.splat(decay);
  const fresh = f32x4.splat(1 - decay);
  for (let at: usize = 0; at < <usize>count << 2; at += 16) {
    v128.store(average + at, f32x4.add(f32x4.mul(old, v128.load(average + at)), f32x4.mul(fresh, v128.load(w + at))));
  }
}

/** Σ dy over all examples, for the four outputs of a block. @param dy of the block's first output */
// @ts-ignore: decorator
@inline
export function biasGradient(dy: usize, dyStride: usize, panels: i32): v128 {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  for (let panel = 0; panel < panels; panel++) {
    for (let g: usize = 0; g < FEATURE; g += 16) {
      a0 = f32x4.add(a0, v128.load(dy + g));
      a1 = f32x4.add(a1, v128.load(dy + g, 64));
      a2 = f32x4.add(a2, v128.load(dy + g, 128));
      a3 = f32x4.add(a3, v128.load(dy + g, 192));
    }
    dy += dyStride;
  }
  return sumLanes(a0, a1, a2, a3);
}

/**
 * Updates the biases of output block `block` and, where the layer has them, its offsets.
 * @param gradient as biasGradient gives it; passes through the thread's settings block, behind the settings
 * @param weights Σ_i w[o][i] of the four outputs after the update
 */
// @ts-ignore: decorator
@inline
export function updateBias(layer: usize, settings: usize, gradient: v128, weights: v128, block: i32): void {
  const offset = <usize>block << 4;
  const bias = <usize>load<u32>(layer, 16);
  const stored = <usize>load<u32>(layer, 40);
  if (stored) {
    v128.store(stored + offset, gradient);
  } else if (bias) {
    v128.store(settings, gradient, 48);
    update(bias + offset, settings + 48, <usize>load<u32>(layer, 20) + offset, <usize>load<u32>(layer, 24) + offset, 0, 4, settings);
  }
  const offsets = <usize>load<u32>(layer, 28);
  if (!offsets) return;
  const start = bias ? v128.load(bias + offset) : f32x4.splat(0);
  v128.store(offsets + offset, f32x4.add(start, f32x4.mul(v128.load_splat<f32>(layer, 32), weights)));
}
