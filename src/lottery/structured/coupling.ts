/**
 * Coupling groups of a network: its filters and neurons, each with everything that goes when it goes – the bias, the channel
 * of normalisations, the inputs of the layers after it, partners in sums.
 */
import { followChannels, type Fixed } from './channels';
import type { Wiring, WiringOp } from './wiring';

/** A kernel with the unit of each of its input and output channels. */
export interface CoupledKernel {
  /** E.g. `conv1/kernel`. */
  readonly name: string;
  readonly layer: string;
  /** Place among the network's parameters. */
  readonly parameter: number;
  readonly shape: readonly number[];
  /** Kernel positions: height × width of a convolution, 1 of a dense layer. */
  readonly taps: number;
  /** Output channel o sees the inputs of group ⌊o · groups / outputs⌋. */
  readonly groups: number;
  /** Place of the input and output activations. */
  readonly from: number;
  readonly to: number;
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
}

/** A bias, or a parameter of a normalisation: one value for each channel. */
export interface CoupledVector {
  readonly name: string;
  readonly parameter: number;
  readonly role: 'bias' | 'gamma' | 'beta' | 'moving-mean' | 'moving-variance';
  readonly units: Int32Array;
}

/** Units made by the same layers: what is ranked together where each layer is ranked by itself. */
export interface CouplingGroup {
  /** Of the layers that make its units, in forward order. */
  readonly layers: readonly string[];
  /** Places in `Coupling.kernels`. */
  readonly producers: readonly number[];
  readonly convolution: boolean;
  /** In the order of the first layer's output channels. */
  readonly units: Int32Array;
}

export interface Coupling {
  /** Number of units: channels that only go together. */
  readonly units: number;
  /** Of each unit, why it has to stay; null: it may go. */
  readonly fixed: readonly Fixed[];
  /** See `Channels.activations`. */
  readonly activations: readonly Int32Array[];
  /** In forward order. */
  readonly kernels: readonly CoupledKernel[];
  readonly vectors: readonly CoupledVector[];
  /** In forward order; units that are fixed are in none. */
  readonly groups: readonly CouplingGroup[];
}

export function couplingOf(wiring: Wiring): Coupling {
  const { units, fixed, activations } = followChannels(wiring);
  const kernels = wiring.ops.flatMap((op): CoupledKernel[] => {
    if (op.kernel === undefined) return [];
    const { name, layer, shape, size } = wiring.parameters[op.kernel]!;
    const inputs = activations[op.inputs[0]!]!;
    const outputs = activations[op.output]!;
    const { groups = 1 } = op;
    const taps = (size * groups) / (inputs.length * outputs.length);
    const place = { parameter: op.kernel, from: op.inputs[0]!, to: op.output };
    return [{ name, layer, shape, taps, groups, inputs, outputs, ...place }];
  });
  return {
    units,
    fixed,
    activations,
    kernels,
    vectors: wiring.ops.flatMap(op => vectorsOf(op, wiring, activations[op.output]!)),
    groups: groupsOf(kernels, fixed),
  };
}

const roles = [
  ['bias', 'bias'],
  ['gamma', 'gamma'],
  ['beta', 'beta'],
  ['movingMean', 'moving-mean'],
  ['movingVariance', 'moving-variance'],
] as const;

function vectorsOf(op: WiringOp, { parameters }: Wiring, units: Int32Array): CoupledVector[] {
  return roles.flatMap(([field, role]) => {
    const parameter = op[field] ?? null;
    return parameter === null ? [] : [{ name: parameters[parameter]!.name, parameter, role, units }];
  });
}

function groupsOf(kernels: readonly CoupledKernel[], fixed: readonly Fixed[]): CouplingGroup[] {
  const producers = new Map<number, number[]>();
  kernels.forEach(({ outputs }, kernel) => {
    for (const unit of outputs) {
      const makers = producers.get(unit) ?? [];
      if (makers.at(-1) !== kernel) makers.push(kernel);
      producers.set(unit, makers);
    }
  });
  const groups = new Map<string, { readonly producers: readonly number[]; readonly units: number[] }>();
  // a map keeps the order of first appearance: forward, and channel by channel
  for (const [unit, makers] of producers) {
    if (fixed[unit] !== null) continue;
    const key = makers.join();
    const group = groups.get(key) ?? { producers: makers, units: [] };
    group.units.push(unit);
    groups.set(key, group);
  }
  return [...groups.values()].map(group => ({
    layers: group.producers.map(kernel => kernels[kernel]!.layer),
    producers: group.producers,
    convolution: group.producers.some(kernel => kernels[kernel]!.shape.length > 2),
    units: Int32Array.from(group.units),
  }));
}

/** Calls with each weight of a kernel, its input channel and its output channel. */
export function eachWeight(
  { taps, groups, inputs, outputs }: CoupledKernel,
  visit: (index: number, input: number, output: number) => void,
): void {
  const inEach = inputs.length / groups;
  const outEach = outputs.length / groups;
  let index = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let input = 0; input < inEach; input++) {
      for (let output = 0; output < outputs.length; output++) {
        visit(index++, groups === 1 ? input : Math.floor(output / outEach) * inEach + input, output);
      }
    }
  }
}

/** Each channel is a group of its own: filters go with the channel that they see. */
export function isDepthwise({ groups, inputs }: Pick<CoupledKernel, 'groups' | 'inputs'>): boolean {
  return groups > 1 && groups === inputs.length;
}
