/**
 * Floats of 16 and 8 bits as float32, which holds every one of them exactly.
 * F16: IEEE 754-2019 binary16. BF16: the upper half of a binary32.
 * F8: OCP 8-bit Floating Point Specification (OFP8), revision 1.0, table 1. E4M3 has bias 7, no infinities, and NaN only
 * where all bits but the sign are set; E5M2 has bias 15 and infinities and NaN as IEEE 754 has them.
 */

/** One value for each pattern of bits; 256 kB, made when first needed. */
let halves: Float32Array | null = null;

export function float16(): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, i) => small(i, { exponentBits: 5, mantissaBits: 10 }));
  return halves;
}

export function decodeF16(bits: Uint16Array): Float32Array {
  return decodeTable(bits, float16());
}

export function decodeBf16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
  return new Float32Array(wide.buffer);
}

let e4m3: Float32Array | null = null;
let e5m2: Float32Array | null = null;
let e8m0: Float32Array | null = null;

export function float8E4M3(): Float32Array {
  e4m3 ??= Float32Array.from({ length: 256 }, (_, i) =>
    (i & 0x7f) === 0x7f ? NaN : finite(i, { exponentBits: 4, mantissaBits: 3 }),
  );
  return e4m3;
}

export function float8E5M2(): Float32Array {
  e5m2 ??= Float32Array.from({ length: 256 }, (_, i) => small(i, { exponentBits: 5, mantissaBits: 2 }));
  return e5m2;
}

/** Scales of blocks: powers of two from 2⁻¹²⁷, and NaN. OCP Microscaling Formats (MX), revision 1.0, 5.4.1 */
export function float8E8M0(): Float32Array {
  e8m0 ??= Float32Array.from({ length: 256 }, (_, i) => (i === 0xff ? NaN : 2 ** (i - 127)));
  return e8m0;
}

export function decodeTable(bits: Uint8Array | Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!;
  return values;
}

interface Layout {
  readonly exponentBits: number;
  readonly mantissaBits: number;
}

/** As IEEE 754 has it: the highest exponent stands for infinity and NaN. */
function small(bits: number, layout: Layout): number {
  const { exponentBits, mantissaBits } = layout;
  const highest = 2 ** exponentBits - 1;
  if (((bits >> mantissaBits) & highest) !== highest) return finite(bits, layout);
  if ((bits & (2 ** mantissaBits - 1)) !== 0) return NaN;
  return bits >> (exponentBits + mantissaBits) ? -Infinity : Infinity;
}

function finite(bits: number, { exponentBits, mantissaBits }: Layout): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const magnitude = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return bits >> (exponentBits + mantissaBits) ? -magnitude : magnitude;
}
