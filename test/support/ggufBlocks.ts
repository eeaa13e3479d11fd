/**
 * Blocks of GGUF's quantised types, packed from the numbers that they are to hold: the other way round than the reader. The
 * places of the bits are those of `quantize_row_*` and `block_*` of ggml.
 */
import type { Random } from '../../src/shared/random';

export interface PackedBlock {
  readonly bytes: Uint8Array;
  /** In float64, before they are rounded. */
  readonly values: readonly number[];
}

/** A finite float16 by its bits, and what it is worth. */
function drawHalf(random: Random): { bits: number; value: number } {
  const [sign, exponent, mantissa] = [random.nextBelow(2), random.nextBelow(31), random.nextBelow(1024)];
  const magnitude = exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
  return { bits: (sign << 15) | (exponent << 10) | mantissa, value: sign ? -magnitude : magnitude };
}

class Block {
  readonly bytes: Uint8Array;

  constructor(
    size: number,
    readonly random: Random,
  ) {
    this.bytes = new Uint8Array(size);
  }

  /** A random scale at a place. */
  scale(at: number): number {
    const { bits, value } = drawHalf(this.random);
    this.bytes.set([bits & 255, bits >> 8], at);
    return value;
  }

  /** Sets bits of a byte that are still 0. */
  bits(at: number, shift: number, value: number): void {
    this.bytes[at] = this.bytes[at]! | (value << shift);
  }

  draw(count: number, below: number): number[] {
    return Array.from({ length: count }, () => this.random.nextBelow(below));
  }

  signed(at: number, values: readonly number[]): void {
    this.bytes.set(Int8Array.from(values), at);
  }

  /** 32 quants of 4 bits: byte i holds value i below and value i + 16 above. */
  nibbles(at: number, quants: readonly number[]): void {
    for (let i = 0; i < 32; i++) this.bits(at + (i % 16), i < 16 ? 0 : 4, quants[i]! & 15);
  }

  /** The same in runs of 64, where byte i of 32 holds values i and i + 32. */
  wideNibbles(at: number, quants: readonly number[]): void {
    for (const [i, quant] of quants.entries()) {
      this.bits(at + 32 * Math.floor(i / 64) + (i % 32), i % 64 < 32 ? 0 : 4, quant & 15);
    }
  }

  /** 256 quants of 2 bits: byte i of 32 holds values i, i + 32, i + 64 and i + 96; then the next 128. */
  pairs(at: number, quants: readonly number[]): void {
    for (const [i, quant] of quants.entries()) {
      this.bits(at + 32 * Math.floor(i / 128) + (i % 32), 2 * (Math.floor(i / 32) % 4), quant & 3);
    }
  }
}

type Packer = (block: Block) => number[];

/** Scales and least values of Q4_K and Q5_K, eight each of 6 bits. */
function groupScales(block: Block): { scales: number[]; leasts: number[] } {
  const [scales, leasts] = [block.draw(8, 64), block.draw(8, 64)];
  for (let i = 0; i < 4; i++) {
    block.bits(4 + i, 0, scales[i]!);
    block.bits(8 + i, 0, leasts[i]!);
    block.bits(12 + i, 0, scales[i + 4]! & 15);
    block.bits(12 + i, 4, leasts[i + 4]! & 15);
    block.bits(4 + i, 6, scales[i + 4]! >> 4);
    block.bits(8 + i, 6, leasts[i + 4]! >> 4);
  }
  return { scales, leasts };
}

