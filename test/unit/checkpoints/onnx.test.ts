/** ONNX: values in every field and type, where they lie, and what is not read when a file is opened. */
import { expect, describe, it } from 'vitest';
import type { ByteSource } from '../../../src/checkpoints/checkpoint';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openBytes, valuesOf } from '../../support/openBytes';
import {
  doubleData,
  field,
  float32,
  floatData,
  graph,
  graphAttribute,
  int32Data,
  int64Data,
  message,
  model,
  node,
  tensor,
  tensorAttribute,
  type TensorFixture,
  types,
  uint64Data,
  unpackedFloats,
} from '../../support/onnx';

const openTensor = (fixture: TensorFixture) =>
  openBytes(model({ tensors: [tensor({ name: 't', ...fixture })] }), 'm.onnx');

describe('values', () => {
  it.each<[string, TensorFixture, string, number[]]>([
    ['raw_data', { dims: [2], raw: float32(1.5, -2) }, 'F32', [1.5, -2]],
    ['float_data', { dims: [3], more: [floatData(1.5, -2, 0)] }, 'F32', [1.5, -2, 0]],
    ['float_data in two pieces', { dims: [3], more: [floatData(1, 2), floatData(3)] }, 'F32', [1, 2, 3]],
    ['float_data with a tag each', { dims: [3], more: [unpackedFloats(1, 2, 3)] }, 'F32', [1, 2, 3]],
    ['float_data of both kinds', { dims: [3], more: [floatData(1), unpackedFloats(2, 3)] }, 'F32', [1, 2, 3]],
    ['double_data', { dims: [2], type: types.double, more: [doubleData(0.1, -3)] }, 'F64', [0.1, -3]],
    ['int32_data', { dims: [3], type: types.int32, more: [int32Data(1, -2, 2 ** 30)] }, 'I32', [1, -2, 2 ** 30]],
    ['int8 in int32_data', { dims: [2], type: types.int8, more: [int32Data(-128, 127)] }, 'I8', [-128, 127]],
    ['uint8 in int32_data', { dims: [2], type: types.uint8, more: [int32Data(200, 1)] }, 'U8', [200, 1]],
    ['uint16 in int32_data', { dims: [1], type: types.uint16, more: [int32Data(65535)] }, 'U16', [65535]],
    ['int16 in int32_data', { dims: [1], type: types.int16, more: [int32Data(-300)] }, 'I16', [-300]],
    ['bool in int32_data', { dims: [2], type: types.bool, more: [int32Data(1, 0)] }, 'BOOL', [1, 0]],
    ['float16 in int32_data', { dims: [2], type: types.float16, more: [int32Data(0x3c00, 0xc000)] }, 'F16', [1, -2]],
    ['bfloat16 in int32_data', { dims: [1], type: types.bfloat16, more: [int32Data(0xbf80)] }, 'BF16', [-1]],
    ['float8 in int32_data', { dims: [1], type: types.float8e5m2, more: [int32Data(0xbc)] }, 'F8_E5M2', [-1]],
    ['float8', { dims: [2], type: types.float8e4m3fn, raw: Uint8Array.of(0x38, 0xc0) }, 'F8_E4M3', [1, -2]],
    ['int64_data', { dims: [2], type: types.int64, more: [int64Data(-5n, 2n ** 40n)] }, 'I64', [-5, 2 ** 40]],
    ['int64_data with tags', { dims: [2], type: types.int64, more: [field(7, -1n), field(7, 7n)] }, 'I64', [-1, 7]],
    ['uint64_data', { dims: [1], type: types.uint64, more: [uint64Data(2n ** 63n)] }, 'U64', [2 ** 63]],
    ['uint32 in uint64_data', { dims: [1], type: types.uint32, more: [uint64Data(4294967295n)] }, 'U32', [2 ** 32 - 1]],
    ['int4', { dims: [3], type: types.int4, raw: Uint8Array.of(0x8f, 0x07) }, 'I4', [-1, -8, 7]],
    ['uint4 in int32_data', { dims: [3], type: types.uint4, more: [int32Data(0x21, 0x0f)] }, 'U4', [1, 2, 15]],
    ['float4', { dims: [2], type: types.float4, raw: Uint8Array.of(0xd7) }, 'F4', [6, -3]],
    ['a scalar', { dims: [], raw: float32(7) }, 'F32', [7]],
    ['nothing', { dims: [0, 3] }, 'F32', []],
  ])('of %s', async (_, fixture, dtype, values) => {
    const checkpoint = await openTensor(fixture);
    expect(checkpoint.tensors[0]).toMatchObject({ dtype, shape: fixture.dims, error: null });
    expect(await valuesOf(checkpoint, 't')).toEqual(values);
    for (let begin = 0; begin < values.length; begin++) {
      expect([...(await checkpoint.values(0, begin, values.length))]).toEqual(values.slice(begin));
    }
  });

  it('of whole numbers are found again in the middle of a long list', async () => {
    const numbers = Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 60_000);
    const more = [
      int32Data(...numbers.slice(0, 90_000)),
      field(5, numbers[90_000]!),
      int32Data(...numbers.slice(90_001)),
    ];
    const checkpoint = await openTensor({ dims: [200_000], type: types.uint16, more });
    for (const [begin, end] of [
      [150_000, 150_003],
      [89_998, 90_004],
      [65_535, 65_537],
      [0, 2],
      [199_999, 200_000],
      [65_000, 200_000],
    ] as const) {
      expect([...(await checkpoint.values(0, begin, end))]).toEqual(numbers.slice(begin, end));
    }
  });

  it('lie as they are where raw_data, float_data and double_data hold them', async () => {
    for (const fixture of [{ raw: float32(1, 2) }, { more: [floatData(1, 2)] }]) {
      const raw = (await openTensor({ dims: [2], ...fixture })).raw(0)!;
      expect(await raw.source.read(raw.offset, raw.length)).toEqual(float32(1, 2));
    }
    expect((await openTensor({ dims: [2], more: [unpackedFloats(1, 2)] })).raw(0)).toBeNull();
    expect((await openTensor({ dims: [2], type: types.int8, more: [int32Data(1, 2)] })).raw(0)).toBeNull();
  });

  it('of a sparse tensor are spread out, by places or by indices', async () => {
    const values = tensor({ name: 's', dims: [2], raw: float32(5, 6) });
    const sparse = (dims: number[], ...indices: bigint[]): Uint8Array =>
      message(
        field(1, values),
        field(2, tensor({ dims, type: types.int64, more: [int64Data(...indices)] })),
        field(3, 2),
        field(3, 3),
      );
    for (const indices of [sparse([2], 1n, 5n), sparse([2, 2], 0n, 1n, 1n, 2n)]) {
      const checkpoint = await openBytes(model({ more: [field(15, indices)] }), 'm.onnx');
      expect(checkpoint.tensors[0]).toMatchObject({ name: 's', shape: [2, 3], dtype: 'F32' });
      expect(await valuesOf(checkpoint, 's')).toEqual([0, 5, 0, 0, 0, 6]);
    }
    const outside = await openBytes(model({ more: [field(15, sparse([2, 2], 0n, 1n, 1n, 3n))] }), 'm.onnx');
    await expect(outside.values(0, 0, 6)).rejects.toThrow(/outside/);
  });
});

