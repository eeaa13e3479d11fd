/** Every kind of op the wasm executor runs. */
import type { Facts, RunOp } from '../graph';
import { activation } from './activation';
import { add } from './add';
import { batchNormalization } from './batchNormalization';
import { concatenate } from './concatenate';
import { conv2d } from './conv';
import { dense } from './dense';
import { dropout } from './dropout';
import { layerNormalization } from './layerNormalization';
import type { AnyKind, Binding, Phase, Placement, Site } from './operation';
import { averagePool, maxPool } from './pool';
import { zeroPadding } from './zeroPadding';

const kinds: Readonly<Record<RunOp['kind'], AnyKind<never>>> = {
  activation,
  add,
  'average-pool': averagePool,
  'batch-normalization': batchNormalization,
  concatenate,
  conv2d,
  dense,
  dropout,
  'layer-normalization': layerNormalization,
  'max-pool': maxPool,
  'zero-padding': zeroPadding,
};

/** An op as its module laid it out. */
export interface PlacedOp {
  readonly kind: RunOp['kind'];
  readonly placed: Placement;
}

export const facts: Facts = kind => kinds[kind];

export function placeOp(op: RunOp, placement: Placement, site: Site): PlacedOp {
  return { kind: op.kind, placed: kinds[op.kind].place(op as never, placement, site) };
}

type Pass = 'forward' | 'backward' | 'update' | 'prepare';

/** The phases of a pass of an op on one thread. */
export function bind({ kind, placed }: PlacedOp, pass: Pass, binding: Binding): readonly Phase[] {
  return kinds[kind][pass]?.(placed as never, binding) ?? [];
}
