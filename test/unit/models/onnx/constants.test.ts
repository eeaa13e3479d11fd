import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../../src/models/load';
import { fileWeights } from '../../../../src/models/weights';
import { lowerModel } from '../../../../src/training/plan/lower';
import { largestDifference, logitsOf } from '../../../support/modelLogits';
import { int32Data, tensor, tensorAttribute, types } from '../../../support/onnx';
import { onnxFolder } from '../../../support/onnxFolder';
import {
  channelsLast,
  conv,
  convolution,
  convolved,
  drawn,
  ending,
  floatAttribute,
  floats,
  gemm,
  head,
  headBias,
  image,
  ints,
  nodeFixture,
  target,
  weights,
  type ModelFixture,
} from '../../../support/onnxNetworks';

const { folder, logits, write } = onnxFolder();
const kindsOf = async (fixture: ModelFixture): Promise<string[]> =>
  lowerModel(await loadModel(write(fixture), folder), target).ops.map(({ kind }) => kind);

const perFilter = drawn(4);
const factor = drawn(4);
const byFilter = [floats('add', [1, 4, 1, 1], perFilter), floats('times', [4, 1, 1], factor)];

describe('constants in an ONNX model', () => {
  it('behind a convolution go into its weights, one for each channel', async () => {
    const fixture = {
      nodes: [
        conv(),
        nodeFixture('Mul', 'a times', 'm'),
        nodeFixture('Add', 'm add', 's'),
        nodeFixture('Relu', 's', 'b'),
        ...ending,
      ],
      tensors: [...weights, ...byFilter],
    };
    const expected = convolved.map((x, i) => {
      const channel = Math.floor(i / 9);
      return Math.max(0, x * factor[channel]! + perFilter[channel]!);
    });
    expect(largestDifference(await logits(fixture), gemm(expected, head, headBias))).toBeLessThan(1e-5);
    expect(await kindsOf(fixture)).toEqual(['conv2d', 'activation', 'reshape', 'dense']);
  });

  it('behind one whose output another node takes too are refused: they would change that', async () => {
    const apart = [
      conv(),
      nodeFixture('Mul', 'a times', 'm'),
      nodeFixture('MaxPool', 'm', 'p', { attributes: { kernel_shape: [1, 1] } }),
      nodeFixture('Add', 'p a', 'b'),
      ...ending,
    ];
    await expect(loadModel(write({ nodes: apart, tensors: [...weights, ...byFilter] }), folder)).rejects.toThrow(
      /node "the_Mul" \(Mul\) scales or shifts by constants what no layer with weights makes/,
    );
  });

  it('at the start are no layer, but a rescaling of the data', async () => {
    const fixture = {
      nodes: [
        nodeFixture('Sub', 'x mean', 'u'),
        nodeFixture('Div', 'u std', 'v'),
        conv({ inputs: ['v', 'conv.weight'], outputs: ['b'] }),
        ...ending,
      ],
      tensors: [...weights, floats('mean', [1, 2, 1, 1], [0.5, -1]), floats('std', [2, 1, 1], [0.25, 2])],
    };
    const { rescaling } = lowerModel(await loadModel(write(fixture), folder), target);
    expect(rescaling!.scale).toEqual([4, 0.5]);
    expect(rescaling!.offset).toEqual([-2, 0.5]);
  });

  it('behind an activation go into the layer that takes it', async () => {
    const kernel = drawn(3 * 2 * 3 * 3);
    const fc = drawn(3 * 3);
    const fixture = {
      nodes: [
        nodeFixture('Conv', 'x conv.weight', 'a', { attributes: { pads: [1, 1, 1, 1] } }),
        nodeFixture('Tanh', 'a', 't'),
        nodeFixture('Mul', 't two', 'u'),
        nodeFixture('Conv', 'u point.weight', 'b'),
        nodeFixture('GlobalAveragePool', 'b', 'p'),
        nodeFixture('Flatten', 'p', 'y'),
      ],
      tensors: [
        floats('conv.weight', [3, 2, 3, 3], kernel),
        floats('point.weight', [3, 3, 1, 1], fc),
        floats('two', [3, 1, 1], [2, 3, 4]),
      ],
    };
    const hidden = convolution(image, 5, kernel, [3, 2], 1, 1).map((x, i) => Math.tanh(x) * (2 + Math.floor(i / 25)));
    const means = [0, 1, 2].map(c => hidden.slice(25 * c, 25 * (c + 1)).reduce((a, b) => a + b, 0) / 25);
    expect(largestDifference(await logits(fixture), gemm(means, fc, [0, 0, 0]))).toBeLessThan(1e-5);
  });

  it('that are added before zeros go around an image are refused, since those come after', async () => {
    const nodes = [
      nodeFixture('Relu', 'x', 'r'),
      nodeFixture('Add', 'r one', 'u'),
      conv({ inputs: ['u', 'conv.weight'], outputs: ['b'] }),
      ...ending,
    ];
    await expect(loadModel(write({ nodes, tensors: [...weights, floats('one', [], [1])] }), folder)).rejects.toThrow(
      /node "the_Conv" \(Conv\) pads what constants are added to before it/,
    );
  });

  it('alpha and beta of Gemm go into its weights', async () => {
    const fixture = {
      nodes: [
        conv({ outputs: ['b'] }),
        ending[0]!,
        nodeFixture('Gemm', 'c fc.weight fc.bias', 'y', {
          attributes: { transB: 1 },
          more: [floatAttribute('alpha', 0.5), floatAttribute('beta', 2)],
        }),
      ],
      tensors: weights,
    };
    const expected = gemm(convolved, head, [0, 0, 0]).map((value, i) => value / 2 + 2 * headBias[i]!);
    expect(largestDifference(await logits(fixture), expected)).toBeLessThan(1e-5);
  });

  it('may be the scales of quantised weights, by channel', async () => {
    const stored = Array.from({ length: 4 * 2 * 9 }, (_, i) => ((i * 37) % 256) - 128);
    const scales = [0.01, 0.02, 0.03, 0.04];
    const fixture = {
      nodes: [
        nodeFixture('DequantizeLinear', 'w s z', 'conv.weight', { attributes: { axis: 0 } }),
        conv({ outputs: ['b'] }),
        ...ending,
      ],
      tensors: [
        ...weights.slice(1),
        tensor({ name: 'w', dims: [4, 2, 3, 3], type: types.int8, more: [int32Data(...stored)] }),
        floats('s', [4], scales),
        tensor({ name: 'z', dims: [4], type: types.int8, more: [int32Data(0, 1, -2, 3)] }),
      ],
    };
    const kernel = stored.map((value, i) => {
      const filter = Math.floor(i / 18);
      return (value - [0, 1, -2, 3][filter]!) * scales[filter]!;
    });
    const expected = gemm(convolution(image, 5, kernel, [4, 2], 2, 1), head, headBias);
    expect(largestDifference(await logits(fixture), expected)).toBeLessThan(1e-4);
  });

  it('of weight normalisation are worked out: g · v / ‖v‖', async () => {
    const [v, g] = [drawn(3 * 36), [0.5, 1, 2]];
    const fixture = {
      nodes: [
        conv({ outputs: ['b'] }),
        ending[0]!,
        nodeFixture('ReduceL2', 'v', 'n', { attributes: { axes: [1], keepdims: 1 } }),
        nodeFixture('Div', 'v n', 'd'),
        nodeFixture('Mul', 'd g', 'w'),
        nodeFixture('Gemm', 'c w', 'y', { attributes: { transB: 1 } }),
      ],
      tensors: [...weights, floats('v', [3, 36], v), floats('g', [3, 1], g)],
    };
    const w = v.map((value, i) => {
      const row = Math.floor(i / 36);
      return (g[row]! * value) / Math.hypot(...v.slice(36 * row, 36 * (row + 1)));
    });
    expect(largestDifference(await logits(fixture), gemm(convolved, w, [0, 0, 0]))).toBeLessThan(1e-5);
  });

  it('of pads are worked out as torch.onnx.export leaves them', async () => {
    // [left, right, top, bottom] and four zeros, in pairs from the last axis on → [0, 0, top, left, 0, 0, bottom, right]
    const fixture = {
      nodes: [
        nodeFixture('ConstantOfShape', 'four', 'zeros', {
          more: [tensorAttribute('value', tensor({ dims: [1], type: types.int64, raw: new Uint8Array(8) }))],
        }),
        nodeFixture('Concat', 'given zeros', 'all', { attributes: { axis: 0 } }),
        nodeFixture('Reshape', 'all pairs', 'p'),
        nodeFixture('Slice', 'p last first axis back', 'turned'),
        nodeFixture('Transpose', 'turned', 't', { attributes: { perm: [1, 0] } }),
        nodeFixture('Reshape', 't flat', 'l'),
        nodeFixture('Cast', 'l', 'pads', { attributes: { to: 7 } }),
        nodeFixture('Pad', 'x pads', 'padded'),
        nodeFixture('Conv', 'padded conv.weight', 'b', { attributes: { strides: [2, 2] } }),
        ...ending,
      ],
      tensors: [
        ...weights,
        ints('four', 4),
        ints('given', 1, 1, 1, 1),
        ints('pairs', -1, 2),
        ints('last', -1),
        ints('first', -(2 ** 53)),
        ints('axis', 0),
        ints('back', -1),
        ints('flat', -1),
      ],
    };
    expect(largestDifference(await logits(fixture), gemm(convolved, head, headBias))).toBeLessThan(1e-5);
  });

  it('that others share are not changed for them', async () => {
    const nodes = [
      conv({ outputs: ['a'] }),
      nodeFixture('Mul', 'a two', 'm'),
      nodeFixture('Conv', 'x conv.weight', 'd', { name: 'other', attributes: { pads: [1, 1, 1, 1], strides: [2, 2] } }),
      nodeFixture('Add', 'm d', 'b'),
      ...ending,
    ];
    const name = write({ nodes, tensors: [...weights, floats('two', [], [2])] });
    const expected = convolved.map(x => 3 * x);
    const got = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(got, gemm(expected, head, headBias))).toBeLessThan(1e-5);
    const loaded = await loadModel(name, folder);
    const plan = lowerModel(loaded, target);
    const kernels = fileWeights(plan, loaded).filter((_, i) => plan.parameters[i]!.shape.length === 4);
    expect(kernels[0]!.map(value => value / 2)).toEqual(kernels[1]);
  });
});
