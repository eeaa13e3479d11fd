/**
 * Blocks of 32 values with one scale. Layouts: `block_*` in
 * https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-common.h
 * Every product of a scale and a quant fits float64 exactly, so that a value is rounded once, when it becomes a float32.
 */
import { float16 } from '../dtypesSmallFloats';

/** Writes the values of the block that begins at `at` to out[to …]. */
export type BlockDecoder = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void;

export function half(bytes: Uint8Array, at: number): number {
  return float16()[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

export function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** Quants of 4 bits: those of the first half in the lower halves of the bytes, those of the second in the upper ones. */
function nibbles(bytes: Uint8Array, at: number, put: (place: number, quant: number) => void): void {
  for (let i = 0; i < 16; i++) {
    const byte = bytes[at + i]!;
    put(i, byte & 15);
    put(i + 16, byte >> 4);
  }
}

export const q4of0: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at);
  nibbles(bytes, at + 2, (place, quant) => {
    out[to + place] = scale * (quant - 8);
  });
};

export const q4of1: BlockDecoder = (bytes, at, out, to) => {
  const [scale, least] = [half(bytes, at), half(bytes, at + 2)];
  nibbles(bytes, at + 4, (place, quant) => {
    out[to + place] = scale * quant + least;
  });
};

/** The fifth bit of value i is bit i of the 4 bytes before the quants. */
function fifth(bytes: Uint8Array, at: number, place: number): number {
  return ((bytes[at + (place >> 3)]! >> (place & 7)) & 1) << 4;
}

export const q5of0: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at);
  nibbles(bytes, at + 6, (place, quant) => {
    out[to + place] = scale * ((quant | fifth(bytes, at + 2, place)) - 16);
  });
};

export const q5of1: BlockDecoder = (bytes, at, out, to) => {
  const [scale, least] = [half(bytes, at), half(bytes, at + 2)];
  nibbles(bytes, at + 8, (place, quant) => {
    out[to + place] = scale * (quant | fifth(bytes, at + 4, place)) + least;
  });
};

export const q8of0: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at);
  for (let i = 0; i < 32; i++) out[to + i] = scale * signed(bytes[at + 2 + i]!);
};

/** What the quants of IQ4_NL and IQ4_XS stand for. */
export const unevenSteps = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

export const iq4nl: BlockDecoder = (bytes, at, out, to) => {
  const scale = half(bytes, at);
  nibbles(bytes, at + 2, (place, quant) => {
    out[to + place] = scale * unevenSteps[quant]!;
  });
};

/** E2M1 by its bits: OCP Microscaling Formats (MX), revision 1.0, 5.3.3 */
const float4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6] as const;

export const mxfp4: BlockDecoder = (bytes, at, out, to) => {
  // ggml has no NaN here, unlike MX: 255 is the largest power
  const scale = 2 ** (bytes[at]! - 127);
  nibbles(bytes, at + 1, (place, quant) => {
    out[to + place] = scale * float4[quant]!;
  });
};
