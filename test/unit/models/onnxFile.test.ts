import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/models/load';
import { ExperimentError } from '../../../src/shared/experiment';
import { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import {
  expectedLogits,
  firstTestImage,
  largestDifference,
  logitsOf,
  mnistTarget,
  realCheckpoints,
  realModels,
} from '../../support/modelLogits';
import { field, float32, int64Data, message, model, node, tensor, types, type NodeFixture } from '../../support/onnx';

const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-onnx-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

const random = new Random(5, 'onnx');
const drawn = (count: number): number[] => Array.from({ length: count }, () => random.nextFloat() * 2 - 1);
const floats = (name: string, dims: readonly number[], values: readonly number[]): Uint8Array =>
  tensor({ name, dims, raw: float32(...values) });
const ints = (name: string, ...values: readonly number[]): Uint8Array =>
  tensor({ name, dims: [values.length], type: types.int64, more: [int64Data(...values.map(BigInt))] });
const floatAttribute = (name: string, value: number): Uint8Array =>
  field(5, message(field(1, name), new BinaryWriter().tag(2, WireType.Bit32).float(value).finish()));
const textAttribute = (name: string, value: string): Uint8Array => field(5, message(field(1, name), field(4, value)));
const info = (name: string, dims: readonly (number | string)[]): Uint8Array => {
  const sizes = dims.map(size => field(1, message(field(typeof size === 'number' ? 1 : 2, size))));
  return message(field(1, name), field(2, message(field(1, message(field(1, 1), field(2, message(...sizes)))))));
};

interface Fixture {
  readonly input?: readonly (number | string)[];
  readonly nodes: readonly NodeFixture[];
  readonly tensors?: readonly Uint8Array[];
  readonly outputs?: readonly string[];
}

let files = 0;
/** Nodes are named by their operators; the output of each is the input of the next where it names none. */
function written({ input = ['N', 2, 5, 5], nodes, tensors = [], outputs = ['y'] }: Fixture): string {
  const bytes = model({
    nodes: nodes.map(fixture => node({ name: `the_${fixture.op}`, ...fixture })),
    tensors,
    more: [field(11, info('x', input)), ...outputs.map(output => field(12, info(output, ['N', 3])))],
  });
  const name = `model${files++}.onnx`;
  writeFileSync(path.join(folder, name), bytes);
  return name;
}

const target = { inputShape: [5, 5, 2], classes: 3, loss: 'cross-entropy' } as const;
const image = drawn(2 * 5 * 5);
/** [2, 5, 5] → [5, 5, 2] */
const channelsLast = Float32Array.from(image, (_, i) => image[(i % 2) * 25 + Math.floor(i / 2)]!);

/** Convolution as ONNX defines it, on one image [channels, size, size], with one row and column of padding on each side. */
function convolution(
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

const gemm = (x: readonly number[], w: readonly number[], bias: readonly number[]): number[] =>
  bias.map((b, o) => x.reduce((sum, value, i) => sum + value * w[o * x.length + i]!, b));

const conv = (more: Partial<NodeFixture> = {}): NodeFixture => ({
  op: 'Conv',
  inputs: ['x', 'conv.weight'],
  outputs: ['a'],
  attributes: { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] },
  ...more,
});
const kernel = drawn(4 * 2 * 9);
const head = drawn(3 * 36);
const headBias = drawn(3);
const ending: readonly NodeFixture[] = [
  { op: 'Flatten', inputs: ['b'], outputs: ['c'] },
  { op: 'Gemm', inputs: ['c', 'fc.weight', 'fc.bias'], outputs: ['y'], attributes: { transB: 1 } },
];
const weights = [
  floats('conv.weight', [4, 2, 3, 3], kernel),
  floats('fc.weight', [3, 36], head),
  floats('fc.bias', [3], headBias),
];
const convolved = convolution(image, 5, kernel, [4, 2], 2, 1);

describe('an ONNX model', () => {
  it('of images means the same with channels last: kernels, bias, batch normalisation, and the layer behind Flatten', async () => {
    const [gamma, beta, mean, variance] = [drawn(4), drawn(4), drawn(4), drawn(4).map(v => v * v + 0.1)];
    const name = written({
      nodes: [
        conv(),
        {
          op: 'BatchNormalization',
          inputs: ['a', 'bn.weight', 'bn.bias', 'bn.mean', 'bn.var'],
          outputs: ['n'],
          more: [floatAttribute('epsilon', 0.001)],
        },
        { op: 'LeakyRelu', inputs: ['n'], outputs: ['b'], more: [floatAttribute('alpha', 0.25)] },
        ...ending,
      ],
      tensors: [
        ...weights,
        ...[gamma, beta, mean, variance].map((v, i) =>
          floats(['bn.weight', 'bn.bias', 'bn.mean', 'bn.var'][i]!, [4], v),
        ),
      ],
    });
    const normalised = convolved.map((v, i) => {
      const c = Math.floor(i / 9);
      const n = ((v - mean[c]!) / Math.sqrt(variance[c]! + 0.001)) * gamma[c]! + beta[c]!;
      return n < 0 ? 0.25 * n : n;
    });
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(normalised, head, headBias))).toBeLessThan(1e-5);
    const loaded = await loadModel(name, folder);
    expect([...loaded.weights!.keys()]).toEqual(
      expect.arrayContaining(['conv/kernel', 'bn/moving_variance', 'fc/kernel', 'fc/bias']),
    );
  });

  it('may have groups, a bias as an Add, and dense layers as MatMul', async () => {
    const grouped = drawn(4 * 9);
    const perFilter = drawn(4);
    const turned = Array.from({ length: 108 }, (_, i) => head[(i % 3) * 36 + Math.floor(i / 3)]!);
    const name = written({
      nodes: [
        conv({ attributes: { pads: [1, 1, 1, 1], strides: [2, 2], group: 2 } }),
        { op: 'Add', inputs: ['a', 'bias'], outputs: ['b'] },
        { op: 'Reshape', inputs: ['b', 'shape'], outputs: ['c'] },
        { op: 'MatMul', inputs: ['c', 'w'], outputs: ['m'] },
        { op: 'Add', inputs: ['v', 'm'], outputs: ['l'] },
        { op: 'LogSoftmax', inputs: ['l'], outputs: ['y'] },
      ],
      tensors: [
        floats('conv.weight', [4, 1, 3, 3], grouped),
        floats('bias', [4, 1, 1], perFilter),
        ints('shape', -1, 36),
        floats('w', [36, 3], turned),
        floats('v', [3], headBias),
      ],
    });
    const x = convolution(image, 5, grouped, [4, 1], 2, 2).map((v, i) => v + perFilter[Math.floor(i / 9)]!);
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(x, head, headBias))).toBeLessThan(1e-5);
  });

  it('may take images with channels last and turn them itself, as exports of Keras do', async () => {
    const name = written({
      input: ['N', 5, 5, 2],
      nodes: [
        { op: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [0, 3, 1, 2] } },
        conv({ inputs: ['t', 'conv.weight'] }),
        { op: 'Transpose', inputs: ['a'], outputs: ['b'], attributes: { perm: [0, 2, 3, 1] } },
        ...ending,
      ],
      tensors: weights,
    });
    const last = Array.from({ length: 36 }, (_, i) => convolved[(i % 4) * 9 + Math.floor(i / 4)]!);
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(last, head, headBias))).toBeLessThan(1e-5);
  });

  it('may be residual, take the batch from its input’s shape, and average over height and width', async () => {
    const [same, fc] = [drawn(2 * 2 * 9), drawn(6)];
    const name = written({
      nodes: [
        conv({ attributes: { pads: [1, 1, 1, 1] } }),
        { op: 'Add', inputs: ['x', 'a'], outputs: ['s'] },
        { op: 'Relu', inputs: ['s'], outputs: ['r'] },
        { op: 'ReduceMean', inputs: ['r'], outputs: ['p'], attributes: { axes: [-1, -2], keepdims: 1 } },
        { op: 'Shape', inputs: ['x'], outputs: ['d'] },
        { op: 'Gather', inputs: ['d', 'zero'], outputs: ['n'] },
        { op: 'Concat', inputs: ['n', 'rest'], outputs: ['shape'], attributes: { axis: 0 } },
        { op: 'Reshape', inputs: ['p', 'shape'], outputs: ['c'] },
        { op: 'Gemm', inputs: ['c', 'fc.weight'], outputs: ['y'], attributes: { transB: 1 } },
      ],
      tensors: [
        floats('conv.weight', [2, 2, 3, 3], same),
        ints('zero', 0),
        ints('rest', -1),
        floats('fc.weight', [3, 2], fc),
      ],
    });
    const sum = convolution(image, 5, same, [2, 2], 1, 1).map((v, i) => Math.max(0, v + image[i]!));
    const pooled = [0, 1].map(c => sum.slice(25 * c, 25 * (c + 1)).reduce((a, b) => a + b, 0) / 25);
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(pooled, fc, [0, 0, 0]))).toBeLessThan(1e-5);
  });

  it.each<[string, readonly NodeFixture[], readonly Uint8Array[], string]>([
    [
      'Clip to 6',
      [{ op: 'Clip', inputs: ['a', 'low', 'high'], outputs: ['b'] }],
      [floats('low', [], [0]), floats('high', [], [6])],
      'relu6',
    ],
    ['Elu', [{ op: 'Elu', inputs: ['a'], outputs: ['b'] }], [], 'elu'],
    ['Selu', [{ op: 'Selu', inputs: ['a'], outputs: ['b'] }], [], 'selu'],
    ['Gelu', [{ op: 'Gelu', inputs: ['a'], outputs: ['b'] }], [], 'gelu'],
    [
      'Gelu by tanh',
      [{ op: 'Gelu', inputs: ['a'], outputs: ['b'], more: [textAttribute('approximate', 'tanh')] }],
      [],
      'gelu-tanh',
    ],
    ['Sigmoid', [{ op: 'Sigmoid', inputs: ['a'], outputs: ['b'] }], [], 'sigmoid'],
    ['Tanh', [{ op: 'Tanh', inputs: ['a'], outputs: ['b'] }], [], 'tanh'],
    ['HardSwish', [{ op: 'HardSwish', inputs: ['a'], outputs: ['b'] }], [], 'hard-swish'],
    [
      'x · Sigmoid(x)',
      [
        { op: 'Sigmoid', inputs: ['a'], outputs: ['g'] },
        { op: 'Mul', inputs: ['a', 'g'], outputs: ['b'] },
      ],
      [],
      'swish',
    ],
  ])('%s becomes the activation it is', async (_, nodes, tensors, activation) => {
    const name = written({ nodes: [conv(), ...nodes, ...ending], tensors: [...weights, ...tensors] });
    const { ops } = lowerModel(await loadModel(name, folder), target);
    expect(ops.map(op => (op.kind === 'activation' ? op.activation : op.kind))).toEqual([
      'conv2d',
      activation,
      'reshape',
      'dense',
    ]);
  });

  it.each<[string, Fixture, RegExp]>([
    [
      'an operator it does not know',
      { nodes: [{ op: 'LSTM', inputs: ['x'], outputs: ['y'] }] },
      /node "the_LSTM" \(LSTM\) is an operator that is not converted; build the model of Conv/,
    ],
    [
      'operators of others',
      { nodes: [{ op: 'Conv', inputs: ['x'], outputs: ['y'], domain: 'mine' }] },
      /is an operator of "mine"/,
    ],
    [
      'a kernel that is computed',
      { nodes: [conv({ inputs: ['x', 'x'] })] },
      /node "the_Conv" \(Conv\) computes its input "x"/,
    ],
    [
      'kernels for other channels',
      { nodes: [conv()], tensors: [floats('conv.weight', [1, 3, 3, 3], drawn(27))] },
      /kernels for 3 channels, but gets 2/,
    ],
    [
      'a constant to scale by',
      { nodes: [conv(), { op: 'Mul', inputs: ['a', 'fc.bias'], outputs: ['y'] }], tensors: weights },
      /node "the_Mul" \(Mul\) multiplies; only/,
    ],
    [
      'images of any size',
      { input: ['N', 2, 'H', 'W'], nodes: [conv()] },
      /takes "x" of shape \[\?, 2, \?, \?\]; export it for images of a fixed size/,
    ],
    [
      'two outputs',
      { nodes: [conv()], tensors: weights, outputs: ['a', 'b'] },
      /has the outputs "a", "b"; only models with one/,
    ],
    ['an output that nothing makes', { nodes: [], outputs: ['q'] }, /makes nothing called "q"/],
    [
      'weights that are cut',
      { nodes: [conv()], tensors: [tensor({ name: 'conv.weight', dims: [4, 2, 3, 3], raw: float32(1) })] },
      /holds "conv\.weight", which cannot be read/,
    ],
    [
      'weights beyond bounds',
      { nodes: [conv()], tensors: [tensor({ name: 'conv.weight', dims: [2 ** 20, 2 ** 20, 3, 3] })] },
      /conv\.weight/,
    ],
    [
      'pads of a pool that are behind no ReLU',
      {
        nodes: [
          {
            op: 'MaxPool',
            inputs: ['x'],
            outputs: ['y'],
            attributes: { kernel_shape: [3, 3], pads: [0, 0, 2, 2], strides: [2, 2] },
          },
        ],
      },
      /node "the_MaxPool" \(MaxPool\) has pads that are neither/,
    ],
  ])('with %s is refused, naming the node', async (_, fixture, reason) => {
    const error: unknown = await loadModel(written(fixture), folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ field: 'model', reason: expect.stringMatching(reason) });
    expect((error as ExperimentError).reason).toContain('.onnx');
  });

  it('that is none, or cut short, is refused', async () => {
    const whole = model({ nodes: [node(conv())], tensors: weights });
    for (const bytes of [whole.slice(0, 200), Buffer.from('no model at all, but a text'), Buffer.alloc(100, 0xff)]) {
      writeFileSync(path.join(folder, 'bad.onnx'), bytes);
      await expect(loadModel('bad.onnx', folder)).rejects.toThrow(ExperimentError);
      await expect(loadModel('bad.onnx', folder)).rejects.toThrow(/bad\.onnx/);
    }
  });
});

describe.skipIf(realModels === null)('net.onnx in ../shared/data (skipped where it is absent)', () => {
  it('gives the logits that PyTorch computed', async () => {
    const logits = await logitsOf(realModels!, 'net.onnx', await firstTestImage(), mnistTarget);
    expect(largestDifference(logits, expectedLogits())).toBeLessThan(1e-4);
  });
});

describe.skipIf(realCheckpoints === null)('mnist.onnx of MNISTWeb (skipped where it is absent)', () => {
  it('is read with its weights', async () => {
    const loaded = await loadModel('mnistweb/mnist.onnx', realCheckpoints!);
    expect(lowerModel(loaded, mnistTarget).parameters.length).toBeGreaterThan(0);
  });
});
