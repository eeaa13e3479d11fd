/** Makes layers of what is pending: an activation, or constants that go into weights before or behind them. */
import { activationOf, affineOf, isIdentity, type Affine, type Pending } from './pending';
import type { Site } from './site';
import { made, type Value } from './value';

/** A value that a layer makes, and what constants are still to be applied to it. */
export interface Reduced {
  readonly base: Value;
  readonly affine: Affine | null;
}

/** @throws ExperimentError naming the node whose result no layer computes */
export function settle(value: Value): Value {
  const { pending } = value;
  if (pending === null) return value;
  const { base, affine } = reduce(value);
  if (affine === null) return base;
  if (pending.step === 'add') return remember(pending, { base: addition(pending.site, pending.of), affine: null }).base;
  return pending.site.refuse(
    'scales or shifts by constants what no layer with weights makes; fold the constants into the weights of a layer',
  );
}

/** Constants are left where they have no place before: whoever takes the value can put them into weights of its own. */
export function reduce(value: Value): Reduced {
  const { pending } = value;
  if (pending === null) return { base: value, affine: null };
  const { reduced } = pending.site.parts;
  const known = reduced.get(pending);
  if (known) return known;
  const { base, affine } = computed(value, pending);
  const folded = affine && (foldBack(pending.site, base, affine) ?? rescaleInput(pending.site, base, affine));
  return remember(pending, folded ? { base: folded, affine: null } : { base, affine });
}

function remember(pending: Pending, reduced: Reduced): Reduced {
  pending.site.parts.reduced.set(pending, reduced);
  return reduced;
}

function computed(value: Value, pending: Pending): Reduced {
  const { site, step, of } = pending;
  const whole = told({ ...value, pending: null }, pending);
  if (whole) return whole;
  if (step === 'add') return { base: addition(site, of), affine: null };
  const [only] = of;
  if (typeof step === 'function' && only?.pending) {
    const last = told(settle(only), { ...pending, apply: step });
    if (last) return last;
  }
  return site.refuse(
    'makes a function of single values that no activation here computes: relu, relu6, leaky relu, elu, selu, gelu, swish, hard swish, tanh, sigmoid and hard sigmoid can be trained',
  );
}

function told(base: Value, pending: Pending): Reduced | null {
  const channels = base.shape.at(-1)!;
  const affine = affineOf(pending, channels);
  if (affine) return isIdentity(affine) ? { base, affine: null } : { base, affine };
  const activation = activationOf(pending, channels);
  if (!activation) return null;
  const layer = pending.site.emit(activation.className, activation.config, [base]);
  return { base: made(layer, base.shape, base.axes, base.order), affine: null };
}

function addition(site: Site, of: readonly Value[]): Value {
  const [a, b] = of.map(settle) as [Value, Value];
  return made(site.emit('Add', {}, [a, b]), a.shape, a.axes, a.order);
}

/** Of a layer: weights whose last axis are its outputs, and the switch of the second. */
const weights: Readonly<Record<string, readonly [string, string, string]>> = {
  Conv2D: ['kernel', 'bias', 'use_bias'],
  Dense: ['kernel', 'bias', 'use_bias'],
  BatchNormalization: ['gamma', 'beta', 'center'],
  LayerNormalization: ['gamma', 'beta', 'center'],
};

/** Into the layer before, by output, where nobody else takes what it makes. */
function foldBack({ parts: { emitter } }: Site, base: Value, { scale, offset }: Affine): Value | null {
  const { className, config } = emitter.layer(base.layer);
  const names = Object.hasOwn(weights, className) ? weights[className] : undefined;
  if (!names || !base.alone) return null;
  const [kernel, bias, switched] = names;
  const channels = base.shape.at(-1)!;
  const of = (values: Float64Array, i: number): number => values[i % values.length]!;
  const before = emitter.weight(base.layer, kernel)!;
  const scaled = before.data.map((value, i) => value * of(scale, i % channels));
  emitter.replaceWeight(base.layer, kernel, before.shape, scaled);
  const shifted = (emitter.weight(base.layer, bias)?.data ?? new Float32Array(channels)).map(
    (value, i) => value * of(scale, i) + of(offset, i),
  );
  if (config[switched] !== false || shifted.some(value => value !== 0)) {
    config[switched] = true;
    emitter.replaceWeight(base.layer, bias, [channels], shifted);
  }
  return base;
}

function rescaleInput(site: Site, base: Value, { scale, offset }: Affine): Value | null {
  if (site.parts.emitter.layer(base.layer).className !== 'InputLayer') return null;
  const constants = (values: Float64Array): number | number[] => (values.length === 1 ? values[0]! : [...values]);
  const config = { scale: constants(scale), offset: constants(offset) };
  return made(site.emit('Rescaling', config, [base]), base.shape, base.axes, base.order);
}
