/**
 * The smallest |w| of tensors of any size, exactly: the bits of |w| as an unsigned number are in the order of |w|, so that
 * the threshold is found digit by digit, two passes over float32 and four over float64, with 2¹⁶ counters and no sort.
 */
import type { Cut, Floats } from './cut';

/** Gives all values of a group in order, as often as asked. */
export type Passes = (visit: (values: Floats) => void) => Promise<void>;

/** Sign bit gone. */
const magnitudeBits = 0x7fffffff;
const infinity32 = 0x7f800000;
const infinity64 = 0x7ff00000;

/**
 * @param wide float64 is among the values
 * @param going how many go, of a number of values
 * @returns the cut for the group's tensors one after the other; ties go by position, earliest first. NaN stays.
 */
export async function magnitudeCut(passes: Passes, wide: boolean, going: (count: number) => number): Promise<Cut> {
  const digits = wide ? digits64 : digits32;
  const prefix: number[] = [];
  let count = 0;
  let left = 0;
  for (const [place, { size }] of digits.entries()) {
    const histogram = new Float64Array(size);
    let nans = 0;
    await passes(values => {
      if (place === 0) count += values.length;
      nans += wide
        ? countDigits64(values, prefix, histogram)
        : countDigits32(values as Float32Array, prefix, histogram);
    });
    if (place === 0) {
      left = Math.min(going(count), count - nans);
      if (left <= 0) return nothing;
    }
    let digit = 0;
    while (histogram[digit]! < left) left -= histogram[digit++]!;
    prefix.push(digit);
  }
  return new MagnitudeCut(wide ? number64(prefix) : number32(prefix), left);
}

const nothing: Cut = { unit: 1, mark: () => undefined };

class MagnitudeCut implements Cut {
  readonly unit = 1;

  constructor(
    private readonly threshold: number,
    /** How many of those equal to the threshold still go. */
    private ties: number,
  ) {}

  mark(values: Floats, _begin: number, gone: Uint8Array): void {
    const { threshold } = this;
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i]!);
      if (size < threshold) gone[i] = 1;
      else if (size === threshold && this.ties > 0) {
        this.ties--;
        gone[i] = 1;
      }
    }
  }
}

const digits32 = [{ size: 2 ** 16 }, { size: 2 ** 15 }] as const;
const digits64 = [{ size: 2 ** 16 }, { size: 2 ** 15 }, { size: 2 ** 16 }, { size: 2 ** 16 }] as const;

/** @returns how many are NaN */
function countDigits32(values: Float32Array, prefix: readonly number[], histogram: Float64Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let nans = 0;
  if (prefix.length === 0) {
    for (let i = 0; i < bits.length; i++) {
      const key = bits[i]! & magnitudeBits;
      if (key > infinity32) nans++;
      else histogram[key >>> 15]!++;
    }
    return nans;
  }
  const high = prefix[0]!;
  for (let i = 0; i < bits.length; i++) {
    const key = bits[i]! & magnitudeBits;
    if (key >>> 15 === high && key <= infinity32) histogram[key & 0x7fff]!++;
  }
  return nans;
}

function countDigits64(values: Floats, prefix: readonly number[], histogram: Float64Array): number {
  const doubles = values instanceof Float64Array ? values : Float64Array.from(values);
  const words = new Uint32Array(doubles.buffer, doubles.byteOffset, 2 * doubles.length);
  const place = prefix.length;
  let nans = 0;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i]!;
    const high = words[i + 1]! & magnitudeBits;
    if (high > infinity64 || (high === infinity64 && low !== 0)) {
      nans++;
      continue;
    }
    if (place > 0 && high >>> 15 !== prefix[0]) continue;
    if (place > 1 && (high & 0x7fff) !== prefix[1]) continue;
    if (place > 2 && low >>> 16 !== prefix[2]) continue;
    const digit = place === 0 ? high >>> 15 : place === 1 ? high & 0x7fff : place === 2 ? low >>> 16 : low & 0xffff;
    histogram[digit]!++;
  }
  return nans;
}

function number32([high = 0, low = 0]: readonly number[]): number {
  return new Float32Array(Uint32Array.of((high << 15) | low).buffer)[0]!;
}

function number64([first = 0, second = 0, third = 0, fourth = 0]: readonly number[]): number {
  const words = Uint32Array.of(((third << 16) | fourth) >>> 0, ((first << 15) | second) >>> 0);
  return new Float64Array(words.buffer)[0]!;
}
