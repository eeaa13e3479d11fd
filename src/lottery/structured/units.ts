/** Which units of a network are there, and the masks of kernels without some of them. */
import { Mask } from '../mask';
import { eachWeight, isDepthwise, type Coupling } from './coupling';

/** A prunable kernel by its name. */
interface Named {
  readonly name: string;
  readonly size: number;
}

/**
 * @param masks of `layers`
 * @returns 1 for each unit of a group that still has a weight of its own, and for each that is fixed
 */
export function liveUnits(coupling: Coupling, layers: readonly Named[], masks: readonly Mask[]): Uint8Array {
  const live = Uint8Array.from(coupling.fixed, reason => (reason === null ? 0 : 1));
  for (const kernel of coupling.kernels) {
    const at = layers.findIndex(({ name }) => name === kernel.name);
    // a kernel that is not prunable keeps its filters
    const mask = masks[at];
    if (!mask || mask.kept === mask.size) for (const unit of kernel.outputs) live[unit] = 1;
    else {
      const { outputs } = kernel;
      for (let i = 0; i < mask.size; i++) if (mask.has(i)) live[outputs[i % outputs.length]!] = 1;
    }
  }
  return live;
}

/** Without the weights that make, or take, a unit that is not live. Kernels that lose nothing keep their very masks. */
export function masksOfUnits(
  coupling: Coupling,
  layers: readonly Named[],
  masks: readonly Mask[],
  live: Uint8Array,
): Mask[] {
  return layers.map(({ name }, at) => {
    const kernel = coupling.kernels.find(one => one.name === name);
    if (!kernel) return masks[at]!;
    const { inputs, outputs } = kernel;
    if (inputs.every(unit => live[unit] === 1) && outputs.every(unit => live[unit] === 1)) return masks[at]!;
    const bytes = masks[at]!.toBytes();
    eachWeight(kernel, (i, input, output) => {
      if (live[inputs[input]!] === 0 || live[outputs[output]!] === 0) bytes[i] = 0;
    });
    return Mask.fromBytes(bytes);
  });
}

/**
 * Weights of each kernel where so many units of each group are live, by arithmetic: exact where all units of a group have as
 * many channels.
 */
export function keptWeights(coupling: Coupling, live: readonly number[], layers: readonly Named[]): number {
  const shares = new Float64Array(coupling.units).fill(1);
  coupling.groups.forEach(({ units }, group) => {
    for (const unit of units) shares[unit] = live[group]! / units.length;
  });
  const share = (units: Int32Array): number => units.reduce((total, unit) => total + shares[unit]!, 0) / units.length;
  let kept = 0;
  for (const { name, size } of layers) {
    const kernel = coupling.kernels.find(one => one.name === name);
    if (!kernel) kept += size;
    // where each channel is a group of its own, one goes with the other
    else kept += size * share(kernel.outputs) * (isDepthwise(kernel) ? 1 : share(kernel.inputs));
  }
  return Math.round(kept);
}
