/** TensorFlow.js models, damaged in their manifest, their topology and their shards. */
import type { Random } from '../../../src/shared/random';
import { graphModel, layersModel, manifestOf, type NodeFixture, type WeightFixture } from '../../support/tfjsModels';
import { damageBytes } from '../bytes';
import { readCheckpoint } from '../checkpoint';
import { damageJson } from '../json';
import { pick, type Files, type Target } from '../target';

const file = 'model.json';
const names = ['a/kernel', 'a/bias', 'b/depthwise_kernel', '__proto__', 'constructor', 'ü', '', 'x'.repeat(300)];
const paths = [
  '../x',
  '/etc/passwd',
  'C:\\x',
  'https://example.com/x',
  'a\0b',
  '.',
  '',
  'gone',
  file,
  'y'.repeat(5000),
];
const types = [
  ['float32', 4, undefined],
  ['int32', 4, undefined],
  ['bool', 1, undefined],
  ['float32', 1, { dtype: 'uint8', scale: 0.5, min: -1 }],
  ['float32', 2, { dtype: 'uint16', scale: 1e-3, min: 0 }],
  ['float32', 2, { dtype: 'float16' }],
  ['int32', 1, { dtype: 'uint8', scale: 0.3, min: 0 }],
] as const;
/** Listed, but not read. */
const strange = [...types, ['complex64', 8, undefined]] as const;
const ops = [
  'Conv2D',
  '_FusedConv2D',
  'DepthwiseConv2dNative',
  'MatMul',
  '_FusedMatMul',
  'GatherV2',
  'AddV2',
  'Identity',
];

const drawn = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.nextBelow(256));

/** Texts of 0 to 3 letters. */
function texts(random: Random, count: number): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: count }, () => {
      const length = random.nextBelow(4);
      return [length, 0, 0, 0, ...drawn(random, length)];
    }).flat(),
  );
}

function drawWeight(random: Random, name: string, sound: boolean): WeightFixture {
  const shape = Array.from({ length: random.nextBelow(5) }, () => random.nextBelow(4));
  const count = shape.reduce((product, size) => product * size, 1);
  if (!sound && random.nextBelow(8) === 0) return { name, shape, dtype: 'string', data: texts(random, count) };
  const [dtype, bytes, quantization] = pick(random, sound ? types : strange);
  return { name, shape, dtype, data: drawn(random, count * bytes), ...(quantization && { quantization }) };
}

function nodes(random: Random, weights: readonly WeightFixture[]): NodeFixture[] {
  const inputs = ['x', ...weights.map(({ name }) => name), 'node0:0', '^node1'];
  return Array.from({ length: 8 }, () => ({
    op: pick(random, ops),
    input: Array.from({ length: random.nextBelow(5) }, () => pick(random, inputs)),
    attr: { transpose_b: { b: random.nextBelow(2) === 0 }, fused_ops: { list: { s: ['Qmlhc0FkZA=='] } } },
  }));
}

function model(random: Random, sound: boolean): Record<string, Uint8Array> {
  const weights = names.filter(() => random.nextBelow(2) === 0).map(name => drawWeight(random, name, sound));
  const { groups, shards } = manifestOf(weights, pick(random, [7, 64, 1000]));
  switch (random.nextBelow(3)) {
    case 0:
      return { [file]: layersModel({ a: 'Dense', b: 'DepthwiseConv2D' }, groups), ...shards };
    case 1:
      return { [file]: graphModel(nodes(random, weights), groups), ...shards };
    default:
      return { [file]: Buffer.from(JSON.stringify(groups)), ...shards };
  }
}

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

export const tfjsTarget: Target = {
  name: 'checkpoint: TensorFlow.js',
  sound: random => model(random, true),
  damaged(random): Files {
    const files = model(random, false);
    const shard = pick(
      random,
      Object.keys(files).filter(name => name !== file),
    );
    switch (random.nextBelow(5)) {
      case 0:
        return { ...files, [shard]: damageBytes(files[shard]!, random) };
      case 1:
        Reflect.deleteProperty(files, shard);
        return files;
      case 2: {
        const text = JSON.stringify(parsed(files[file]!)).replace(`"${shard}"`, JSON.stringify(pick(random, paths)));
        return { ...files, [file]: Buffer.from(text) };
      }
      default:
        return { ...files, [file]: damageJson(parsed(files[file]!), random) };
    }
  },
  read: files => readCheckpoint(files, file),
};
