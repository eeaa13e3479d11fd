/**
 * Blocks of 256 values: a scale for all, and small scales for groups of 16 or 32 of them. Layouts: `block_*` in
 * https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-common.h
 */
import { half, signed, unevenSteps, type BlockDecoder } from './blocks32';

export const q2k: BlockDecoder = (bytes, at, out, to) => {
  const [scale, leastScale] = [half(bytes, at + 80), half(bytes, at + 82)];
  for (let i = 0; i < 256; i++) {
    const group = bytes[at + (i >> 4)]!;
    out[to + i] = scale * (group & 15) * pair(bytes, at + 16, i) - leastScale * (group >> 4);
  }
};

export const q3k: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at + 108);
  for (let i = 0; i < 256; i++) {
    // a bit that is not set takes 4 away
    const high = (bytes[at + (i & 31)]! >> (i >> 5)) & 1 ? 0 : 4;
    out[to + i] = scale * scaleOfQ3k(bytes, at + 96, i >> 4) * (pair(bytes, at + 32, i) - high);
  }
};

/** Two bits: of 128 values each, the first 32 are the lowest bits of 32 bytes, the next 32 the bits above them, … */
function pair(bytes: Uint8Array, at: number, i: number): number {
  return (bytes[at + ((i >> 7) << 5) + (i & 31)]! >> (((i >> 5) & 3) << 1)) & 3;
}

/** Six bits: four of the first 8 bytes, two of the last 4. */
function scaleOfQ3k(bytes: Uint8Array, at: number, group: number): number {
  const low = (bytes[at + (group & 7)]! >> ((group >> 3) << 2)) & 15;
  const high = (bytes[at + 8 + (group & 3)]! >> ((group >> 2) << 1)) & 3;
  return (low | (high << 4)) - 32;
}

export const q4k: BlockDecoder = (bytes, at, out, to) => {
  for (let group = 0; group < 8; group++) {
    const { scale, least } = scalesOfQ4k(bytes, at, group);
    for (let i = 0; i < 32; i++) {
      out[to + (group << 5) + i] = scale * nibble(bytes, at + 16, group, i) - least;
    }
  }
};

export const q5k: BlockDecoder = (bytes, at, out, to) => {
  for (let group = 0; group < 8; group++) {
    const { scale, least } = scalesOfQ4k(bytes, at, group);
    for (let i = 0; i < 32; i++) {
      const fifth = ((bytes[at + 16 + i]! >> group) & 1) << 4;
      out[to + (group << 5) + i] = scale * (nibble(bytes, at + 48, group, i) | fifth) - least;
    }
  }
};

/** Two groups share 32 bytes: the first has their lower halves. */
function nibble(bytes: Uint8Array, at: number, group: number, i: number): number {
  return (bytes[at + ((group >> 1) << 5) + i]! >> ((group & 1) << 2)) & 15;
}

/** Six bits each: those of the last four groups are spread over the third four bytes and what is left above the others. */
function scalesOfQ4k(bytes: Uint8Array, at: number, group: number): { scale: number; least: number } {
  const [scale, least] = [half(bytes, at), half(bytes, at + 2)];
  const j = group & 3;
  const [a, b, c] = [bytes[at + 4 + j]!, bytes[at + 8 + j]!, bytes[at + 12 + j]!];
  return group < 4
    ? { scale: scale * (a & 63), least: least * (b & 63) }
    : { scale: scale * ((c & 15) | ((a >> 2) & 48)), least: least * ((c >> 4) | ((b >> 2) & 48)) };
}

export const q6k: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    const low = (bytes[at + ((i >> 7) << 6) + (i & 63)]! >> (((i >> 6) & 1) << 2)) & 15;
    const quant = low | (pair(bytes, at + 128, i) << 4);
    out[to + i] = scale * signed(bytes[at + 192 + (i >> 4)]!) * (quant - 32);
  }
};

export const q8k: BlockDecoder = (bytes, at, out, to) => {
  const scale = new DataView(bytes.buffer, bytes.byteOffset + at).getFloat32(0, true);
  for (let i = 0; i < 256; i++) out[to + i] = scale * signed(bytes[at + 4 + i]!);
};

export const iq4xs: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at);
  const high = bytes[at + 2]! | (bytes[at + 3]! << 8);
  for (let group = 0; group < 8; group++) {
    const low = (bytes[at + 4 + (group >> 1)]! >> ((group & 1) << 2)) & 15;
    const own = scale * ((low | (((high >> (group << 1)) & 3) << 4)) - 32);
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + 8 + (group << 4) + i]!;
      out[to + (group << 5) + i] = own * unevenSteps[byte & 15]!;
      out[to + (group << 5) + 16 + i] = own * unevenSteps[byte >> 4]!;
    }
  }
};

/** Ternary, five to a byte as digits of a fraction: times 3 to the n-th, the next digit stands above the byte. */
export const tq1of0: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at + 52);
  let place = to;
  for (const [first, width, digits] of [
    [0, 32, 5],
    [32, 16, 5],
    [48, 4, 4],
  ] as const) {
    for (let n = 0, power = 1; n < digits; n++, power *= 3) {
      for (let i = 0; i < width; i++) {
        const rest = (bytes[at + first + i]! * power) & 255;
        out[place++] = scale * (((rest * 3) >> 8) - 1);
      }
    }
  }
};

export const tq2of0: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at + 64);
  for (let i = 0; i < 256; i++) out[to + i] = scale * (pair(bytes, at, i) - 1);
};
