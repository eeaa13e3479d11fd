/** What a tensor of an ONNX model is, as the operators that use it tell. */
import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/shared/inspection';
import { openBytes, valuesOf } from '../../support/openBytes';
import {
  field,
  float32,
  graph,
  graphAttribute,
  int32Data,
  message,
  model,
  node,
  type NodeFixture,
  tensor,
  type TensorFixture,
  types,
} from '../../support/onnx';

const zeros = (dims: readonly number[]): Uint8Array =>
  new Uint8Array(4 * dims.reduce((count, size) => count * size, 1));
const floats = (name: string, ...dims: number[]): TensorFixture => ({ name, dims, raw: zeros(dims) });

async function opened(nodes: readonly NodeFixture[], tensors: readonly TensorFixture[]) {
  return openBytes(model({ nodes: nodes.map(node), tensors: tensors.map(tensor) }), 'm.onnx');
}

/** The tensor `t` as the input of one node. */
async function used(fixture: NodeFixture, ...dims: number[]): Promise<TensorInfo> {
  return (await opened([fixture], [floats('t', ...dims)])).tensors[0]!;
}

describe('kernels', () => {
  it.each<[string, NodeFixture, number[], number, number, string]>([
    ['Conv', { op: 'Conv', inputs: ['x', 't'] }, [8, 3, 3, 3], 0, 1, 'convolution'],
    ['depthwise', { op: 'Conv', inputs: ['x', 't'], attributes: { group: 8 } }, [8, 1, 3, 3], 0, 1, 'convolution'],
    ['one-dimensional', { op: 'Conv', inputs: ['x', 't'] }, [8, 3, 5], 0, 1, 'convolution'],
    ['ConvTranspose', { op: 'ConvTranspose', inputs: ['x', 't'] }, [8, 3, 2, 2], 1, 0, 'convolution'],
    ['Gemm', { op: 'Gemm', inputs: ['x', 't'] }, [3, 2], 1, 0, 'dense'],
    ['Gemm, transposed', { op: 'Gemm', inputs: ['x', 't'], attributes: { transB: 1 } }, [3, 2], 0, 1, 'dense'],
    ['Gemm, first', { op: 'Gemm', inputs: ['t', 'x'] }, [3, 2], 0, 1, 'dense'],
    ['MatMul', { op: 'MatMul', inputs: ['x', 't'] }, [3, 2], 1, 0, 'dense'],
    ['MatMul, stacked', { op: 'MatMul', inputs: ['x', 't'] }, [4, 3, 2], 2, 1, 'dense'],
    ['MatMul, first', { op: 'MatMul', inputs: ['t', 'x'] }, [3, 2], 0, 1, 'dense'],
    ['FusedMatMul', { op: 'FusedMatMul', inputs: ['x', 't'], domain: 'com.microsoft' }, [3, 2], 1, 0, 'dense'],
    ['Gather', { op: 'Gather', inputs: ['t', 'x'] }, [100, 8], 1, 0, 'embedding'],
    ['LSTM, W', { op: 'LSTM', inputs: ['x', 't'] }, [1, 32, 4], 1, 2, 'dense'],
    ['GRU, R', { op: 'GRU', inputs: ['x', 'w', 't'] }, [2, 24, 8], 1, 2, 'dense'],
  ])('of %s', async (_, fixture, dims, outputAxis, inputAxis, kind) => {
    expect(await used(fixture, ...dims)).toMatchObject({ prunable: true, role: 'weight', outputAxis, inputAxis, kind });
  });

  it('behind nodes that hand them on', async () => {
    const nodes = [
      { op: 'Identity', inputs: ['t'], outputs: ['a'] },
      { op: 'Cast', inputs: ['a'], outputs: ['b'] },
      { op: 'Transpose', inputs: ['b'], outputs: ['c'], attributes: { perm: [1, 0] } },
      { op: 'MatMul', inputs: ['x', 'c'], outputs: ['y'] },
    ];
    const { tensors } = await opened(nodes, [floats('t', 5, 3)]);
    expect(tensors).toMatchObject([{ prunable: true, outputAxis: 0, inputAxis: 1 }]);
  });

  it('in a subgraph and in a function', async () => {
    const inner = graph({ nodes: [node({ op: 'MatMul', inputs: ['x', 't'] })] });
    const loop = node({ op: 'Loop', inputs: [], more: [graphAttribute('body', inner)] });
    const body = node({ op: 'Gemm', inputs: ['p', 'q'], attributes: { transB: 1 } });
    const linear = message(field(1, 'Linear'), field(4, 'p'), field(4, 'q'), field(7, body), field(10, 'local'));
    const call = node({ op: 'Linear', inputs: ['x', 'u'], domain: 'local' });
    const content = { nodes: [loop, call], tensors: [tensor(floats('t', 5, 3)), tensor(floats('u', 4, 2))] };
    const { tensors } = await openBytes(model(content, field(25, linear)), 'm.onnx');
    expect(tensors).toMatchObject([
      { prunable: true, outputAxis: 1, inputAxis: 0 },
      { prunable: true, outputAxis: 0, inputAxis: 1 },
    ]);
  });

  it('are one tensor, though two nodes use it', async () => {
    const nodes = [
      { op: 'Gather', inputs: ['t', 'ids'] },
      { op: 'MatMul', inputs: ['x', 't'] },
    ];
    expect((await opened(nodes, [floats('t', 5, 3)])).tensors).toHaveLength(1);
  });
});