describe('where tensors are', () => {
  it('in constants, subgraphs and functions: each once, under a name of its own', async () => {
    const constant = (output: string, value: number) =>
      node({
        op: 'Constant',
        inputs: [],
        outputs: [output],
        more: [tensorAttribute('value', tensor({ dims: [1], raw: float32(value) }))],
      });
    const branch = (value: number) => graph({ tensors: [tensor({ name: 'w', dims: [1], raw: float32(value) })] });
    const choice = node({
      op: 'If',
      name: 'choose',
      inputs: ['c'],
      more: [graphAttribute('then_branch', branch(3)), graphAttribute('else_branch', branch(4))],
    });
    const called = message(field(1, 'F'), field(7, constant('inside', 5)), field(10, 'local'));
    const content = {
      nodes: [constant('k', 1), choice],
      tensors: [tensor({ name: 'w', dims: [1], raw: float32(2) })],
    };
    const checkpoint = await openBytes(model(content, field(25, called)), 'm.onnx');
    const expected = { k: 1, 'choose/then_branch/w': 3, 'choose/else_branch/w': 4, w: 2, inside: 5 };
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) expect(await valuesOf(checkpoint, name)).toEqual([value]);
  });

  it('in files beside the model', async () => {
    const external = { location: 'parts/w.bin', offset: '4', length: '8' };
    const bytes = model({
      tensors: [
        tensor({ name: 'a', dims: [2], external }),
        tensor({ name: 'b', dims: [1], external: { location: 'parts/w.bin' } }),
      ],
    });
    const data = float32(7, 8, 9);
    const checkpoint = await openCheckpoint(memorySource('m.onnx', bytes, { 'parts/w.bin': data }));
    expect(await valuesOf(checkpoint, 'a')).toEqual([8, 9]);
    expect(await valuesOf(checkpoint, 'b')).toEqual([7]);
    expect(checkpoint.raw(0)).toMatchObject({ offset: 4, length: 8 });
    expect(checkpoint.bytes).toBe(bytes.length + data.length);
    expect(checkpoint.notes).toContain('Values of 2 tensors lie in parts/w.bin');
  });
});

