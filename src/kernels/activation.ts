// Activations over rows of features (as in elementwise.ts) and their derivatives, told from the output where that can be
// done, so that y may lie where x lay and dx where dy lay; else from the input.
import { settle } from './elementwise';
import { exp, expm1, expOfMinusSquare, normalBelow, sigmoid, tanh } from './math';
import { FEATURE, relu, wherePositive } from './panel';

const RELU = 1;
const RELU6 = 2;
const LEAKY_RELU = 3;
const ELU = 4;
const SELU = 5;
const TANH = 6;
const SIGMOID = 7;
const HARD_SIGMOID = 8;
const GELU = 9;
const GELU_TANH = 10;
const SWISH = 11;
const HARD_SWISH = 12;

// Klambauer et al. 2017, to the precision of their code
const SELU_ALPHA: f32 = 1.6732632423543772;
const SELU_SCALE: f32 = 1.0507009873554805;

// @ts-ignore: decorator
@inline
function isPositive(x: v128): v128 {
  return f32x4.gt(x, f32x4.splat(0));
}

/** min(max(x, 0), 6) that lets NaN through. */
// @ts-ignore: decorator
@inline
function relu6(x: v128): v128 {
  return f32x4.min(f32x4.max(x, f32x4.splat(0)), f32x4.splat(6));
}

/** e^(−x² / 2), which gelu and its derivative share. */
// @ts-ignore: decorator
@inline
function bell(x: v128): v128 {
  return expOfMinusSquare(f32x4.mul(x, f32x4.splat(0.70710678118654752)));
}

/** sigmoid(2u), which is (1 + tanh u) / 2, with u = √(2/π) · (x + 0.044715 x³). */
// @ts-ignore: decorator
@inline
function gate(x: v128): v128 {
  const cubic = f32x4.mul(f32x4.splat(0.044715), f32x4.mul(x, f32x4.mul(x, x)));
  return sigmoid(f32x4.mul(f32x4.splat(1.5957691216057308), f32x4.add(x, cubic)));
}

// @ts-ignore: decorator
@inline
function valueOf(kind: i32, x: v128, alpha: v128): v128 {
  if (kind == RELU) return relu(x);
  if (kind == RELU6) return relu6(x);
  if (kind == LEAKY_RELU) return v128.bitselect(x, f32x4.mul(x, alpha), isPositive(x));
  if (kind == ELU) return v128.bitselect(x, f32x4.mul(alpha, expm1(x)), isPositive(x));
  if (kind == SELU) {
    const below = f32x4.mul(f32x4.splat(SELU_ALPHA), expm1(x));
    return f32x4.mul(f32x4.splat(SELU_SCALE), v128.bitselect(x, below, isPositive(x)));
  }
  if (kind == TANH) return tanh(x);
  if (kind == SIGMOID) return sigmoid(x);
  if (kind == HARD_SIGMOID) return f32x4.div(relu6(f32x4.add(x, f32x4.splat(3))), f32x4.splat(6));
  if (kind == GELU) return f32x4.mul(x, normalBelow(x, bell(x)));
  if (kind == GELU_TANH) return f32x4.mul(x, gate(x));
  if (kind == SWISH) return f32x4.mul(x, sigmoid(x));
  return f32x4.div(f32x4.mul(x, relu6(f32x4.add(x, f32x4.splat(3)))), f32x4.splat(6)); // HARD_SWISH
}

