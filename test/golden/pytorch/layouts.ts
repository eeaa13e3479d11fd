/** PyTorch's tensors in the plan's order and back: channels first against channels last. */
import type { PlanParameter } from '../../../src/training/plan/plan';

/** For each place of an image [height, width, channels] the place of the same value in [channels, height, width]. */
export function imageOrder(shape: readonly number[]): Int32Array {
  const [height, width, channels] = shape as [number, number, number];
  return Int32Array.from({ length: height * width * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return (i % channels) * height * width + pixel;
  });
}

/**
 * For each place of a parameter the place of the same weight in PyTorch's tensor: kernels [in, out] against [out, in],
 * [height, width, in, out] against [out, in, height, width].
 * @param inputOrder of the layer's inputs, where it comes after a flattened image
 */
export function torchOrder(parameter: PlanParameter, inputOrder: Int32Array | undefined): Int32Array {
  const { shape, size } = parameter;
  if (shape.length === 1) return inputOrder ?? Int32Array.from({ length: size }, (_, i) => i);
  const outputs = shape.at(-1)!;
  if (shape.length === 2) {
    const inputs = shape[0]!;
    return Int32Array.from({ length: size }, (_, i) => {
      const input = Math.floor(i / outputs);
      return (i % outputs) * inputs + (inputOrder?.[input] ?? input);
    });
  }
  const [height, width, channels] = shape as [number, number, number];
  return Int32Array.from({ length: size }, (_, i) => {
    const channel = Math.floor(i / outputs) % channels;
    const tap = Math.floor(i / (outputs * channels));
    return ((i % outputs) * channels + channel) * height * width + tap;
  });
}

type Values = Float32Array | Float64Array | Uint8Array;

/** @param order as torchOrder gives it */
export function fromTorch<T extends Values>(values: T, order: Int32Array): T {
  const result = values.slice() as T;
  order.forEach((theirs, ours) => {
    result[ours] = values[theirs]!;
  });
  return result;
}

export function toTorch<T extends Values>(values: T, order: Int32Array): T {
  const result = values.slice() as T;
  order.forEach((theirs, ours) => {
    result[theirs] = values[ours]!;
  });
  return result;
}

const suffixes: Readonly<Record<PlanParameter['role'], string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  'moving-mean': 'running_mean',
  'moving-variance': 'running_var',
};

/** E.g. `blocks.0.bn1.running_mean`. */
export function torchName({ layer, role }: PlanParameter): string {
  return `${layer}.${suffixes[role]}`;
}
