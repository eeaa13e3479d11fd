/** Activation functions and their derivatives in double precision. */
import type { Activation, ActivationOp } from '../../../src/training/plan/plan';
import { type Context, type Node, noParameters, rowsOf } from './node';

type Elementwise = (x: number, alpha: number) => readonly [value: number, slope: number];

/** Klambauer et al. 2017. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const within = (x: number, low: number, high: number): number => (x > low && x < high ? 1 : 0);

const functions: Readonly<Record<Exclude<Activation, 'softmax'>, Elementwise>> = {
  linear: x => [x, 1],
  relu: x => [Math.max(0, x), x > 0 ? 1 : 0],
  relu6: x => [clamp(x, 0, 6), within(x, 0, 6)],
  'leaky-relu': (x, alpha) => (x > 0 ? [x, 1] : [alpha * x, alpha]),
  elu: (x, alpha) => (x > 0 ? [x, 1] : [alpha * Math.expm1(x), alpha * Math.exp(x)]),
  selu: x =>
    x > 0 ? [seluScale * x, seluScale] : [seluScale * seluAlpha * Math.expm1(x), seluScale * seluAlpha * Math.exp(x)],
  gelu: x => {
    const below = normalBelow(x);
    return [x * below, below + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)];
  },
  'gelu-tanh': x => {
    const c = Math.sqrt(2 / Math.PI);
    const t = Math.tanh(c * (x + 0.044715 * x ** 3));
    return [0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)];
  },
  swish: x => {
    const s = sigmoid(x);
    return [x * s, s + x * s * (1 - s)];
  },
  'hard-swish': x => [(x * clamp(x + 3, 0, 6)) / 6, x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6],
  tanh: x => [Math.tanh(x), 1 - Math.tanh(x) ** 2],
  sigmoid: x => [sigmoid(x), sigmoid(x) * (1 - sigmoid(x))],
  'hard-sigmoid': x => [clamp(x + 3, 0, 6) / 6, within(x, -3, 3) / 6],
};

export function activation(op: ActivationOp, x: Float64Array, { plan }: Context): Node {
  if (op.activation === 'softmax') return softmaxRows(x, rowsOf(x, plan.activations[op.output]!.shape).width);
  const run = functions[op.activation];
  return {
    output: x.map(value => run(value, op.alpha)[0]),
    backward: dy => ({
      inputs: [dy.map((value, i) => value * run(x[i]!, op.alpha)[1])],
      parameters: noParameters,
    }),
  };
}

function softmaxRows(x: Float64Array, width: number): Node {
  const output = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += width) output.set(softmax(x.subarray(at, at + width)), at);
  return {
    output,
    backward: dy => {
      const dx = new Float64Array(x.length);
      for (let at = 0; at < x.length; at += width) {
        let dot = 0;
        for (let i = at; i < at + width; i++) dot += dy[i]! * output[i]!;
        for (let i = at; i < at + width; i++) dx[i] = output[i]! * (dy[i]! - dot);
      }
      return { inputs: [dx], parameters: noParameters };
    },
  };
}

export function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = logits.map(value => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map(value => value / sum);
}

/** Φ(x): by its series near 0 (Abramowitz & Stegun 26.2.10 in Marsaglia's form), by its continued fraction beyond. */
export function normalBelow(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 5) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / (Math.abs(x) + fraction);
  const tail = density / (Math.abs(x) + fraction);
  return x < 0 ? tail : 1 - tail;
}
