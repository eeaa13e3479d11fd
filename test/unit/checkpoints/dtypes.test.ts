import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesPerElement, decode, isDtype, type Dtype } from '../../../src/checkpoints/dtypes';

function little(bits: readonly (number | bigint)[], size: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(bits.length * size));
  bits.forEach((value, i) => {
    if (size === 1) view.setUint8(i, Number(value));
    else if (size === 2) view.setUint16(2 * i, Number(value), true);
    else if (size === 4) view.setUint32(4 * i, Number(value), true);
    else view.setBigUint64(8 * i, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}

describe('decoding of element types', () => {
  // bits and values from the specifications that dtypesSmallFloats.ts names, and from IEEE 754 and two's complement
  it.each<[Dtype, (number | bigint)[], number[]]>([
    ['F64', [0x3ff0000000000000n, 1n, 0x7ff0000000000000n], [1, 2 ** -1074, Infinity]],
    ['F32', [0x3f800000, 1, 0x80000000, 0xff800000, 0x7fc00000], [1, 2 ** -149, -0, -Infinity, NaN]],
    ['F16', [0x3c00, 0x8000, 0x0001, 0x03ff, 0x0400], [1, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14]],
    ['F16', [0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x3555], [65504, -65504, Infinity, -Infinity, NaN, 1365 / 4096]],
    ['BF16', [0x3f80, 0x8000, 0x0001, 0x7f7f], [1, -0, 2 ** -133, 255 * 2 ** 120]],
    ['BF16', [0x7f80, 0xff80, 0x7fc0, 0xc2f7], [Infinity, -Infinity, NaN, -123.5]],
    ['F8_E4M3', [0x00, 0x80, 0x01, 0x07, 0x08, 0x38], [0, -0, 2 ** -9, 7 * 2 ** -9, 2 ** -6, 1]],
    ['F8_E4M3', [0x7e, 0xfe, 0x7f, 0xff, 0x78], [448, -448, NaN, NaN, 256]],
    ['F8_E4M3FN', [0x7e, 0x7f], [448, NaN]],
    ['F8_E5M2', [0x00, 0x80, 0x01, 0x03, 0x04, 0x3c], [0, -0, 2 ** -16, 3 * 2 ** -16, 2 ** -14, 1]],
    ['F8_E5M2', [0x7b, 0xfb, 0x7c, 0xfc, 0x7d, 0x7f], [57344, -57344, Infinity, -Infinity, NaN, NaN]],
    ['F8_E8M0', [0, 127, 254, 255], [2 ** -127, 1, 2 ** 127, NaN]],
    ['I64', [1n, 0xffffffffffffffffn, 2n ** 53n], [1, -1, 2 ** 53]],
    ['U64', [1n, 0xffffffffffffffffn], [1, 2 ** 64]],
    ['I32', [1, 0xffffffff, 0x80000000, 16777217], [1, -1, -(2 ** 31), 16777217]],
    ['U32', [0xffffffff, 16777217], [2 ** 32 - 1, 16777217]],
    ['I16', [0x7fff, 0x8000], [32767, -32768]],
    ['U16', [0xffff], [65535]],
    ['I8', [0x7f, 0x80], [127, -128]],
    ['U8', [0xff], [255]],
    ['BOOL', [0, 1, 2], [0, 1, 1]],
  ])('%s, as specified (%#)', (dtype, bits, values) => {
    expect([...decode(dtype, little(bits, bytesPerElement[dtype]))]).toEqual(values);
  });

  it('gives float64 just where float32 could not hold the values', () => {
    const wide = Object.keys(bytesPerElement).filter(
      dtype => isDtype(dtype) && decode(dtype, new Uint8Array(0)) instanceof Float64Array,
    );
    expect(wide).toEqual(['F64', 'I64', 'I32', 'U64', 'U32']);
  });

  it('reads bytes at any alignment, keeps none and changes none', () => {
    const whole = new Uint8Array(4 * 3 + 1);
    whole.set(new Uint8Array(Float32Array.of(1, 2, 3).buffer), 1);
    const before = whole.slice();
    const values = decode('F32', whole.subarray(1));
    expect([...values]).toEqual([1, 2, 3]);
    values[0] = 9;
    expect(whole).toEqual(before);
  });

  it('gives bfloat16 the value of the float32 that it is the upper half of', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), bits => {
        const wide = new Float32Array(Uint32Array.of(bits * 0x10000).buffer)[0]!;
        expect(decode('BF16', little([bits], 2))[0]).toBe(wide);
      }),
    );
  });

  it('refuses bytes that are no whole number of elements', () => {
    expect(() => decode('F32', new Uint8Array(6))).toThrow(RangeError);
  });
});