/** dy · f′, told from the output y up to HARD_SIGMOID, from the input behind it. */
// @ts-ignore: decorator
@inline
function gradientOf(kind: i32, source: v128, dy: v128, alpha: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == RELU) return wherePositive(dy, source);
  if (kind == RELU6) return v128.and(wherePositive(dy, source), f32x4.lt(source, f32x4.splat(6)));
  if (kind == LEAKY_RELU) return v128.bitselect(dy, f32x4.mul(dy, alpha), isPositive(source));
  if (kind == ELU) return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(source, alpha)), isPositive(source));
  if (kind == SELU) {
    const scale = f32x4.splat(SELU_SCALE);
    const below = f32x4.add(source, f32x4.splat(SELU_SCALE * SELU_ALPHA));
    return f32x4.mul(dy, v128.bitselect(scale, below, isPositive(source)));
  }
  if (kind == TANH) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(source, source)));
  if (kind == SIGMOID) return f32x4.mul(dy, f32x4.mul(source, f32x4.sub(one, source)));
  if (kind == HARD_SIGMOID) {
    const inside = v128.and(isPositive(source), f32x4.lt(source, one));
    return v128.and(inside, f32x4.div(dy, f32x4.splat(6)));
  }
  if (kind == GELU) {
    const e = bell(source);
    const density = f32x4.mul(f32x4.splat(0.3989422804014327), e);
    return f32x4.mul(dy, f32x4.add(normalBelow(source, e), f32x4.mul(source, density)));
  }
  if (kind == GELU_TANH) {
    const s = gate(source);
    const square = f32x4.mul(source, source);
    const slope = f32x4.add(f32x4.splat(1.5957691216057308), f32x4.mul(f32x4.splat(0.2140644488385727), square));
    const rising = f32x4.mul(f32x4.mul(source, slope), f32x4.mul(s, f32x4.sub(one, s)));
    return f32x4.mul(dy, f32x4.add(s, rising));
  }
  if (kind == SWISH) {
    const s = sigmoid(source);
    return f32x4.mul(dy, f32x4.mul(s, f32x4.add(one, f32x4.mul(source, f32x4.sub(one, s)))));
  }
  // HARD_SWISH: relu6(x + 3) / 6 + x / 6 where the first is neither at 0 nor at 1
  const shifted = f32x4.add(source, f32x4.splat(3));
  const inside = v128.and(isPositive(shifted), f32x4.lt(shifted, f32x4.splat(6)));
  return f32x4.mul(dy, f32x4.div(f32x4.add(relu6(shifted), v128.and(inside, source)), f32x4.splat(6)));
}

// @ts-ignore: decorator
@inline
function forward(kind: i32, alpha: f32, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, bytes: usize): void {
  const a = f32x4.splat(alpha);
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(y + at, valueOf(kind, v128.load(x + at), a));
    x += xStride;
    y += yStride;
  }
}

/** @param kind a constant above; @param alpha of leaky-relu and elu */
export function activationForward(
  kind: i32, alpha: f32, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, bytes: usize,
): void {
  // one loop for each kind: the kind is a constant inside it
  switch (kind) {
    case RELU: return forward(RELU, alpha, x, xStride, y, yStride, rows, bytes);
    case RELU6: return forward(RELU6, alpha, x, xStride, y, yStride, rows, bytes);
    case LEAKY_RELU: return forward(LEAKY_RELU, alpha, x, xStride, y, yStride, rows, bytes);
    case ELU: return forward(ELU, alpha, x, xStride, y, yStride, rows, bytes);
    case SELU: return forward(SELU, alpha, x, xStride, y, yStride, rows, bytes);
    case TANH: return forward(TANH, alpha, x, xStride, y, yStride, rows, bytes);
    case SIGMOID: return forward(SIGMOID, alpha, x, xStride, y, yStride, rows, bytes);
    case HARD_SIGMOID: return forward(HARD_SIGMOID, alpha, x, xStride, y, yStride, rows, bytes);
    case GELU: return forward(GELU, alpha, x, xStride, y, yStride, rows, bytes);
    case GELU_TANH: return forward(GELU_TANH, alpha, x, xStride, y, yStride, rows, bytes);
    case SWISH: return forward(SWISH, alpha, x, xStride, y, yStride, rows, bytes);
    default: return forward(HARD_SWISH, alpha, x, xStride, y, yStride, rows, bytes);
  }
}