it('opening reads the structure and none of the values', async () => {
  const raw = new Uint8Array(2 ** 22);
  const names = Array.from({ length: 20 }, (_, i) => `w${i}.weight`);
  const bytes = model({
    nodes: names.map(name => node({ op: 'MatMul', inputs: ['x', name], outputs: ['x'] })),
    tensors: names.map((name, i) =>
      tensor({ name, dims: [1024, 1024], ...(i % 2 ? { raw } : { more: [field(4, raw)] }) }),
    ),
  });
  let read = 0;
  const source = memorySource('m.onnx', bytes);
  const counting: ByteSource = {
    ...source,
    read: (offset, length, signal) => {
      read += length;
      return source.read(offset, length, signal);
    },
  };
  const checkpoint = await openCheckpoint(counting);
  expect(checkpoint.tensors.every(({ prunable, error }) => prunable && error === null)).toBe(true);
  expect(read).toBeLessThan(2 ** 18);
});

it('what the producer says of a model is metadata', async () => {
  const pair = message(field(1, 'author'), field(2, 'someone'));
  const checkpoint = await openBytes(model({ tensors: [] }, field(5, 3), field(14, pair)), 'm.onnx');
  expect(checkpoint.format).toBe('ONNX');
  expect(checkpoint.metadata).toEqual([
    ['producer', 'test 1.0'],
    ['ir_version', '9'],
    ['opset ai.onnx', '20'],
    ['model_version', '3'],
    ['graph', 'main'],
    ['author', 'someone'],
  ]);
});

describe('recognition', () => {
  const savedModel = message(field(1, 1), field(2, message(field(1, message(field(4, 'serve'))), field(2, 'graph'))));
  it.each<[string, Uint8Array]>([
    ['a TensorFlow SavedModel', savedModel],
    ['a Core ML model', message(field(1, 8), field(2, message(field(1, 'x'))), field(502, message(field(1, 1))))],
    ['a message with a field 7 that is no graph', message(field(1, 8), field(7, message(field(3, 1))))],
    ['a message whose field 7 is a number', message(field(1, 8), field(7, 5))],
    ['a version that is none', message(field(1, 5000), field(7, graph({})))],
    ['a field that ONNX does not have', message(field(1, 8), field(9, 'x'), field(7, graph({})))],
    ['text that begins alike', new TextEncoder().encode('\b\t\ntext, which is none')],
  ])('%s is none', async (_, bytes) => {
    await expect(openBytes(bytes, 'saved_model.pb')).rejects.toThrow(/no checkpoint format that is known/);
  });

  it('does not go by the name', async () => {
    const bytes = model({ tensors: [tensor({ name: 'w', dims: [1], raw: float32(1) })] });
    expect((await openBytes(bytes, 'weights')).format).toBe('ONNX');
  });
});
