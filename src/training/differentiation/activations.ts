/** Activation functions with their first and second derivatives. */
import type { Activation, ActivationOp } from '../plan/plan';
import { type Context, type Dual, type Node, zeros } from './dual';

type Curve = (x: number, alpha: number) => number;

/** At a kink the derivative is that of the side below, as autodiff has it for relu at 0. */
interface Elementwise {
  readonly value: Curve;
  readonly slope: Curve;
  readonly curvature: Curve;
}

/** Klambauer et al. 2017. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const within = (x: number, low: number, high: number): number => (x > low && x < high ? 1 : 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const straight = (): number => 0;

const sigmoidSlope = (x: number): number => sigmoid(x) * (1 - sigmoid(x));
const sigmoidCurvature = (x: number): number => sigmoidSlope(x) * (1 - 2 * sigmoid(x));

/** Argument of the hyperbolic tangent in gelu's approximation, and its derivatives. */
const c = Math.sqrt(2 / Math.PI);
const argument = (x: number): number => c * (x + 0.044715 * x ** 3);
const argumentSlope = (x: number): number => c * (1 + 3 * 0.044715 * x * x);
const argumentCurvature = (x: number): number => c * 6 * 0.044715 * x;

const functions: Readonly<Record<Exclude<Activation, 'softmax'>, Elementwise>> = {
  linear: { value: x => x, slope: () => 1, curvature: straight },
  relu: { value: x => (x > 0 ? x : 0), slope: x => (x > 0 ? 1 : 0), curvature: straight },
  relu6: { value: x => clamp(x, 0, 6), slope: x => within(x, 0, 6), curvature: straight },
  'leaky-relu': {
    value: (x, alpha) => (x > 0 ? x : alpha * x),
    slope: (x, alpha) => (x > 0 ? 1 : alpha),
    curvature: straight,
  },
  elu: {
    value: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x, alpha) => (x > 0 ? 1 : alpha * Math.exp(x)),
    curvature: (x, alpha) => (x > 0 ? 0 : alpha * Math.exp(x)),
  },
  selu: {
    value: x => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
    slope: x => seluScale * (x > 0 ? 1 : seluAlpha * Math.exp(x)),
    curvature: x => (x > 0 ? 0 : seluScale * seluAlpha * Math.exp(x)),
  },
  gelu: {
    value: x => x * normalBelow(x),
    slope: x => normalBelow(x) + x * density(x),
    curvature: x => density(x) * (2 - x * x),
  },
  'gelu-tanh': {
    value: x => 0.5 * x * (1 + Math.tanh(argument(x))),
    slope: x => {
      const t = Math.tanh(argument(x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * argumentSlope(x);
    },
    curvature: x => {
      const t = Math.tanh(argument(x));
      const slope = argumentSlope(x);
      return (1 - t * t) * (slope + 0.5 * x * (argumentCurvature(x) - 2 * t * slope * slope));
    },
  },
  swish: {
    value: x => x * sigmoid(x),
    slope: x => sigmoid(x) + x * sigmoidSlope(x),
    curvature: x => 2 * sigmoidSlope(x) + x * sigmoidCurvature(x),
  },
  'hard-swish': {
    value: x => (x * clamp(x + 3, 0, 6)) / 6,
    slope: x => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
    curvature: x => within(x, -3, 3) / 3,
  },
  tanh: {
    value: Math.tanh,
    slope: x => 1 - Math.tanh(x) ** 2,
    curvature: x => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2),
  },
  sigmoid: { value: sigmoid, slope: sigmoidSlope, curvature: sigmoidCurvature },
  'hard-sigmoid': { value: x => clamp(x + 3, 0, 6) / 6, slope: x => within(x, -3, 3) / 6, curvature: straight },
};

export function activation(op: ActivationOp, x: Dual, { plan, directed }: Context): Node {
  if (op.activation === 'softmax') return softmaxRows(x, plan.activations[op.output]!.shape.at(-1)!);
  const { value, slope, curvature } = functions[op.activation];
  const { alpha } = op;
  return {
    output: {
      value: x.value.map(at => value(at, alpha)),
      tangent: x.tangent?.map((t, i) => t * slope(x.value[i]!, alpha)) ?? null,
    },
    backward: dy => {
      const dx = zeros(x.value.length, directed);
      for (let i = 0; i < x.value.length; i++) {
        const at = x.value[i]!;
        const first = slope(at, alpha);
        dx.value[i] = dy.value[i]! * first;
        if (!dx.tangent) continue;
        const bend = x.tangent ? dy.value[i]! * curvature(at, alpha) * x.tangent[i]! : 0;
        dx.tangent[i] = dy.tangent![i]! * first + bend;
      }
      return [dx];
    },
  };
}

function softmaxRows(x: Dual, width: number): Node {
  const value = softmax(x.value, width);
  const tangent = x.tangent && softmaxProduct(value, x.tangent, width);
  return {
    output: { value, tangent },
    backward: dy => {
      const dx = softmaxProduct(value, dy.value, width);
      if (!dy.tangent) return [{ value: dx, tangent: null }];
      const bent = softmaxProduct(value, dy.tangent, width);
      if (tangent) {
        for (let at = 0; at < value.length; at += width) {
          let along = 0;
          let dot = 0;
          for (let i = at; i < at + width; i++) {
            along += value[i]! * dy.value[i]!;
            dot += tangent[i]! * dy.value[i]!;
          }
          for (let i = at; i < at + width; i++) bent[i]! += tangent[i]! * (dy.value[i]! - along) - value[i]! * dot;
        }
      }
      return [{ value: dx, tangent: bent }];
    },
  };
}

/** Of each row of so many values. */
export function softmax(logits: Float64Array, width: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += width) {
    let largest = -Infinity;
    for (let i = at; i < at + width; i++) largest = Math.max(largest, logits[i]!);
    let sum = 0;
    for (let i = at; i < at + width; i++) sum += result[i] = Math.exp(logits[i]! - largest);
    for (let i = at; i < at + width; i++) result[i]! /= sum;
  }
  return result;
}

/** y · (v − Σ y v) of each row: the derivative of softmax along v, from either side. */
export function softmaxProduct(y: Float64Array, v: Float64Array, width: number): Float64Array {
  const result = new Float64Array(y.length);
  for (let at = 0; at < y.length; at += width) {
    let dot = 0;
    for (let i = at; i < at + width; i++) dot += y[i]! * v[i]!;
    for (let i = at; i < at + width; i++) result[i] = y[i]! * (v[i]! - dot);
  }
  return result;
}

/** Φ(x): by its series near 0 (Abramowitz & Stegun 26.2.10 in Marsaglia's form), by its continued fraction beyond. */
export function normalBelow(x: number): number {
  if (Math.abs(x) < 5) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density(x) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / (Math.abs(x) + fraction);
  const tail = density(x) / (Math.abs(x) + fraction);
  return x < 0 ? tail : 1 - tail;
}