it.each<[string, NodeFixture, number[], string, string | null]>([
  ['bias of Conv', { op: 'Conv', inputs: ['x', 'w', 't'] }, [8], 'weight', 'bias'],
  ['bias of Gemm', { op: 'Gemm', inputs: ['x', 'w', 't'] }, [1, 8], 'weight', 'bias'],
  ['added behind MatMul', { op: 'Add', inputs: ['x', 't'] }, [8], 'weight', 'bias'],
  ['B of LSTM', { op: 'LSTM', inputs: ['x', 'w', 'r', 't'] }, [1, 64], 'weight', 'bias'],
  ['state of LSTM', { op: 'LSTM', inputs: ['x', 'w', 'r', 'b', '', 't'] }, [1, 2, 8], 'buffer', null],
  ['scale', { op: 'BatchNormalization', inputs: ['x', 't'] }, [8], 'weight', 'normalization'],
  ['mean', { op: 'BatchNormalization', inputs: ['x', 's', 'b', 't'] }, [8], 'buffer', null],
  ['variance', { op: 'BatchNormalization', inputs: ['x', 's', 'b', 'm', 't'] }, [8], 'buffer', null],
  ['of layers', { op: 'LayerNormalization', inputs: ['x', 't'] }, [4, 8], 'weight', 'normalization'],
  ['of instances', { op: 'InstanceNormalization', inputs: ['x', 's', 't'] }, [8], 'weight', 'normalization'],
  ['multiplied by channel', { op: 'Mul', inputs: ['x', 't'] }, [8, 1, 1], 'weight', 'normalization'],
  ['slope', { op: 'PRelu', inputs: ['x', 't'] }, [8, 1, 1], 'weight', 'normalization'],
  ['mask', { op: 'Where', inputs: ['c', 't', 'x'] }, [1, 1, 16, 16], 'buffer', null],
  ['scale of integers', { op: 'DequantizeLinear', inputs: ['x', 't'] }, [8], 'buffer', null],
])('what is no kernel: %s', async (_, fixture, dims, role, kind) => {
  expect(await used(fixture, ...dims)).toMatchObject({ prunable: false, role, kind });
});

it('shapes and axes count for nothing', async () => {
  const whole: TensorFixture = { name: 's', dims: [2, 2], type: types.int64, raw: new Uint8Array(32) };
  for (const op of ['Reshape', 'Mul', 'Add', 'Gather', 'MatMul']) {
    const { tensors } = await opened([{ op, inputs: op === 'Gather' ? ['s', 'x'] : ['x', 's'] }], [whole]);
    expect(tensors[0]).toMatchObject({ role: 'other', prunable: false });
  }
});

describe('names that an exporter made up', () => {
  const scopes = (list: string): Uint8Array =>
    field(9, message(field(1, 'pkg.torch.onnx.name_scopes'), field(2, list)));

  it.each<[string, NodeFixture, string, string]>([
    ['a module', { op: 'Conv', name: '/conv1/Conv', inputs: ['x', 't'] }, 'onnx::Conv_36', 'conv1.weight'],
    [
      'a list of modules',
      { op: 'Conv', name: '/layer1/layer1.0/conv1/Conv_1', inputs: ['x', 't'] },
      'onnx::Conv_36',
      'layer1.0.conv1.weight',
    ],
    ['the other layout', { op: 'MatMul', name: '/fc/MatMul', inputs: ['x', 't'] }, 'onnx::MatMul_7', 'fc.kernel'],
    [
      'scopes of dynamo',
      { op: 'MatMul', name: 'node_1', inputs: ['x', 't'], more: [scopes("['', 'mlp.fc1', 'linear']")] },
      'val_12',
      'mlp.fc1.kernel',
    ],
    ['a name that says nothing', { op: 'MatMul', name: 'MatMul_3', inputs: ['x', 't'] }, '123', '123'],
    ['a name of its own', { op: 'Conv', name: '/conv1/Conv', inputs: ['x', 't'] }, 'first.weight', 'first.weight'],
  ])('give way to %s', async (_, fixture, name, shown) => {
    const inputs = fixture.inputs.map(input => (input === 't' ? name : input));
    const dims = fixture.op === 'Conv' ? [2, 2, 1, 1] : [2, 2];
    const { tensors, notes } = await opened([{ ...fixture, inputs }], [floats(name, ...dims)]);
    expect(tensors[0]!.name).toBe(shown);
    const told = `Tensors that the exporter numbered are shown by their layers: ${name} as ${shown}`;
    expect(notes).toEqual(name === shown ? [] : [told]);
  });

  it('stay where another tensor has the name of the layer', async () => {
    const nodes = [{ op: 'Conv', name: '/c/Conv', inputs: ['x', 'onnx::Conv_1', 'c.weight'] }];
    const { tensors } = await opened(nodes, [floats('onnx::Conv_1', 2, 2, 1, 1), floats('c.weight', 2)]);
    expect(tensors.map(({ name }) => name)).toEqual(['onnx::Conv_1', 'c.weight']);
  });
});

