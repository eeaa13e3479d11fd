/** Networks without some of their channels, as masks, for tests of structured pruning and of shrinking. */
import { Mask } from '../../src/lottery/mask';
import { couplingOf, type Coupling } from '../../src/lottery/structured/coupling';
import { masksOfUnits } from '../../src/lottery/structured/units';
import type { Random } from '../../src/shared/random';
import type { Plan } from '../../src/training/plan/plan';
import type { Weights } from '../../src/training/trainer';
import { forward64 } from './float64Reference';

/** One unit of each group that may go at least stays. */
export function randomUnits(coupling: Coupling, share: number, random: Random): Uint8Array {
  const live = new Uint8Array(coupling.units).fill(1);
  for (const { units } of coupling.groups) {
    const spared = random.nextBelow(units.length);
    units.forEach((unit, i) => {
      if (i !== spared && random.nextFloat() < share) live[unit] = 0;
    });
  }
  return live;
}

/** Weights of a network without units. */
export function withoutUnits(plan: Plan, weights: Weights, live: Uint8Array): Float32Array[] {
  const coupling = couplingOf(plan);
  const layers = plan.parameters.filter(({ prunable }) => prunable);
  const masks = masksOfUnits(
    coupling,
    layers,
    layers.map(({ size }) => Mask.ones(size)),
    live,
  );
  return plan.parameters.map(({ name }, i) => {
    const mask = masks[layers.findIndex(layer => layer.name === name)];
    return mask ? weights[i]!.map((value, at) => (mask.has(at) ? value : 0)) : weights[i]!;
  });
}

export function randomInputs(plan: Plan, examples: number, random: Random): Float32Array {
  return Float32Array.from({ length: examples * plan.activations[0]!.size }, () => random.nextGaussian());
}

/** The largest difference of outputs, relative to the largest output. */
export function outputDifference(
  inputs: Float32Array,
  left: { readonly plan: Plan; readonly weights: Weights },
  right: { readonly plan: Plan; readonly weights: Weights },
): number {
  const [a, b] = [left, right].map(({ plan, weights }) => forward64(plan, weights, inputs)) as [
    Float64Array,
    Float64Array,
  ];
  const most = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0) / most;
}