const steps = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** By `ggml_type`: bytes of a block, and what fills it. */
const packers: Readonly<Record<string, readonly [type: number, bytes: number, pack: Packer]>> = {
  Q4_0: [
    2,
    18,
    block => {
      const [d, quants] = [block.scale(0), block.draw(32, 16)];
      block.nibbles(2, quants);
      return quants.map(q => d * (q - 8));
    },
  ],
  Q4_1: [
    3,
    20,
    block => {
      const [d, m, quants] = [block.scale(0), block.scale(2), block.draw(32, 16)];
      block.nibbles(4, quants);
      return quants.map(q => d * q + m);
    },
  ],
  Q5_0: [
    6,
    22,
    block => {
      const [d, quants] = [block.scale(0), block.draw(32, 32)];
      block.nibbles(6, quants);
      for (const [i, q] of quants.entries()) block.bits(2 + Math.floor(i / 8), i % 8, q >> 4);
      return quants.map(q => d * (q - 16));
    },
  ],
  Q5_1: [
    7,
    24,
    block => {
      const [d, m, quants] = [block.scale(0), block.scale(2), block.draw(32, 32)];
      block.nibbles(8, quants);
      for (const [i, q] of quants.entries()) block.bits(4 + Math.floor(i / 8), i % 8, q >> 4);
      return quants.map(q => d * q + m);
    },
  ],
  Q8_0: [
    8,
    34,
    block => {
      const [d, quants] = [block.scale(0), block.draw(32, 256).map(q => q - 128)];
      block.signed(2, quants);
      return quants.map(q => d * q);
    },
  ],
  Q2_K: [
    10,
    84,
    block => {
      const [scales, leasts, quants] = [block.draw(16, 16), block.draw(16, 16), block.draw(256, 4)];
      for (let i = 0; i < 16; i++) block.bytes[i] = scales[i]! | (leasts[i]! << 4);
      block.pairs(16, quants);
      const [d, m] = [block.scale(80), block.scale(82)];
      return quants.map((q, i) => d * scales[i >> 4]! * q - m * leasts[i >> 4]!);
    },
  ],
  Q3_K: [
    11,
    110,
    block => {
      const [scales, quants] = [block.draw(16, 64), block.draw(256, 8)];
      block.pairs(32, quants);
      for (const [i, q] of quants.entries()) block.bits(i % 32, Math.floor(i / 32), q >> 2);
      for (const [i, scale] of scales.entries()) {
        block.bits(96 + (i % 8), i < 8 ? 0 : 4, scale & 15);
        block.bits(104 + (i % 4), 2 * Math.floor(i / 4), scale >> 4);
      }
      const d = block.scale(108);
      return quants.map((q, i) => d * (scales[i >> 4]! - 32) * (q - 4));
    },
  ],
  Q4_K: [
    12,
    144,
    block => {
      const [d, m, { scales, leasts }, quants] = [
        block.scale(0),
        block.scale(2),
        groupScales(block),
        block.draw(256, 16),
      ];
      block.wideNibbles(16, quants);
      return quants.map((q, i) => d * scales[i >> 5]! * q - m * leasts[i >> 5]!);
    },
  ],
  Q5_K: [
    13,
    176,
    block => {
      const [d, m, { scales, leasts }, quants] = [
        block.scale(0),
        block.scale(2),
        groupScales(block),
        block.draw(256, 32),
      ];
      block.wideNibbles(48, quants);
      for (const [i, q] of quants.entries()) block.bits(16 + (i % 32), Math.floor(i / 32), q >> 4);
      return quants.map((q, i) => d * scales[i >> 5]! * q - m * leasts[i >> 5]!);
    },
  ],
  Q6_K: [
    14,
    210,
    block => {
      const [scales, quants] = [block.draw(16, 256).map(s => s - 128), block.draw(256, 64)];
      for (const [i, q] of quants.entries()) {
        block.bits(64 * Math.floor(i / 128) + (i % 64), i % 128 < 64 ? 0 : 4, q & 15);
      }
      block.pairs(
        128,
        quants.map(q => q >> 4),
      );
      block.signed(192, scales);
      const d = block.scale(208);
      return quants.map((q, i) => d * scales[i >> 4]! * (q - 32));
    },
  ],
  Q8_K: [
    15,
    292,
    block => {
      const quants = block.draw(256, 256).map(q => q - 128);
      const d = Math.fround(block.random.nextGaussian());
      new DataView(block.bytes.buffer).setFloat32(0, d, true);
      block.signed(4, quants);
      return quants.map(q => d * q);
    },
  ],
  IQ4_NL: [
    20,
    18,
    block => {
      const [d, quants] = [block.scale(0), block.draw(32, 16)];
      block.nibbles(2, quants);
      return quants.map(q => d * steps[q]!);
    },
  ],
  IQ4_XS: [
    23,
    136,
    block => {
      const [d, scales, quants] = [block.scale(0), block.draw(8, 64), block.draw(256, 16)];
      for (const [i, scale] of scales.entries()) {
        block.bits(4 + (i >> 1), 4 * (i % 2), scale & 15);
        block.bits(2 + (i >> 2), 2 * (i % 4), scale >> 4);
      }
      for (let group = 0; group < 8; group++) block.nibbles(8 + 16 * group, quants.slice(32 * group));
      return quants.map((q, i) => d * (scales[i >> 5]! - 32) * steps[q]!);
    },
  ],
  TQ1_0: [
    34,
    54,
    block => {
      const digits = block.draw(256, 3);
      const pack = (at: number, first: number, width: number, count: number): void => {
        for (let i = 0; i < width; i++) {
          let number = 0;
          for (let n = 0; n < 5; n++) number = 3 * number + (n < count ? digits[first + n * width + i]! : 0);
          // as a fraction of 256, rounded up
          block.bytes[at + i] = Math.ceil((number * 256) / 243);
        }
      };
      pack(0, 0, 32, 5);
      pack(32, 160, 16, 5);
      pack(48, 240, 4, 4);
      const d = block.scale(52);
      return digits.map(digit => d * (digit - 1));
    },
  ],
  TQ2_0: [
    35,
    66,
    block => {
      const quants = block.draw(256, 4);
      block.pairs(0, quants);
      const d = block.scale(64);
      return quants.map(q => d * (q - 1));
    },
  ],
  MXFP4: [
    39,
    17,
    block => {
      const [exponent, quants] = [1 + block.random.nextBelow(250), block.draw(32, 16)];
      block.bytes[0] = exponent;
      block.nibbles(1, quants);
      const magnitudes = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
      return quants.map(q => (q < 8 ? 1 : -1) * magnitudes[q % 8]! * 2 ** (exponent - 127));
    },
  ],
};

export const blockTypes = Object.entries(packers).map(([name, [type, bytes]]) => ({ name, type, bytes }));

export function packBlock(name: string, random: Random): PackedBlock {
  const [, size, pack] = packers[name]!;
  const block = new Block(size, random);
  const values = pack(block);
  return { bytes: block.bytes, values };
}
