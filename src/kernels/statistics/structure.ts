// Zeros that lie together, over one bit for each value (set where it is not 0): a 32nd of the memory of float32, 56 values
// at a time wherever they begin. Eight bytes behind every row of bits may be read.

/** Bits that one load at any bit position is sure to give, and a multiple of 4. */
const step: u32 = 56;

// @ts-ignore: decorator
@inline
function bitsAt(bits: usize, index: u32): u64 {
  return load<u64>(bits + (index >> 3)) >> (index & 7);
}

/** The lowest `count` bits, at most 56. */
// @ts-ignore: decorator
@inline
function lowest(count: u32): u64 {
  return (<u64>1 << count) - 1;
}

/**
 * Marks the places of an axis that hold a value other than 0.
 * @param alive a bit for each place, 8 bytes longer than needed
 * @param stride values from one place to the next
 * @param place of the first value, with `left` values to go until the next place
 */
export function addSlices(bits: usize, count: u32, alive: usize, size: u32, stride: u32, place: u32, left: u32): void {
  let index: u32 = 0;
  if (stride === 1) {
    while (index < count) {
      const run = min(size - place, count - index);
      orBits(alive, place, bits, index, run);
      index += run;
      place = 0;
    }
    return;
  }
  while (index < count) {
    const run = min(left, count - index);
    const slot = alive + (place >> 3);
    const flag = <u8>1 << <u8>(place & 7);
    if (!(load<u8>(slot) & flag) && anyBit(bits, index, run)) store<u8>(slot, load<u8>(slot) | flag);
    index += run;
    left = stride;
    if (++place === size) place = 0;
  }
}

function orBits(target: usize, to: u32, bits: usize, from: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i += step) {
    const some = bitsAt(bits, from + i) & lowest(min(step, count - i));
    const slot = target + ((to + i) >> 3);
    store<u64>(slot, load<u64>(slot) | (some << ((to + i) & 7)));
  }
}

function anyBit(bits: usize, from: u32, count: u32): bool {
  for (let i: u32 = 0; i < count; i += step) {
    if (bitsAt(bits, from + i) & lowest(min(step, count - i))) return true;
  }
  return false;
}

/**
 * How many groups of m (4 or 8) neighbours along an axis hold more than m/2 values other than 0.
 * @param stride values from one neighbour to the next; `count` is a multiple of m · stride
 */
export function neighbourViolations(bits: usize, count: u32, m: u32, stride: u32): u32 {
  if (stride === 1) return adjacentViolations(bits, count, m);
  let violations: u32 = 0;
  const group = m * stride;
  for (let base: u32 = 0; base < count; base += group) {
    for (let i: u32 = 0; i < stride; i += step) {
      const some = base + i;
      const many = m === 4 ? moreThanTwo(bits, some, stride) : moreThanFour(bits, some, stride);
      violations += <u32>popcnt<u64>(many & lowest(min(step, stride - i)));
    }
  }
  return violations;
}

/** Sums of fours in the 16 nibbles of a word, of eights in its bytes; 3 or more and 5 or more carry into the top bit. */
function adjacentViolations(bits: usize, count: u32, m: u32): u32 {
  let violations: u32 = 0;
  for (let i: u32 = 0; i < count; i += 64) {
    let x = load<u64>(bits + (i >> 3));
    if (count - i < 64) x &= (<u64>1 << (count - i)) - 1;
    x -= (x >> 1) & 0x5555555555555555;
    x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
    if (m === 4) {
      x = (x + 0x5555555555555555) & 0x8888888888888888;
    } else {
      x = (x & 0x0f0f0f0f0f0f0f0f) + ((x >> 4) & 0x0f0f0f0f0f0f0f0f);
      x = (x + 0x0303030303030303) & 0x0808080808080808;
    }
    violations += <u32>popcnt<u64>(x);
  }
  return violations;
}

function moreThanTwo(bits: usize, index: u32, stride: u32): u64 {
  const a = bitsAt(bits, index);
  const b = bitsAt(bits, index + stride);
  const c = bitsAt(bits, index + 2 * stride);
  const d = bitsAt(bits, index + 3 * stride);
  return (a & b & (c | d)) | (c & d & (a | b));
}

/** Adds eight bits in each position with full adders. */
function moreThanFour(bits: usize, index: u32, stride: u32): u64 {
  const a = bitsAt(bits, index);
  const b = bitsAt(bits, index + stride);
  const c = bitsAt(bits, index + 2 * stride);
  const d = bitsAt(bits, index + 3 * stride);
  const e = bitsAt(bits, index + 4 * stride);
  const f = bitsAt(bits, index + 5 * stride);
  const g = bitsAt(bits, index + 6 * stride);
  const h = bitsAt(bits, index + 7 * stride);
  // two sums of four: ones, twos and fours of each
  const carry0 = (a ^ b) & (c ^ d);
  const carry1 = (e ^ f) & (g ^ h);
  const ones0 = a ^ b ^ c ^ d;
  const ones1 = e ^ f ^ g ^ h;
  const twos0 = (a & b) ^ (c & d) ^ carry0;
  const twos1 = (e & f) ^ (g & h) ^ carry1;
  const fours0 = a & b & c & d;
  const fours1 = e & f & g & h;
  const ones = ones0 ^ ones1;
  const carried = ones0 & ones1;
  const twos = twos0 ^ twos1 ^ carried;
  const twice = (twos0 & twos1) | (carried & (twos0 ^ twos1));
  const fours = fours0 ^ fours1 ^ twice;
  const eights = (fours0 & fours1) | (twice & (fours0 ^ fours1));
  return eights | (fours & (twos | ones));
}

/**
 * How many blocks of 4×4 hold a value other than 0.
 * @param columns a multiple of 4; `count` is a multiple of 4 rows
 */
export function blocksKept(bits: usize, count: u32, columns: u32): u32 {
  let kept: u32 = 0;
  for (let base: u32 = 0; base < count; base += 4 * columns) {
    for (let i: u32 = 0; i < columns; i += step) {
      const some = base + i;
      let x = bitsAt(bits, some) | bitsAt(bits, some + columns);
      x |= bitsAt(bits, some + 2 * columns) | bitsAt(bits, some + 3 * columns);
      x &= lowest(min(step, columns - i));
      x |= x >> 1;
      x |= x >> 2;
      kept += <u32>popcnt<u64>(x & 0x1111111111111111);
    }
  }
  return kept;
}
