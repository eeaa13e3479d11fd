/**
 * How much filters and neurons weigh: by the norm of their own kernel (H. Li et al., _Pruning Filters for Efficient ConvNets_,
 * ICLR 2017; `torch.nn.utils.prune.ln_structured`), or with all that is coupled to them, as VainF/Torch-Pruning's
 * `GroupMagnitudeImportance`.
 */
import { eachWeight, isDepthwise, type Coupling, type CouplingGroup } from './coupling';

export interface Importance {
  /** p of Σ |w|^p. */
  readonly power: number;
  /** How the members of a group come together; 'first': the filter alone. */
  readonly reduction: 'mean' | 'sum' | 'max' | 'prod' | 'first';
  /** By what the scores of a group are divided, so that groups can be ranked together; null: nothing. */
  readonly normalizer: 'mean' | 'sum' | 'max' | null;
}

/** Values of a parameter by its place in the network. */
export type ValuesOf = (parameter: number) => Float32Array;

/**
 * Of each unit of a group, in its order. Members are, of every layer in it: the filter, the scale of batch normalisation,
 * and the weights of a next layer that take its channel; each is Σ |w|^p. Biases do not count, nor do depthwise kernels.
 * @param root which layer's filters are meant by 'first'; left out: the first
 */
export function groupImportance(
  coupling: Coupling,
  group: CouplingGroup,
  values: ValuesOf,
  { power, reduction, normalizer }: Importance,
  root = group.producers[0]!,
): Float64Array {
  const scores =
    reduction === 'first'
      ? membersOf(coupling, group, values, power, [root], false)[0]!
      : reduced(membersOf(coupling, group, values, power, null, true), reduction);
  return normalized(scores, normalizer);
}

/** Σ |w|^p over the kernel of each output channel. */
export function filterPowers(kernel: Float32Array, outputs: number, power: number): Float64Array {
  const sums = new Float64Array(outputs);
  for (let i = 0; i < kernel.length; i++) sums[i % outputs]! += raised(kernel[i]!, power);
  return sums;
}

/** |w|^p */
function raised(weight: number, power: number): number {
  if (power === 2) return weight * weight;
  return power === 1 ? Math.abs(weight) : Math.abs(weight) ** power;
}

function membersOf(
  coupling: Coupling,
  group: CouplingGroup,
  values: ValuesOf,
  power: number,
  /** Places in `coupling.kernels`; null: all. */
  only: readonly number[] | null,
  withTakers: boolean,
): Float64Array[] {
  const place = new Int32Array(coupling.units).fill(-1);
  group.units.forEach((unit, i) => (place[unit] = i));
  const has = (unit: number): boolean => place[unit]! >= 0;
  const sums = (visit: (add: (unit: number, weight: number) => void) => void): Float64Array => {
    const result = new Float64Array(group.units.length);
    visit((unit, weight) => {
      const at = place[unit]!;
      if (at >= 0) result[at]! += raised(weight, power);
    });
    return result;
  };
  const members: Float64Array[] = [];
  for (const [index, kernel] of coupling.kernels.entries()) {
    if (only && !only.includes(index)) continue;
    // unless nothing else makes the units
    if (isDepthwise(kernel) && group.producers.some(one => !isDepthwise(coupling.kernels[one]!))) continue;
    const weights = values(kernel.parameter);
    const { inputs, outputs } = kernel;
    if (outputs.some(has)) {
      members.push(
        sums(add => {
          eachWeight(kernel, (i, _, output) => {
            add(outputs[output]!, weights[i]!);
          });
        }),
      );
    }
    if (withTakers && inputs.some(has)) {
      members.push(
        sums(add => {
          eachWeight(kernel, (i, input) => {
            add(inputs[input]!, weights[i]!);
          });
        }),
      );
    }
  }
  if (!withTakers) return members;
  for (const { role, parameter, units } of coupling.vectors) {
    if (role !== 'gamma' || !units.some(has)) continue;
    const scales = values(parameter);
    members.push(
      sums(add => {
        units.forEach((unit, i) => {
          add(unit, scales[i]!);
        });
      }),
    );
  }
  return members;
}

function reduced(members: readonly Float64Array[], reduction: Exclude<Importance['reduction'], 'first'>): Float64Array {
  const [first, ...others] = members;
  const combined = first!.slice();
  for (const member of others) {
    member.forEach((value, i) => {
      const before = combined[i]!;
      if (reduction === 'max') combined[i] = Math.max(before, value);
      else combined[i] = reduction === 'prod' ? before * value : before + value;
    });
  }
  return reduction === 'mean' ? combined.map(value => value / members.length) : combined;
}

function normalized(scores: Float64Array, normalizer: Importance['normalizer']): Float64Array {
  if (normalizer === null) return scores;
  const sum = scores.reduce((total, score) => total + score, 0);
  const by = { sum, mean: sum / scores.length, max: scores.reduce((a, b) => Math.max(a, b), 0) }[normalizer];
  // where all are 0 they are alike
  return by === 0 ? scores : scores.map(score => score / by);
}