describe('quantised weights are the numbers that they stand for', () => {
  const int8 = (name: string, dims: number[], ...values: number[]): TensorFixture => {
    return { name, dims, type: types.int8, more: [int32Data(...values)] };
  };
  const real = (name: string, ...values: number[]): TensorFixture => {
    return { name, dims: [values.length], raw: float32(...values) };
  };

  it.each<[string, NodeFixture, TensorFixture[], number[]]>([
    [
      'QLinearConv, by output',
      { op: 'QLinearConv', inputs: ['x', 'a', 'b', 't', 's', 'z', 'c', 'd'] },
      [real('s', 0.5, 2), int8('z', [2], 1, 0)],
      [0, 0.5, 6, 8],
    ],
    [
      'DequantizeLinear, of one scale',
      { op: 'DequantizeLinear', inputs: ['t', 's'], outputs: ['y'] },
      [{ name: 's', dims: [], raw: float32(0.5) }],
      [0.5, 1, 1.5, 2],
    ],
    [
      'DequantizeLinear, by the last axis',
      { op: 'DequantizeLinear', inputs: ['t', 's', 'z'], attributes: { axis: -1 } },
      [real('s', 1, 10), int8('z', [2], 0, 0)],
      [1, 20, 3, 40],
    ],
    [
      'DequantizeLinear, in blocks',
      { op: 'DequantizeLinear', inputs: ['t', 's'], attributes: { axis: 1, block_size: 2 } },
      [{ name: 's', dims: [2, 1], raw: float32(1, 10) }],
      [1, 2, 30, 40],
    ],
    [
      'QLinearMatMul, by output',
      { op: 'QLinearMatMul', inputs: ['x', 'a', 'b', 't', 's', 'z'] },
      [real('s', 1, 10), int8('z', [1], 1)],
      [0, 10, 2, 30],
    ],
    [
      'MatMulInteger, without a scale',
      { op: 'MatMulInteger', inputs: ['x', 't', '', 'z'] },
      [int8('z', [1], 1)],
      [0, 1, 2, 3],
    ],
  ])('%s', async (_, fixture, parameters, values) => {
    const checkpoint = await opened([fixture], [int8('t', [2, 2], 1, 2, 3, 4), ...parameters]);
    expect(checkpoint.tensors[0]).toMatchObject({ dtype: 'QINT8', error: null, role: 'weight' });
    expect(await valuesOf(checkpoint, 't')).toEqual(values);
    expect(checkpoint.raw(0)).toBeNull();
    expect(checkpoint.tensors.slice(1).map(({ role }) => role)).toEqual(parameters.map(() => 'buffer'));
  });

  it('a kernel behind DequantizeLinear is one', async () => {
    const nodes = [
      { op: 'DequantizeLinear', inputs: ['t', 's'], outputs: ['w'], attributes: { axis: 0 } },
      { op: 'Conv', inputs: ['x', 'w'] },
    ];
    const { tensors } = await opened(nodes, [int8('t', [2, 1, 1, 2], 0, 2, 3, 4), real('s', 1, 10)]);
    expect(tensors[0]).toMatchObject({ kind: 'convolution', prunable: true, outputAxis: 0, dtype: 'QINT8' });
  });

  it.each([
    [[real('s', 1, 2, 3)], /3 scales do not fit axis 0/],
    [[], /scale or zero point "s" is not in the file/],
  ])('or say why not', async (parameters, reason) => {
    const node_ = { op: 'DequantizeLinear', inputs: ['t', 's'], attributes: { axis: 0 } };
    const { tensors } = await opened([node_], [int8('t', [2, 2], 1, 2, 3, 4), ...parameters]);
    expect(tensors[0]!.error).toMatch(reason);
  });
});
