/**
 * Functions of single values that exporters write as arithmetic. They are no layers yet: what a chain of nodes computes is
 * told at its end, by its values, so that every way of writing an activation is known.
 */
import type { Site } from './site';
import type { Value } from './value';

/** @param channel place along the last axis of Keras */
export type Pointwise = (x: number, channel: number) => number;

export interface Pending {
  /** Of a value that the layer makes. */
  readonly apply: Pointwise;
  /** Whether its constants differ between channels. */
  readonly byChannel: boolean;
  /** The last node's own work: of one value, or of two that are functions of the same layer's. */
  readonly step: Pointwise | 'add' | 'other';
  readonly of: readonly Value[];
  /** Of computing it once, in steps. */
  readonly cost: number;
  readonly site: Site;
}

/** scale · x + offset, by channel or for all. */
export interface Affine {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

const affineSamples = [-3.7, -0.4, 2.3, 11];
const samples = Array.from({ length: 61 }, (_, i) => (i - 30) * 0.31);

/** Constants are rounded to float32. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 2e-6 * (1 + Math.abs(a));
}

/** @returns null where it is more than that */
export function affineOf({ apply, byChannel }: Pick<Pending, 'apply' | 'byChannel'>, channels: number): Affine | null {
  const count = byChannel ? channels : 1;
  const affine = { scale: new Float64Array(count), offset: new Float64Array(count) };
  for (let channel = 0; channel < count; channel++) {
    const offset = apply(0, channel);
    const scale = apply(1, channel) - offset;
    if (!Number.isFinite(offset) || !Number.isFinite(scale)) return null;
    if (!affineSamples.every(x => near(apply(x, channel), scale * x + offset))) return null;
    affine.scale[channel] = scale;
    affine.offset[channel] = offset;
  }
  return affine;
}

export function isIdentity({ scale, offset }: Affine): boolean {
  return scale.every(value => near(value, 1)) && offset.every(value => near(value, 0));
}

export interface ActivationLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** @returns the Keras layer that computes the same; null: none does */
export function activationOf(
  { apply, byChannel }: Pick<Pending, 'apply' | 'byChannel'>,
  channels: number,
): ActivationLayer | null {
  for (const [name, f] of Object.entries(named)) {
    if (agrees(f)) return { className: 'Activation', config: { activation: name } };
  }
  const below = -apply(-1, 0);
  if (!(below >= 0)) return null;
  if (agrees(x => (x < 0 ? below * x : x))) return { className: 'LeakyReLU', config: { negative_slope: below } };
  const alpha = below / -Math.expm1(-1);
  if (agrees(x => (x < 0 ? alpha * Math.expm1(x) : x))) return { className: 'ELU', config: { alpha } };
  return null;

  function agrees(f: (x: number) => number): boolean {
    const of = (channel: number): boolean => samples.every(x => near(f(x), apply(x, channel)));
    return Array.from({ length: byChannel ? channels : 1 }, (_, channel) => channel).every(of);
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const between = (x: number, least: number, most: number): number => Math.min(most, Math.max(least, x));
const hardSigmoid = (x: number): number => between(x + 3, 0, 6) / 6;
/** Of Klambauer et al. 2017. */
const selu = (x: number): number => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x);
const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
const geluByTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** By Keras' names. */
const named: Readonly<Record<string, (x: number) => number>> = {
  relu: x => Math.max(0, x),
  relu6: x => between(x, 0, 6),
  sigmoid,
  tanh: Math.tanh,
  gelu,
  gelu_new: geluByTanh,
  swish: x => x * sigmoid(x),
  hard_sigmoid: hardSigmoid,
  hard_swish: x => x * hardSigmoid(x),
  selu,
};

/** Within 1.2e-7 of the whole: Numerical Recipes' erfc by a Chebyshev fit (Press et al., section 6.2). */
export function erf(x: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const fit = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const power = fit.reduceRight((sum, c) => sum * t + c, 0);
  const rest = t * Math.exp(-x * x + power);
  return x < 0 ? rest - 1 : 1 - rest;
}

export const functions = { sigmoid, between, selu, gelu, geluByTanh, hardSigmoid };
