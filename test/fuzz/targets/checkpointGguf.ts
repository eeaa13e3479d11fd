/** GGUF files of all versions, both orders of bytes and all types, damaged in their claims and their bytes. */
import type { Random } from '../../../src/shared/random';
import { ggufBytes, name, texts, u32, type GgufTensor, type GgufValue } from '../../support/ggufFiles';
import { damageBytes, type Field } from '../bytes';
import { readCheckpoint } from '../checkpoint';
import { pick, type Target } from '../target';

const file = 'model.gguf';
const names = [
  'token_embd.weight',
  'blk.0.attn_q.weight',
  'output.bias',
  '__proto__',
  'constructor',
  'ü',
  '',
  'x'.repeat(300),
];
/** `ggml_type`, values and bytes of a block. */
const types = [
  [0, 1, 4],
  [1, 1, 2],
  [28, 1, 8],
  [30, 1, 2],
  [24, 1, 1],
  [27, 1, 8],
  [2, 32, 18],
  [7, 32, 24],
  [8, 32, 34],
  [39, 32, 17],
  [10, 256, 84],
  [11, 256, 110],
  [12, 256, 144],
  [14, 256, 210],
  [15, 256, 292],
  [23, 256, 136],
  [34, 256, 54],
] as const;
const plainTypes = new Set<number>([0, 1, 28, 30, 24, 27]);
/** Listed, removed, and none. */
const strange = [16, 29, 4, 31, 41, 99, 0xffffffff];
const sizes = [0, 31, 2 ** 31, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n] as const;

const drawn = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.nextBelow(256));

function drawTensor(random: Random, title: string): GgufTensor {
  const [type, values, bytes] = pick(random, types);
  const rest = Array.from({ length: random.nextBelow(3) }, () => 1 + random.nextBelow(3));
  const blocks = (1 + random.nextBelow(2)) * rest.reduce((product, size) => product * size, 1);
  const first = (blocks / rest.reduce((product, size) => product * size, 1)) * values;
  return { name: title, ne: [first, ...rest], type, data: drawn(random, blocks * bytes) };
}

function drawValue(random: Random, depth = 0): GgufValue {
  switch (random.nextBelow(depth > 2 ? 6 : 7)) {
    case 0:
      return u32(random.nextUint32());
    case 1:
      return name(pick(random, ['', 'llama', 'ü'.repeat(700)]));
    case 2:
      return texts('a', 'b', 'c'.repeat(random.nextBelow(20)));
    case 3:
      return { type: 'f32', value: random.nextGaussian() };
    case 4:
      return { type: 'u64', value: 2n ** 63n };
    case 5:
      return { type: 'bool', value: random.nextBelow(2) };
    default: {
      const item = drawValue(random, depth + 1);
      return { type: 'list', of: item.type, value: new Array<GgufValue>(random.nextBelow(12)).fill(item) };
    }
  }
}

const drawOptions = (random: Random): { version: number; bigEndian: boolean } => ({
  version: 1 + random.nextBelow(3),
  bigEndian: random.nextBelow(4) === 0,
});

const drawTensors = (random: Random): GgufTensor[] =>
  names.filter(() => random.nextBelow(2) === 0).map(title => drawTensor(random, title));

function drawMetadata(random: Random): [string, GgufValue][] {
  const keys = ['general.architecture', 'general.file_type', 'tokenizer.ggml.tokens', '__proto__', 'x'];
  return keys.filter(() => random.nextBelow(2) === 0).map(key => [key, drawValue(random)]);
}

/** Counts, and whatever stands in the header behind them. */
function fieldsOf(bytes: Uint8Array, littleEndian: boolean): Field[] {
  const length = Math.min(bytes.length, 600) - 8;
  return Array.from({ length }, (_, at) => ({ offset: at, bytes: at % 2 === 0 ? 8 : 4, littleEndian }));
}

function damagedTensors(random: Random): GgufTensor[] {
  const tensors = drawTensors(random);
  if (tensors.length === 0) return tensors;
  const at = random.nextBelow(tensors.length);
  const tensor = tensors[at]!;
  switch (random.nextBelow(5)) {
    case 0:
      tensors[at] = { ...tensor, type: pick(random, strange) };
      break;
    case 1:
      tensors[at] = { ...tensor, ne: [...tensor.ne, pick(random, sizes)] };
      break;
    case 2:
      tensors[at] = { ...tensor, offset: pick(random, [...sizes, 32]) };
      break;
    case 3:
      tensors.push({ ...drawTensor(random, tensor.name) });
      break;
    default:
      tensors[at] = { ...tensor, ne: new Array<number>(random.nextBelow(40)).fill(1) };
  }
  return tensors;
}

export const ggufTarget: Target = {
  name: 'checkpoint: GGUF',
  sound(random) {
    const tensors = drawTensors(random);
    const options = drawOptions(random);
    // blocks of big-endian files are not decoded
    const plain = tensors.every(({ type }) => plainTypes.has(type));
    return { [file]: ggufBytes(tensors, drawMetadata(random), { ...options, bigEndian: options.bigEndian && plain }) };
  },
  damaged(random) {
    const options = drawOptions(random);
    switch (random.nextBelow(4)) {
      case 0:
        return { [file]: ggufBytes(damagedTensors(random), drawMetadata(random), options) };
      case 1: {
        const alignment: GgufValue = pick(random, [u32(0), u32(3), u32(8), u32(2 ** 31), name('32')]);
        return { [file]: ggufBytes(drawTensors(random), [['general.alignment', alignment]], options) };
      }
      default: {
        const bytes = ggufBytes(drawTensors(random), drawMetadata(random), options);
        return { [file]: damageBytes(bytes, random, fieldsOf(bytes, !options.bigEndian)) };
      }
    }
  },
  read: files => readCheckpoint(files, file),
};
