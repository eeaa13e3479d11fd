/** Which weights of one kernel are kept: one bit a weight, in the kernel's own order (row-major, layout of the plan). */

const bitsSet = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** Immutable. */
export class Mask {
  private constructor(
    /** Number of weights. */
    readonly size: number,
    /** Number of weights that are kept. */
    readonly kept: number,
    private readonly bits: Uint8Array,
  ) {}

  /** Everything kept. */
  static ones(size: number): Mask {
    const bits = new Uint8Array(packedLength(size)).fill(0xff);
    if (size % 8 !== 0) bits[bits.length - 1] = 0xff >> (8 - (size % 8));
    return new Mask(size, size, bits);
  }

  /** @param bytes one per weight; 0 = pruned, anything else = kept */
  static fromBytes(bytes: Uint8Array): Mask {
    const bits = new Uint8Array(packedLength(bytes.length));
    let kept = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] === 0) continue;
      bits[i >> 3]! |= 1 << (i & 7);
      kept++;
    }
    return new Mask(bytes.length, kept, bits);
  }

  /**
   * @param packed as `toPacked` gives it
   * @throws RangeError where it is not the packing of `size` weights
   */
  static fromPacked(packed: Uint8Array, size: number): Mask {
    if (packed.length !== packedLength(size)) {
      throw new RangeError(`${packed.length} bytes are not the mask of ${size} weights`);
    }
    if (size % 8 !== 0 && packed.at(-1)! >> (size % 8) !== 0) {
      throw new RangeError(`the mask has bits set beyond its ${size} weights`);
    }
    const bits = Uint8Array.from(packed);
    return new Mask(
      size,
      bits.reduce((count, byte) => count + bitsSet[byte]!, 0),
      bits,
    );
  }

  /** One byte a weight, 1 = kept: what executors take. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.size);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (this.bits[i >> 3]! >> (i & 7)) & 1;
    return bytes;
  }

  /** A copy of the bits, ⌈size/8⌉ bytes, lowest bit first, the last byte filled with zeros: stored as a U8 tensor. */
  toPacked(): Uint8Array {
    return Uint8Array.from(this.bits);
  }

  has(index: number): boolean {
    return ((this.bits[index >> 3]! >> (index & 7)) & 1) === 1;
  }

  /** Whether every weight kept here is kept in `other` too. */
  isSubsetOf(other: Mask): boolean {
    return this.size === other.size && this.bits.every((byte, i) => (byte & ~other.bits[i]!) === 0);
  }

  equals(other: Mask): boolean {
    return this.size === other.size && this.bits.every((byte, i) => byte === other.bits[i]);
  }
}

function packedLength(size: number): number {
  return Math.ceil(size / 8);
}
