/** The physically smaller network: without the units that its masks have left dead, and with the same outputs. */
import { couplingOf } from '../lottery/structured/coupling';
import type { NamedWeight } from '../models/model';
import type { KerasTopology } from '../models/topology';
import { lowerModel, type LoweringTarget } from '../training/plan/lower';
import type { Plan } from '../training/plan/plan';
import type { Weights } from '../training/trainer';
import { constantChannels } from './constants';
import { liveUnitsOf, type Remains } from './dead';
import { slicedWeights } from './slice';
import { smallerTopology } from './topology';

export interface ShrunkLayer {
  readonly name: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Shrunk {
  readonly topology: KerasTopology;
  readonly plan: Plan;
  /** In the order of the plan's parameters. */
  readonly weights: readonly Float32Array[];
  /** By Keras' names. */
  readonly named: ReadonlyMap<string, NamedWeight>;
  /** Kernels, in forward order. */
  readonly layers: readonly ShrunkLayer[];
  /** What could not go, and why. */
  readonly remains: readonly Remains[];
}

/**
 * @param topology that `plan` was lowered from by `target`
 * @param weights masked ones are 0
 */
export function shrink(topology: KerasTopology, plan: Plan, weights: Weights, target: LoweringTarget): Shrunk {
  const coupling = couplingOf(plan);
  const subject = { plan, coupling, weights, constants: constantChannels(plan, coupling, weights) };
  const { live, remains } = liveUnitsOf(subject);
  const parts = slicedWeights(subject, live);
  const smaller = smallerTopology(topology, plan, coupling, live);
  const lowered = lowerModel({ topology: () => smaller }, target);
  const own = lowered.parameters.map(({ name, shape }) => {
    const part = parts.get(name);
    if (part?.shape.join() !== shape.join()) {
      throw new Error(
        `${name} is [${shape.join(', ')}] in the smaller network, but [${part?.shape.join(', ') ?? ''}] is left of it`,
      );
    }
    return [name, part] as const;
  });
  return {
    topology: smaller,
    plan: lowered,
    weights: own.map(([, { data }]) => data),
    named: new Map(own),
    layers: coupling.kernels.map(({ name, shape }) => ({ name, before: shape, after: parts.get(name)!.shape })),
    remains,
  };
}
