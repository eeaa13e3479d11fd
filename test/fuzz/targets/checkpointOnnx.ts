/** ONNX models with external data, damaged in their fields, their claims and their bytes. */
import type { Random } from '../../../src/shared/random';
import {
  claiming,
  doubleData,
  field,
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
  unpackedFloats,
} from '../../support/onnx';
import { damageBytes } from '../bytes';
import { readCheckpoint } from '../checkpoint';
import { pick, type Files, type Target } from '../target';

const file = 'net.onnx';
const data = 'net.bin';
const names = ['a.weight', 'onnx::Conv_1', 'val_2', '__proto__', 'constructor', 'ü', '', 'x'.repeat(300)];
const places = ['../x', '/etc/passwd', 'C:\\x', 'a\\..\\..\\x', 'a\0b', '.', '', 'gone', file, data];
const numbers = ['0', '-1', '8', '9'.repeat(30), '1e3', '', '18446744073709551615'];

const drawn = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.nextBelow(256));
const whole = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.nextBelow(2 ** 20) - 2 ** 19);

function values(random: Random, count: number): Omit<TensorFixture, 'dims' | 'name'> {
  switch (random.nextBelow(8)) {
    case 0:
      return { raw: drawn(random, 4 * count) };
    case 1:
      return { more: [floatData(...whole(random, count))] };
    case 2:
      return { more: [unpackedFloats(...whole(random, count))] };
    case 3:
      return { type: types.double, more: [doubleData(...whole(random, count))] };
    case 4: {
      const type = pick(random, [types.int32, types.int8, types.float16, types.bool, types.bfloat16]);
      return { type, more: [int32Data(...whole(random, count))] };
    }
    case 5:
      return { type: types.int64, more: [int64Data(...whole(random, count).map(BigInt))] };
    case 6:
      return { type: pick(random, [types.int4, types.uint4, types.float4]), raw: drawn(random, Math.ceil(count / 2)) };
    default:
      return { external: { location: data, offset: String(4 * random.nextBelow(8)), length: String(4 * count) } };
  }
}

function drawTensor(random: Random, name?: string): Uint8Array {
  const dims = Array.from({ length: random.nextBelow(4) }, () => random.nextBelow(4));
  const count = dims.reduce((product, size) => product * size, 1);
  return tensor({ ...(name !== undefined && { name }), dims, ...values(random, count) });
}

const hostileTensors: readonly ((random: Random) => Uint8Array)[] = [
  random => tensor({ name: 'h', dims: [pick(random, [1e9, -1, 2n ** 62n, -(2n ** 63n), 0])], ...values(random, 2) }),
  random => tensor({ name: 'h', dims: [2], type: random.nextBelow(40), raw: drawn(random, random.nextBelow(20)) }),
  random => {
    const external = { location: pick(random, places), offset: pick(random, numbers), length: pick(random, numbers) };
    return tensor({ name: 'h', dims: [1], external });
  },
  random => {
    const length = pick(random, [1n, 500n, 2n ** 31n, 2n ** 53n, 2n ** 64n - 1n]);
    const more = [claiming(1 + random.nextBelow(16), length, drawn(random, 8))];
    return tensor({ name: 'h', dims: [1], more });
  },
];

const ops = ['Conv', 'MatMul', 'Gemm', 'Gather', 'Add', 'DequantizeLinear', 'QLinearConv', 'Transpose', 'LSTM', 'f'];

function drawNode(random: Random): Uint8Array {
  const op = pick(random, ops);
  const inputs = Array.from({ length: 1 + random.nextBelow(5) }, () => pick(random, [...names, 'x']));
  const attributes = {
    transB: random.nextBelow(2),
    axis: random.nextBelow(5) - 2,
    block_size: random.nextBelow(3),
    perm: Array.from({ length: random.nextBelow(4) }, (_, i) => i),
  };
  return node({ op, name: `/l/${op}`, inputs, outputs: [pick(random, names)], attributes });
}

/** @param hostile some of its tensors are none */
function drawGraph(random: Random, hostile: boolean, depth = 0): Uint8Array {
  const own = names.filter(() => random.nextBelow(2) === 0);
  const tensors = own.map(name =>
    hostile && random.nextBelow(4) === 0 ? pick(random, hostileTensors)(random) : drawTensor(random, name),
  );
  const constant = node({
    op: 'Constant',
    inputs: [],
    outputs: [`k${depth}`],
    more: [tensorAttribute('value', drawTensor(random))],
  });
  // the operators of a sound file fit its tensors: none
  const nodes = [constant, ...(hostile ? [1, 2, 3].map(() => drawNode(random)) : [])];
  if (depth < 3 && random.nextBelow(2) === 0) {
    const body = graphAttribute('body', drawGraph(random, hostile, depth + 1));
    nodes.push(node({ op: 'Loop', inputs: [], more: [body] }));
  }
  return graph({ nodes, tensors });
}

function drawModel(random: Random, hostile: boolean): Uint8Array {
  const call = message(
    field(1, 'f'),
    field(4, 'p'),
    field(7, drawNode(random)),
    ...(hostile ? [] : [field(10, 'own')]),
  );
  return model(drawGraph(random, hostile), field(25, call));
}

const onnxTarget: Target = {
  name: 'checkpoint: ONNX',
  sound: random => ({ [file]: drawModel(random, false), [data]: drawn(random, 200) }),
  damaged(random): Files {
    if (random.nextBelow(2) === 0) {
      return { [file]: drawModel(random, true), [data]: drawn(random, pick(random, [1, 10, 200])) };
    }
    return { [file]: damageBytes(drawModel(random, random.nextBelow(2) === 0), random), [data]: drawn(random, 200) };
  },
  read: files => readCheckpoint(files, file),
};

export const onnxTargets: readonly Target[] = [onnxTarget];
