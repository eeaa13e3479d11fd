/** Parameters of a plan as PyTorch's modules have them: names, axes, and the order of inputs behind a flattened image. */
import { flattenedOrder } from '../models/torch/fit';
import { torchNames } from '../models/torch/names';
import type { Plan, PlanParameter } from '../training/plan/plan';

export interface TorchParameter {
  /** Of the layer and its tensor, e.g. `dense_1.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Values or mask, from the plan's layout to PyTorch's. */
  readonly arrange: <T extends Float32Array | Uint8Array>(data: T) => T;
}

/** In the order of the plan's parameters. */
export function torchParameters(plan: Plan): TorchParameter[] {
  return plan.parameters.map(parameter => ({ name: nameOf(plan, parameter), ...layoutOf(plan, parameter) }));
}

/** A layer with two kernels is two modules: `block.depthwise.weight`. */
function nameOf({ parameters }: Plan, { name, layer, role }: PlanParameter): string {
  const kernels = parameters.filter(one => one.layer === layer && one.role === 'kernel').length;
  const inner = kernels > 1 && role === 'kernel' ? `.${name.slice(layer.length + 1).replace(/_kernel$/, '')}` : '';
  return `${layer.replaceAll('/', '.')}${inner}.${torchNames[role]}`;
}

function layoutOf(plan: Plan, parameter: PlanParameter): Omit<TorchParameter, 'name'> {
  const { role, shape, size } = parameter;
  if (role !== 'kernel') return { shape, arrange: data => data };
  const op = plan.ops.find(
    one => (one.kind === 'dense' || one.kind === 'conv2d') && plan.parameters[one.kernel] === parameter,
  );
  if (op?.kind === 'conv2d') {
    const [height, width] = op.kernelSize;
    const outputs = plan.activations[op.output]!.shape[2]!;
    const places = height * width;
    const inputs = size / (places * outputs);
    // depthwise kernels hold their values in the same order as those of one input for each group
    return {
      shape: [outputs, inputs, height, width],
      arrange: data =>
        placed(data, i => {
          const [output, rest] = [Math.floor(i / (inputs * places)), i % (inputs * places)];
          return ((rest % places) * inputs + Math.floor(rest / places)) * outputs + output;
        }),
    };
  }
  const [inputs, units] = shape as [number, number];
  const order = flattenedOrder(plan, parameter);
  return {
    shape: [units, inputs],
    arrange: data =>
      placed(data, i => {
        const input = i % inputs;
        return (order ? order[input]! : input) * units + Math.floor(i / inputs);
      }),
  };
}

/** @param from of each value of the result, its place in `data` */
function placed<T extends Float32Array | Uint8Array>(data: T, from: (i: number) => number): T {
  const result = data.slice() as T;
  for (let i = 0; i < result.length; i++) result[i] = data[from(i)]!;
  return result;
}
