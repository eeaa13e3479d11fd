/** Which units of a network can go without a change of what it computes. */
import { eachWeight, isDepthwise, type CoupledKernel, type Coupling } from '../lottery/structured/coupling';
import type { BatchNormalizationOp, Conv2DOp, DenseOp, Plan } from '../training/plan/plan';
import type { Weights } from '../training/trainer';
import { hasPadding, type Constants } from './constants';

/** Channels that stay although no weight is left that feeds, or reads, them. */
export interface Remains {
  readonly layer: string;
  readonly channels: number;
  readonly reason: string;
}

export interface Subject {
  readonly plan: Plan;
  readonly coupling: Coupling;
  /** Masked ones are 0. */
  readonly weights: Weights;
  readonly constants: Constants;
}

/** Why a unit that is read has to stay: '' where it varies from example to example; null: it can go as it is. */
type Obstacle = string | null;

/**
 * A unit goes where no layer that stays reads it, or where it is constant and what reads it can take the constant into its
 * bias. What goes makes others unread in turn. Of each layer one unit stays.
 * @returns 1 for each unit that stays
 */
export function liveUnitsOf(subject: Subject): { readonly live: Uint8Array; readonly remains: readonly Remains[] } {
  const { coupling } = subject;
  const obstacles = obstaclesOf(subject);
  const live = new Uint8Array(coupling.units).fill(1);
  const last = new Uint8Array(coupling.units);
  for (let changed = true; changed;) {
    changed = false;
    const read = readUnits(subject, live);
    for (let unit = 0; unit < coupling.units; unit++) {
      if (live[unit] === 0 || last[unit] === 1 || coupling.fixed[unit] !== null) continue;
      if (read[unit] === 1 && obstacles[unit] !== null) continue;
      live[unit] = 0;
      changed = true;
    }
    for (const { outputs } of coupling.kernels) {
      if (outputs.some(unit => live[unit] === 1)) continue;
      live[outputs[0]!] = last[outputs[0]!] = 1;
    }
  }
  return { live, remains: remainsOf(subject, live, last, obstacles) };
}

/** 1 for each unit that a live unit of another kind takes with a weight that is not 0. */
function readUnits({ coupling, weights }: Subject, live: Uint8Array): Uint8Array {
  const read = new Uint8Array(coupling.units);
  for (const kernel of coupling.kernels) {
    if (isDepthwise(kernel)) continue;
    const { inputs, outputs, parameter } = kernel;
    eachWeight(kernel, (i, input, output) => {
      const [from, to] = [inputs[input]!, outputs[output]!];
      if (from !== to && live[to] === 1 && weights[parameter]![i] !== 0) read[from] = 1;
    });
  }
  return read;
}

function obstaclesOf(subject: Subject): Obstacle[] {
  const { coupling, constants, weights } = subject;
  const obstacles = new Array<Obstacle>(coupling.units).fill(null);
  for (const kernel of coupling.kernels) {
    if (isDepthwise(kernel)) continue;
    const values = constants[kernel.from]!;
    const refusal = refusalOf(subject, kernel);
    eachWeight(kernel, (i, input) => {
      if (weights[kernel.parameter]![i] === 0) return;
      const unit = kernel.inputs[input]!;
      const value = values.length === kernel.inputs.length ? values[input]! : NaN;
      if (Number.isNaN(value)) obstacles[unit] = '';
      else if (value !== 0 && refusal !== null) obstacles[unit] ??= refusal;
    });
  }
  return obstacles;
}

/** Why a layer cannot take a constant of its inputs into its bias; null: it can. */
function refusalOf(subject: Subject, kernel: CoupledKernel): string | null {
  const op = readerOf(subject, kernel);
  if (op.kind === 'conv2d' && hasPadding(op)) {
    return `it is a constant that "${op.layer}" would have to add everywhere but at the edge, where zeros are`;
  }
  return op.bias === null && normalizationAfter(subject, op) === null
    ? `it is a constant that "${op.layer}" would have to add, and has no bias for`
    : null;
}

export function readerOf({ plan }: Pick<Subject, 'plan'>, { parameter }: CoupledKernel): DenseOp | Conv2DOp {
  return plan.ops.find(
    (op): op is DenseOp | Conv2DOp => (op.kind === 'dense' || op.kind === 'conv2d') && op.kernel === parameter,
  )!;
}

/** The batch normalisation that alone takes what an op gives. */
export function normalizationAfter(
  { plan }: Pick<Subject, 'plan'>,
  { output }: DenseOp | Conv2DOp,
): BatchNormalizationOp | null {
  const [taker, other] = plan.ops.filter(({ inputs }) => inputs.includes(output));
  return taker?.kind === 'batch-normalization' && other === undefined ? taker : null;
}

function remainsOf(
  { coupling, weights }: Subject,
  live: Uint8Array,
  last: Uint8Array,
  obstacles: readonly Obstacle[],
): Remains[] {
  const counts = new Map<string, Remains>();
  const add = (layer: string, reason: string): void => {
    const key = JSON.stringify([layer, reason]);
    counts.set(key, { layer, reason, channels: (counts.get(key)?.channels ?? 0) + 1 });
  };
  for (const kernel of coupling.kernels) {
    const { layer, inputs, outputs, parameter } = kernel;
    const fed = new Uint8Array(outputs.length);
    const taken = new Uint8Array(inputs.length);
    eachWeight(kernel, (i, input, output) => {
      if (weights[parameter]![i] !== 0) fed[output] = taken[input] = 1;
    });
    outputs.forEach((unit, output) => {
      if (live[unit] === 0 || fed[output] === 1) return;
      if (last[unit] === 1) add(layer, 'a layer needs one channel');
      else
        add(layer, coupling.fixed[unit] ?? (obstacles[unit] || 'it goes with channels of other layers that are alive'));
    });
    inputs.forEach((unit, input) => {
      const reason = coupling.fixed[unit] ?? null;
      if (taken[input] === 0 && reason !== null) add(`input of ${layer}`, reason);
    });
  }
  return [...counts.values()];
}
