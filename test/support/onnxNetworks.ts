/** Small ONNX networks of images of [2, 5, 5] and three classes, and what they compute. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Random } from '../../src/shared/random';
import { field, float32, int64Data, message, model, node, tensor, types, type NodeFixture } from './onnx';

const random = new Random(5, 'onnx');
export const drawn = (count: number): number[] => Array.from({ length: count }, () => random.nextFloat() * 2 - 1);
export const floats = (name: string, dims: readonly number[], values: readonly number[]): Uint8Array =>
  tensor({ name, dims, raw: float32(...values) });
export const ints = (name: string, ...values: readonly number[]): Uint8Array =>
  tensor({ name, dims: [values.length], type: types.int64, more: [int64Data(...values.map(BigInt))] });
export const floatAttribute = (name: string, value: number): Uint8Array =>
  field(5, message(field(1, name), new BinaryWriter().tag(2, WireType.Bit32).float(value).finish()));
export const textAttribute = (name: string, value: string): Uint8Array =>
  field(5, message(field(1, name), field(4, value)));
/** Of a node within a function: what the call gives under another name. */
export const attributeReference = (name: string, of: string): Uint8Array =>
  field(5, message(field(1, name), field(21, of)));

const info = (name: string, dims: readonly (number | string)[]): Uint8Array => {
  const sizes = dims.map(size => field(1, message(field(typeof size === 'number' ? 1 : 2, size))));
  return message(field(1, name), field(2, message(field(1, message(field(1, 1), field(2, message(...sizes)))))));
};

export interface ModelFixture {
  readonly input?: readonly (number | string)[];
  readonly nodes: readonly NodeFixture[];
  readonly tensors?: readonly Uint8Array[];
  readonly outputs?: readonly string[];
  /** FunctionProtos. */
  readonly functions?: readonly Uint8Array[];
}

export interface FunctionFixture {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeFixture[];
}

export function functionOf({ name, inputs, outputs, nodes }: FunctionFixture): Uint8Array {
  return message(
    field(1, name),
    ...inputs.map(input => field(4, input)),
    ...outputs.map(output => field(5, output)),
    ...nodes.map(fixture => field(7, node(fixture))),
    field(10, 'own'),
  );
}

/** @param inputs names, a blank between them */
export function nodeFixture(op: string, inputs: string, output: string, more: Partial<NodeFixture> = {}): NodeFixture {
  return { op, inputs: inputs.split(' '), outputs: [output], ...more };
}

/** Nodes are named by their operators. */
export function modelBytes({
  input = ['N', 2, 5, 5],
  nodes,
  tensors = [],
  outputs = ['y'],
  functions = [],
}: ModelFixture): Uint8Array {
  const graph = {
    nodes: nodes.map(fixture => node({ name: `the_${fixture.op}`, ...fixture })),
    tensors,
    more: [field(11, info('x', input)), ...outputs.map(output => field(12, info(output, ['N', 3])))],
  };
  return model(graph, ...functions.map(one => field(25, one)));
}

export const target = { inputShape: [5, 5, 2], classes: 3, loss: 'cross-entropy' } as const;
export const image = drawn(2 * 5 * 5);
/** [2, 5, 5] → [5, 5, 2] */
export const channelsLast = Float32Array.from(image, (_, i) => image[(i % 2) * 25 + Math.floor(i / 2)]!);

/** Convolution as ONNX defines it, on one image [channels, size, size], with one row and column of padding on each side. */
export function convolution(
  x: readonly number[],
  size: number,
  w: readonly number[],
  [filters, inputs]: readonly number[],
  stride: number,
  groups: number,
): number[] {
  const output = Math.floor((size + 2 - 3) / stride) + 1;
  const y: number[] = [];
  for (let f = 0; f < filters!; f++) {
    const from = Math.floor(f / (filters! / groups)) * inputs!;
    for (let r = 0; r < output; r++) {
      for (let c = 0; c < output; c++) {
        let sum = 0;
        for (let i = 0; i < inputs!; i++) {
          for (let k = 0; k < 9; k++) {
            const [row, column] = [r * stride + Math.floor(k / 3) - 1, c * stride + (k % 3) - 1];
            const inside = row >= 0 && row < size && column >= 0 && column < size;
            if (inside) sum += x[((from + i) * size + row) * size + column]! * w[(f * inputs! + i) * 9 + k]!;
          }
        }
        y.push(sum);
      }
    }
  }
  return y;
}

export const gemm = (x: readonly number[], w: readonly number[], bias: readonly number[]): number[] =>
  bias.map((b, o) => x.reduce((sum, value, i) => sum + value * w[o * x.length + i]!, b));

/** x → a, four channels of 3×3 pixels. */
export const conv = (more: Partial<NodeFixture> = {}): NodeFixture => ({
  op: 'Conv',
  inputs: ['x', 'conv.weight'],
  outputs: ['a'],
  attributes: { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] },
  ...more,
});
const kernel = drawn(4 * 2 * 9);
export const head = drawn(3 * 36);
export const headBias = drawn(3);
/** b → y */
export const ending: readonly NodeFixture[] = [
  { op: 'Flatten', inputs: ['b'], outputs: ['c'] },
  { op: 'Gemm', inputs: ['c', 'fc.weight', 'fc.bias'], outputs: ['y'], attributes: { transB: 1 } },
];
export const weights = [
  floats('conv.weight', [4, 2, 3, 3], kernel),
  floats('fc.weight', [3, 36], head),
  floats('fc.bias', [3], headBias),
];
/** a */
export const convolved = convolution(image, 5, kernel, [4, 2], 2, 1);