// @ts-ignore: decorator
@inline
function backward(
  kind: i32, alpha: f32, source: usize, sourceStride: usize, dy: usize, dyStride: usize, dx: usize, dxStride: usize,
  rectified: usize, rectifiedStride: usize, accumulate: bool, rows: i32, bytes: usize,
): void {
  const a = f32x4.splat(alpha);
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const gradient = gradientOf(kind, v128.load(source + at), v128.load(dy + at), a);
      settle(dx + at, gradient, rectified ? rectified + at : 0, accumulate);
    }
    source += sourceStride;
    dy += dyStride;
    dx += dxStride;
    if (rectified) rectified += rectifiedStride;
  }
}

/** dx = dy · f′, settled. @param source the output for kinds up to hard-sigmoid, the input for those behind it */
export function activationBackward(
  kind: i32, alpha: f32, s: usize, sStride: usize, dy: usize, dyStride: usize, dx: usize, dxStride: usize,
  x: usize, xStride: usize, accumulate: bool, rows: i32, bytes: usize,
): void {
  switch (kind) {
    case RELU: return backward(RELU, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case RELU6: return backward(RELU6, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case LEAKY_RELU:
      return backward(LEAKY_RELU, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case ELU: return backward(ELU, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case SELU: return backward(SELU, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case TANH: return backward(TANH, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case SIGMOID: return backward(SIGMOID, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case HARD_SIGMOID:
      return backward(HARD_SIGMOID, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case GELU: return backward(GELU, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case GELU_TANH:
      return backward(GELU_TANH, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    case SWISH: return backward(SWISH, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
    default:
      return backward(HARD_SWISH, alpha, s, sStride, dy, dyStride, dx, dxStride, x, xStride, accumulate, rows, bytes);
  }
}

/** Softmax over each run of `width` bytes of features (a whole number of them fills a row), one distribution an example. */
export function softmaxForward(
  x: usize, xStride: usize, y: usize, yStride: usize, width: usize, rows: i32, bytes: usize,
): void {
  for (let row = 0; row < rows; row++) {
    for (let run: usize = 0; run < bytes; run += width) {
      for (let lane: usize = run; lane < run + FEATURE; lane += 16) {
        const end = lane + width;
        let highest = v128.load(x + lane);
        for (let at = lane; at < end; at += FEATURE) highest = f32x4.max(highest, v128.load(x + at));
        let sum = f32x4.splat(0);
        for (let at = lane; at < end; at += FEATURE) {
          const e = exp(f32x4.sub(v128.load(x + at), highest));
          sum = f32x4.add(sum, e);
          v128.store(y + at, e);
        }
        for (let at = lane; at < end; at += FEATURE) v128.store(y + at, f32x4.div(v128.load(y + at), sum));
      }
    }
    x += xStride;
    y += yStride;
  }
}

/** dx = y · (dy − Σ dy·y), settled. */
export function softmaxBackward(
  y: usize, yStride: usize, dy: usize, dyStride: usize, dx: usize, dxStride: usize,
  rectified: usize, rectifiedStride: usize, accumulate: bool, width: usize, rows: i32, bytes: usize,
): void {
  for (let row = 0; row < rows; row++) {
    for (let run: usize = 0; run < bytes; run += width) {
      for (let lane: usize = run; lane < run + FEATURE; lane += 16) {
        const end = lane + width;
        let sum = f32x4.splat(0);
        for (let at = lane; at < end; at += FEATURE) {
          sum = f32x4.add(sum, f32x4.mul(v128.load(dy + at), v128.load(y + at)));
        }
        for (let at = lane; at < end; at += FEATURE) {
          const gradient = f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), sum));
          settle(dx + at, gradient, rectified ? rectified + at : 0, accumulate);
        }
      }
    }
    y += yStride;
    dy += dyStride;
    dx += dxStride;
    if (rectified) rectified += rectifiedStride;
  }
}
