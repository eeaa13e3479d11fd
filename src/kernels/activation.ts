// Activations on one panel, and their derivatives told from the output; x and y, dy and dx may be the same. Features
// [begin, end).
import { exp, sigmoid as sigmoidLanes, tanh as tanhLanes } from './math';
import { FEATURE, relu as reluLanes, wherePositive } from './panel';

export const RELU = 1;
export const TANH = 2;
export const SIGMOID = 3;
export const LEAKY_RELU = 4;

// @ts-ignore: decorator
@inline
function leaky(x: v128, alpha: f32): v128 {
  return v128.bitselect(x, f32x4.mul(x, f32x4.splat(alpha)), f32x4.gt(x, f32x4.splat(0)));
}

export function activationForward(kind: i32, x: usize, y: usize, alpha: f32, begin: i32, end: i32): void {
  for (let offset = <usize>begin * FEATURE; offset < <usize>end * FEATURE; offset += 16) {
    const value = v128.load(x + offset);
    let result: v128;
    if (kind == RELU) result = reluLanes(value);
    else if (kind == TANH) result = tanhLanes(value);
    else if (kind == SIGMOID) result = sigmoidLanes(value);
    else result = leaky(value, alpha);
    v128.store(y + offset, result);
  }
}

/** @param y output of the activation */
export function activationBackward(kind: i32, y: usize, dy: usize, dx: usize, alpha: f32, begin: i32, end: i32): void {
  const one = f32x4.splat(1);
  for (let offset = <usize>begin * FEATURE; offset < <usize>end * FEATURE; offset += 16) {
    const value = v128.load(y + offset);
    const gradient = v128.load(dy + offset);
    let result: v128;
    if (kind == RELU) result = wherePositive(gradient, value);
    else if (kind == TANH) result = f32x4.mul(gradient, f32x4.sub(one, f32x4.mul(value, value)));
    else if (kind == SIGMOID) result = f32x4.mul(gradient, f32x4.mul(value, f32x4.sub(one, value)));
    else result = v128.bitselect(gradient, f32x4.mul(gradient, f32x4.splat(alpha)), f32x4.gt(value, f32x4.splat(0)));
    v128.store(dx + offset, result);
  }
}

/** Softmax over `width` features, one distribution an example, on one panel; `groups` of them in a row. */
export function softmaxForward(x: usize, y: usize, width: i32, groups: i32): void {
  for (let group = 0; group < groups; group++) {
    for (let lane: usize = 0; lane < FEATURE; lane += 16) {
      const first = <usize>(group * width) * FEATURE + lane;
      const last = first + <usize>width * FEATURE;
      let highest = v128.load(x + first);
      for (let at = first; at < last; at += FEATURE) highest = f32x4.max(highest, v128.load(x + at));
      let sum = f32x4.splat(0);
      for (let at = first; at < last; at += FEATURE) {
        const e = exp(f32x4.sub(v128.load(x + at), highest));
        sum = f32x4.add(sum, e);
        v128.store(y + at, e);
      }
      for (let at = first; at < last; at += FEATURE) v128.store(y + at, f32x4.div(v128.load(y + at), sum));
    }
  }
}

/** dx = y · (dy − Σ dy·y) */
export function softmaxBackward(y: usize, dy: usize, dx: usize, width: i32, groups: i32): void {
  for (let group = 0; group < groups; group++) {
    for (let lane: usize = 0; lane < FEATURE; lane += 16) {
      const first = <usize>(group * width) * FEATURE + lane;
      const last = first + <usize>width * FEATURE;
      let sum = f32x4.splat(0);
      for (let at = first; at < last; at += FEATURE) sum = f32x4.add(sum, f32x4.mul(v128.load(dy + at), v128.load(y + at)));
      for (let at = first; at < last; at += FEATURE) {
        v128.store(dx + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), sum)));
      }
    }
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
 * Inverted dropout: y = x / (1 − rate) where a counter-based draw keeps the element, else 0; the same call on gradients
 * is its derivative. The draw depends on the seed, the feature and the example's place in the batch, on nothing else.
 * @param settings { u32 seed of this layer and step } @param threshold elements whose 32-bit draw lies below it go
 */
export function dropout(x: usize, y: usize, settings: usize, panel: i32, features: i32, threshold: u32, scale: f32, begin: i32, end: i32): void {
  const seed = mix(i32x4.splat(load<i32>(settings)));
  const limit = i32x4.splat(<i32>threshold);
  const factor = f32x4.splat(scale);
  for (let feature = begin; feature < end; feature++) {
    const base = (panel * features + feature) << 4;
    for (let lane = 0; lane < 16; lane += 4) {
      const counter = i32x4.add(i32x4.splat(base + lane), i32x4(0, 1, 2, 3));
      const kept = i32x4.ge_u(mix(v128.xor(counter, seed)), limit);
      const at = (<usize>feature << 6) + (<usize>lane << 2);
      v128.store(y + at, v128.and(kept, f32x4.mul(v128.load(x + at), factor)));
    }
  }
}
