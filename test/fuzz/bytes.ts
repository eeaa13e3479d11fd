/** Damage to bytes, without knowledge of what they mean but for where lengths stand. */
import type { Random } from '../../src/shared/random';
import { pick } from './target';

/** A length or a size in a binary header. */
export interface Field {
  readonly offset: number;
  readonly bytes: 4 | 8;
  readonly littleEndian: boolean;
}

type Damage = (bytes: Buffer, random: Random, fields: readonly Field[]) => Buffer;

const extremes = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0xffffn,
  2n ** 30n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 64n - 1n,
];
const longestRun = 64;

const flipBits: Damage = (bytes, random) => {
  const count = 1 + random.nextBelow(8);
  for (let i = 0; i < count && bytes.length > 0; i++) {
    const at = random.nextBelow(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << random.nextBelow(8));
  }
  return bytes;
};

const truncate: Damage = (bytes, random) => bytes.subarray(0, random.nextBelow(bytes.length + 1));

const extend: Damage = (bytes, random) => {
  const fill = pick(random, [0, 0x20, 0xff, 0x7b]);
  return Buffer.concat([bytes, Buffer.alloc(1 + random.nextBelow(longestRun), fill)]);
};

const cutOut: Damage = (bytes, random) => {
  const from = random.nextBelow(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.nextBelow(longestRun))]);
};

const splice: Damage = (bytes, random) => {
  const from = random.nextBelow(bytes.length + 1);
  const piece = bytes.subarray(from, from + 1 + random.nextBelow(longestRun));
  const to = random.nextBelow(bytes.length + 1);
  const over = random.nextBelow(2) * piece.length;
  return Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to + over)]);
};

const setLength: Damage = (bytes, random, fields) => {
  const anywhere = {
    offset: random.nextBelow(bytes.length + 1),
    bytes: 4,
    littleEndian: random.nextBelow(2) === 0,
  } as const;
  const { offset, bytes: width, littleEndian } = fields.length > 0 ? pick(random, fields) : anywhere;
  if (offset + width > bytes.length) return bytes;
  const value = pick(random, extremes);
  // eight bytes of one order, of which a field of four takes those that count
  const eight = Buffer.alloc(8);
  if (littleEndian) eight.writeBigUInt64LE(value);
  else eight.writeBigUInt64BE(value);
  bytes.set(littleEndian ? eight.subarray(0, width) : eight.subarray(8 - width), offset);
  return bytes;
};

const damages: readonly Damage[] = [flipBits, truncate, extend, cutOut, splice, setLength, setLength];

/** Damaged once to three times; the bytes given stay as they are. */
export function damageBytes(bytes: Uint8Array, random: Random, fields: readonly Field[] = []): Buffer {
  let damaged = Buffer.from(bytes);
  for (let times = 1 + random.nextBelow(3); times > 0; times--) {
    damaged = Buffer.from(pick(random, damages)(damaged, random, fields));
  }
  return damaged;
}
