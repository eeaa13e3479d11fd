/** Whether the tensors of a state_dict are the parameters of a plan: one by one, in order, each of the shape it must have. */
import { torchNames } from './names';
import type { Plan, PlanOp, PlanParameter } from '../../training/plan/plan';
import { kernelOf, rowsInOrder, transposed } from '../files/kernels';
import type { StateTensor } from './order';

export type Fit =
  | { readonly tensors: readonly StateTensor[] }
  /** How many fit before the first that does not, and why that does not. */
  | { readonly fitted: number; readonly reason: string };

export function fitTensors({ parameters }: Plan, ordered: readonly StateTensor[]): Fit {
  const named = new Map(ordered.map(tensor => [tensor.info.name, tensor]));
  const own = parameters.map(({ layer, role }) => named.get(`${layer}.${torchNames[role]}`));
  // a file that has the very names needs no order
  const tensors = own.every(tensor => tensor !== undefined) ? own : ordered;
  for (const [i, parameter] of parameters.entries()) {
    const tensor = tensors[i];
    const shape = torchShape(parameter);
    const wanted = `"${parameter.name}" needs [${shape.join(', ')}]`;
    if (!tensor) return { fitted: i, reason: `${wanted}, but the file has only ${ordered.length} tensors` };
    const { info } = tensor;
    const isOwn = info.name.endsWith(`.${torchNames[parameter.role]}`);
    if (info.shape.join() !== shape.join() || !isOwn) {
      return { fitted: i, reason: `${wanted}, but "${info.name}" is next and has [${info.shape.join(', ')}]` };
    }
  }
  const more = ordered.length - parameters.length;
  if (more > 0) {
    const { info } = ordered[parameters.length]!;
    return { fitted: parameters.length, reason: `"${info.name}" [${info.shape.join(', ')}] is one more than it has` };
  }
  return { tensors };
}

function torchShape({ role, shape }: PlanParameter): readonly number[] {
  if (role !== 'kernel') return shape;
  const [a, b, c, d] = shape as [number, number, number, number];
  return shape.length === 4 ? [d, c, a, b] : [b, a];
}

/** @param data of a tensor that fits, as PyTorch has it */
export function toKeras(plan: Plan, parameter: PlanParameter, data: Float32Array): Float32Array {
  const { role, shape } = parameter;
  if (role !== 'kernel') return data;
  if (shape.length === 4) return kernelOf(data, shape[3]!, shape[2]!, shape[0]! * shape[1]!);
  const [inputs, units] = shape as [number, number];
  return rowsInOrder(transposed(data, units, inputs), units, flattenedOrder(plan, parameter));
}

/** Of a dense layer behind a flattened image: where its inputs, channels first, are with channels last. */
export function flattenedOrder({ ops, activations, parameters }: Plan, parameter: PlanParameter): Int32Array | null {
  const dense = ops.find(op => op.kind === 'dense' && parameters[op.kernel] === parameter);
  const producer = ops.find(
    (op): op is PlanOp & { kind: 'reshape' } => op.kind === 'reshape' && op.output === dense?.inputs[0],
  );
  const shape = producer ? activations[producer.inputs[0]!]!.shape : [];
  if (shape.length !== 3) return null;
  const [height, width, channels] = shape as [number, number, number];
  const pixels = height * width;
  return Int32Array.from({ length: pixels * channels }, (_, i) => (i % pixels) * channels + Math.floor(i / pixels));
}
