import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../../src/models/load';
import { largestDifference, logitsOf } from '../../../support/modelLogits';
import type { NodeFixture } from '../../../support/onnx';
import { onnxFolder } from '../../../support/onnxFolder';
import {
  attributeReference,
  conv,
  convolved,
  drawn,
  ending,
  floats,
  functionOf,
  gemm,
  head,
  headBias,
  image,
  ints,
  nodeFixture,
  target,
  weights,
} from '../../../support/onnxNetworks';

const { folder, logits, write } = onnxFolder();
/** Value at [channel, row, column] of the image, `otherwise` beyond its edge. */
const at = (c: number, row: number, column: number, otherwise: number): number =>
  row < 0 || column < 0 || row > 4 || column > 4 ? otherwise : image[(c * 5 + row) * 5 + column]!;
const fc = drawn(3 * 18);
const flat = [nodeFixture('Flatten', 'b', 'c'), nodeFixture('Gemm', 'c w', 'y', { attributes: { transB: 1 } })];

/** Windows of 3×3 on the image from (−1, −1) on every `stride`, [2, size, size]. */
function windows(size: number, stride: number, otherwise: number, f: (values: number[]) => number): number[] {
  return Array.from({ length: 2 * size * size }, (_, i) => {
    const [c, r, k] = [Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size];
    return f(
      Array.from({ length: 9 }, (_, j) =>
        at(c, stride * r + Math.floor(j / 3) - 1, stride * k + (j % 3) - 1, otherwise),
      ),
    );
  });
}
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('windows and shapes of ONNX', () => {
  const window = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] };
  it.each<[string, NodeFixture, number[]]>([
    [
      'a maximum does not see its padding',
      nodeFixture('MaxPool', 'x', 'b', { attributes: window }),
      windows(3, 2, -Infinity, values => Math.max(...values)),
    ],
    [
      'a mean leaves its padding out',
      nodeFixture('AveragePool', 'x', 'b', { attributes: window }),
      windows(3, 2, NaN, values => mean(values.filter(value => !Number.isNaN(value)))),
    ],
    [
      'or counts it',
      nodeFixture('AveragePool', 'x', 'b', { attributes: { ...window, count_include_pad: 1 } }),
      windows(3, 2, 0, mean),
    ],
    [
      'ceil_mode takes the last window that begins on the image',
      nodeFixture('MaxPool', 'x', 'b', { attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 } }),
      Array.from({ length: 18 }, (_, i) => {
        const [c, r, k] = [Math.floor(i / 9), 2 * (Math.floor(i / 3) % 3), 2 * (i % 3)];
        return Math.max(...[0, 1, 2, 3].map(j => at(c, r + (j >> 1), k + (j & 1), -Infinity)));
      }),
    ],
    [
      'every second pixel may be cut out',
      nodeFixture('Slice', 'x starts ends axes steps', 'b'),
      Array.from({ length: 18 }, (_, i) => at(Math.floor(i / 9), 2 * (Math.floor(i / 3) % 3), 2 * (i % 3), NaN)),
    ],
  ])('%s', async (_, op, expected) => {
    const tensors = [
      floats('w', [3, 18], fc),
      ints('starts', 0, 0),
      ints('ends', 2 ** 53, 5),
      ints('axes', 2, -1),
      ints('steps', 2, 2),
    ];
    expect(
      largestDifference(await logits({ nodes: [op, ...flat], tensors }), gemm(expected, fc, [0, 0, 0])),
    ).toBeLessThan(1e-5);
  });

  it('channels may be padded by zeros', async () => {
    const w = drawn(3 * 5 * 25);
    const fixture = {
      nodes: [nodeFixture('Pad', 'x pads', 'b'), ...flat],
      tensors: [floats('w', [3, 125], w), ints('pads', 0, 1, 0, 0, 0, 2, 0, 0)],
    };
    const zeros = (count: number): number[] => new Array<number>(count * 25).fill(0);
    expect(
      largestDifference(await logits(fixture), gemm([...zeros(1), ...image, ...zeros(2)], w, [0, 0, 0])),
    ).toBeLessThan(1e-5);
  });

  it('pixels may be one axis, and their mean or maximum taken', async () => {
    const w = drawn(3 * 2);
    for (const [op, f] of [
      ['ReduceMean', mean],
      ['ReduceMax', (values: readonly number[]) => Math.max(...values)],
    ] as const) {
      const fixture = {
        nodes: [
          nodeFixture('Reshape', 'x shape', 'r'),
          nodeFixture(op, 'r axis', 'm', { attributes: { keepdims: 0 } }),
          nodeFixture('Gemm', 'm w', 'y', { attributes: { transB: 1 } }),
        ],
        tensors: [floats('w', [3, 2], w), ints('shape', 0, 2, -1), ints('axis', -1)],
      };
      const expected = [image.slice(0, 25), image.slice(25)].map(f);
      expect(largestDifference(await logits(fixture), gemm(expected, w, [0, 0, 0]))).toBeLessThan(1e-5);
    }
  });

  it('grey images without channels are given one', async () => {
    const w = drawn(3 * 9);
    const grey = drawn(9);
    const name = write({
      input: ['N', 3, 3],
      nodes: [
        nodeFixture('Unsqueeze', 'x one', 'u'),
        nodeFixture('MaxPool', 'u', 'b', { attributes: { kernel_shape: [1, 1] } }),
        ...flat,
      ],
      tensors: [floats('w', [3, 9], w), ints('one', 1)],
    });
    const got = await logitsOf(folder, name, Float32Array.from(grey), { ...target, inputShape: [3, 3, 1] });
    expect(largestDifference(got, gemm(grey, w, [0, 0, 0]))).toBeLessThan(1e-5);
  });

  it('pixels may be normalised and multiplied with their channels last', async () => {
    const [gamma, beta, point, w] = [drawn(2), drawn(2), drawn(2 * 3), drawn(3 * 75)];
    const fixture = {
      nodes: [
        nodeFixture('Transpose', 'x', 't', { attributes: { perm: [0, 2, 3, 1] } }),
        nodeFixture('LayerNormalization', 't gamma beta', 'n', { attributes: { axis: -1 } }),
        nodeFixture('MatMul', 'n point', 'p'),
        nodeFixture('Transpose', 'p', 'b', { attributes: { perm: [0, 3, 1, 2] } }),
        ...flat,
      ],
      tensors: [
        floats('gamma', [2], gamma),
        floats('beta', [2], beta),
        floats('point', [2, 3], point),
        floats('w', [3, 75], w),
      ],
    };
    const expected = Array.from({ length: 75 }, (_, i) => {
      const pixel = [image[i % 25]!, image[25 + (i % 25)]!];
      const m = mean(pixel);
      const std = Math.sqrt(mean(pixel.map(x => (x - m) ** 2)) + 1e-5);
      const normal = pixel.map((x, c) => ((x - m) / std) * gamma[c]! + beta[c]!);
      return normal[0]! * point[Math.floor(i / 25)]! + normal[1]! * point[3 + Math.floor(i / 25)]!;
    });
    expect(largestDifference(await logits(fixture), gemm(expected, w, [0, 0, 0]))).toBeLessThan(1e-4);
  });
});

