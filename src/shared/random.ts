/**
 * Seeded random numbers, the same on every machine: PCG32 (O'Neill 2014, XSH-RR 64/32), state kept as two 32-bit halves.
 * A stream is named by its purpose, so that drawing more numbers for one purpose never shifts another.
 */

/** FNV-1a over UTF-16 units, twice with different offsets: 64 bits to seed a stream from names and numbers. */
function hashText(text: string): [number, number] {
  let high = 0x811c9dc5;
  let low = 0xcbf29ce4;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x01000193) ^ (high >>> 13);
  }
  return [high >>> 0, low >>> 0];
}

export class Random {
  private high: number;
  private low: number;
  private spare: number | null = null;

  /** A stream named by any numbers and words, e.g. `new Random(seed, 'order', epoch)`. */
  constructor(...name: readonly (string | number)[]) {
    [this.high, this.low] = hashText(JSON.stringify(name));
    this.nextUint32();
    this.nextUint32();
  }

  /** A whole number from 0 to 2³²−1. */
  nextUint32(): number {
    const { high, low } = this;
    // state = state · 6364136223846793005 + 1442695040888963407 in 16-bit limbs would be slow; split 32×32 products instead
    const multiplierHigh = 0x5851f42d;
    const multiplierLow = 0x4c957f2d;
    const a = low >>> 16;
    const b = low & 0xffff;
    const c = multiplierLow >>> 16;
    const d = multiplierLow & 0xffff;
    const bd = Math.imul(b, d) >>> 0;
    const middle = a * d + b * c; // < 2³³, exact
    const productLow = bd + (middle % 0x10000) * 0x10000; // < 2⁴⁹, exact
    const carry = Math.floor(productLow / 0x100000000) + a * c + Math.floor(middle / 0x10000);
    let nextLow = (productLow >>> 0) + 0xf767814f;
    let nextHigh = carry + Math.imul(high, multiplierLow) + Math.imul(low, multiplierHigh) + 0x14057b7e;
    if (nextLow >= 0x100000000) {
      nextLow -= 0x100000000;
      nextHigh += 1;
    }
    this.high = nextHigh >>> 0;
    this.low = nextLow >>> 0;
    // XSH-RR on the old state: ((state >> 18) ^ state) >> 27, rotated right by state >> 59
    const shiftedHigh = high >>> 18;
    const shiftedLow = ((high << 14) | (low >>> 18)) >>> 0;
    const xorHigh = (high ^ shiftedHigh) >>> 0;
    const xorLow = (low ^ shiftedLow) >>> 0;
    const xorshifted = ((xorHigh << 5) | (xorLow >>> 27)) >>> 0;
    const rotation = high >>> 27;
    return ((xorshifted >>> rotation) | (xorshifted << (-rotation & 31))) >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** Uniform whole number in [0, bound), without bias; 1 ≤ bound ≤ 2³². */
  nextBelow(bound: number): number {
    const threshold = (0x100000000 - bound) % bound;
    for (;;) {
      const value = this.nextUint32();
      if (value >= threshold) return value % bound;
    }
  }

  /** Standard normal, Box–Muller. */
  nextGaussian(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.nextFloat()));
    const angle = 2 * Math.PI * this.nextFloat();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Fisher–Yates, in place. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.nextBelow(i + 1);
      const swapped = values[i]!;
      values[i] = values[j]!;
      values[j] = swapped;
    }
    return values;
  }
}