describe('functions of an ONNX model', () => {
  const call = (op: string, inputs: string, output: string, more: Partial<NodeFixture> = {}): NodeFixture =>
    nodeFixture(op, inputs, output, { domain: 'own', ...more });
  const block = functionOf({
    name: 'Block',
    inputs: ['v', 'k'],
    outputs: ['o'],
    nodes: [
      nodeFixture('Conv', 'v k', 'h', {
        more: [attributeReference('strides', 'stride')],
        attributes: { pads: [1, 1, 1, 1] },
      }),
      call('Act', 'h', 'o'),
    ],
  });
  const act = functionOf({ name: 'Act', inputs: ['h'], outputs: ['r'], nodes: [nodeFixture('Tanh', 'h', 'r')] });

  it('are put where they are called, with their attributes, one in another', async () => {
    const fixture = {
      nodes: [call('Block', 'x conv.weight', 'b', { attributes: { stride: [2, 2] } }), ...ending],
      tensors: weights,
      functions: [block, act],
    };
    expect(largestDifference(await logits(fixture), gemm(convolved.map(Math.tanh), head, headBias))).toBeLessThan(1e-5);
  });

  it('may be called twice: their values do not meet', async () => {
    const fixture = {
      nodes: [
        call('Block', 'x conv.weight', 'b1', { name: 'one', attributes: { stride: [2, 2] } }),
        call('Block', 'x conv.weight', 'b2', { name: 'two', attributes: { stride: [2, 2] } }),
        nodeFixture('Add', 'b1 b2', 'b'),
        ...ending,
      ],
      tensors: weights,
      functions: [block, act],
    };
    const expected = convolved.map(x => 2 * Math.tanh(x));
    expect(largestDifference(await logits(fixture), gemm(expected, head, headBias))).toBeLessThan(1e-5);
  });

  it('have names of their own, whatever those around them are called', async () => {
    const own = functionOf({
      name: 'Own',
      inputs: ['x'],
      outputs: ['b'],
      nodes: [nodeFixture('Tanh', 'x', 'a'), nodeFixture('Sigmoid', 'a', 'b')],
    });
    const fixture = {
      nodes: [conv(), call('Own', 'a', 's'), nodeFixture('Add', 'a s', 'b'), ...ending],
      tensors: weights,
      functions: [own],
    };
    const expected = convolved.map(x => x + 1 / (1 + Math.exp(-Math.tanh(x))));
    expect(largestDifference(await logits(fixture), gemm(expected, head, headBias))).toBeLessThan(1e-5);
  });

  it('that call themselves, or too many, are refused', async () => {
    const endless = functionOf({ name: 'Endless', inputs: ['v'], outputs: ['o'], nodes: [call('Endless', 'v', 'o')] });
    const self = write({ nodes: [call('Endless', 'x', 'y')], functions: [endless] });
    await expect(loadModel(self, folder)).rejects.toThrow(/functions that call each other more than 32 deep/);
    const chain = Array.from({ length: 20 }, (_, i) =>
      functionOf({
        name: `F${i}`,
        inputs: ['v'],
        outputs: ['o'],
        nodes: i === 19 ? [nodeFixture('Relu', 'v', 'o')] : [call(`F${i + 1}`, 'v', 'm'), call(`F${i + 1}`, 'm', 'o')],
      }),
    );
    const many = write({
      nodes: [conv(), call('F0', 'a', 'b'), ...ending],
      tensors: weights,
      functions: chain,
    });
    await expect(loadModel(many, folder)).rejects.toThrow(/more than 20000/);
  });
});
