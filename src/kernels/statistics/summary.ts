// One pass over float32 values: which are not 0 (one bit each), least and largest, mean and squared deviations, how many
// have each exponent. Blocks with NaN or infinite values, and ends of fewer than 16, go the slow way.

// The summary, by byte offset. Counts are of one task: fewer than 2^32.
const finiteAt: usize = 0; // f64: how many finite values
const meanAt: usize = 8; // f64: of them
const deviationAt: usize = 16; // f64: Σ (x − mean)²
const minimumAt: usize = 24; // f32
const maximumAt: usize = 28; // f32
const zerosAt: usize = 32; // u32
const nansAt: usize = 36; // u32
const infinitiesAt: usize = 40; // u32
// Four tables of 256 u32, by biased exponent; zeros count under exponent 0. Four, because neighbours tend to the same
// exponent, and an increment would wait for the one before.
const exponentsAt: usize = 64;
const summaryBytes: usize = 64 + 4096;

/** Values whose moments are taken around their first one before they are merged: they stay in the first-level cache. */
const block: i32 = 2048;

export function clearSummary(summary: usize): void {
  memory.fill(summary, 0, summaryBytes);
  store<f32>(summary, Infinity, minimumAt);
  store<f32>(summary, -Infinity, maximumAt);
}

/** @param bits one for each value, set where it is not 0; bytes are written in twos */
export function summarise(values: usize, count: i32, bits: usize, summary: usize): void {
  for (let begin = 0; begin < count; begin += block) {
    const length = min(block, count - begin);
    const whole = length & ~15;
    const address = values + (<usize>begin << 2);
    const target = bits + (<usize>begin >> 3);
    if (whole > 0 && !summariseFast(address, whole, target, summary)) summariseSlow(address, whole, target, summary);
    if (whole < length) {
      const rest = address + (<usize>whole << 2);
      countExponents(rest, length - whole, summary);
      summariseSlow(rest, length - whole, target + (<usize>whole >> 3), summary);
    }
  }
}

/**
 * @param count a multiple of 16
 * @returns false where a value is not finite: then only the exponents are counted
 */
function summariseFast(values: usize, count: i32, bits: usize, summary: usize): bool {
  const zero = f32x4.splat(0);
  const origin = <f64>load<f32>(values);
  const shift = f64x2.splat(origin);
  let low = v128.load(values);
  let high = low;
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  let kept: u32 = 0;
  const end = values + (<usize>count << 2);
  for (let p = values; p < end; p += 64, bits += 2) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    low = f32x4.pmin(low, f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d)));
    high = f32x4.pmax(high, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
    const ab = i16x8.narrow_i32x4_s(f32x4.ne(a, zero), f32x4.ne(b, zero));
    const cd = i16x8.narrow_i32x4_s(f32x4.ne(c, zero), f32x4.ne(d, zero));
    const mask = i8x16.bitmask(i8x16.narrow_i16x8_s(ab, cd));
    store<u16>(bits, <u16>mask);
    kept += popcnt<u32>(mask);

    let x = f64x2.sub(f64x2.promote_low_f32x4(a), shift);
    let y = f64x2.sub(f64x2.promote_low_f32x4(upper(a)), shift);
    sum0 = f64x2.add(sum0, x);
    sum1 = f64x2.add(sum1, y);
    square0 = f64x2.add(square0, f64x2.mul(x, x));
    square1 = f64x2.add(square1, f64x2.mul(y, y));
    countFour(p, summary);
    x = f64x2.sub(f64x2.promote_low_f32x4(b), shift);
    y = f64x2.sub(f64x2.promote_low_f32x4(upper(b)), shift);
    sum0 = f64x2.add(sum0, x);
    sum1 = f64x2.add(sum1, y);
    square0 = f64x2.add(square0, f64x2.mul(x, x));
    square1 = f64x2.add(square1, f64x2.mul(y, y));
    countFour(p + 16, summary);
    x = f64x2.sub(f64x2.promote_low_f32x4(c), shift);
    y = f64x2.sub(f64x2.promote_low_f32x4(upper(c)), shift);
    sum0 = f64x2.add(sum0, x);
    sum1 = f64x2.add(sum1, y);
    square0 = f64x2.add(square0, f64x2.mul(x, x));
    square1 = f64x2.add(square1, f64x2.mul(y, y));
    countFour(p + 32, summary);
    x = f64x2.sub(f64x2.promote_low_f32x4(d), shift);
    y = f64x2.sub(f64x2.promote_low_f32x4(upper(d)), shift);
    sum0 = f64x2.add(sum0, x);
    sum1 = f64x2.add(sum1, y);
    square0 = f64x2.add(square0, f64x2.mul(x, x));
    square1 = f64x2.add(square1, f64x2.mul(y, y));
    countFour(p + 48, summary);
  }
  const sums = f64x2.add(sum0, sum1);
  const squares = f64x2.add(square0, square1);
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  const square = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
  // the square of a float32 is far from the end of a double: only NaN and infinite values lead here
  if (!isFinite(square)) return false;
  const shifted = sum / <f64>count;
  mergeMoments(summary, <f64>count, origin + shifted, max<f64>(0, square - sum * shifted));
  low = f32x4.pmin(low, i32x4.shuffle(low, low, 2, 3, 0, 1));
  high = f32x4.pmax(high, i32x4.shuffle(high, high, 2, 3, 0, 1));
  mergeRange(summary, f32x4.extract_lane(low, 0), f32x4.extract_lane(high, 0));
  mergeRange(summary, f32x4.extract_lane(low, 1), f32x4.extract_lane(high, 1));
  store<u32>(summary, load<u32>(summary, zerosAt) + <u32>count - kept, zerosAt);
  return true;
}

// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return i32x4.shuffle(x, x, 2, 3, 2, 3);
}

/** Counts the exponents of four values, each in its own table. */
// @ts-ignore: decorator
@inline
function countFour(p: usize, summary: usize): void {
  const first = load<u64>(p);
  const second = load<u64>(p, 8);
  let slot = summary + (<usize>(first >> 21) & 0x3fc);
  store<u32>(slot, load<u32>(slot, exponentsAt) + 1, exponentsAt);
  slot = summary + (<usize>(first >> 53) & 0x3fc);
  store<u32>(slot, load<u32>(slot, exponentsAt + 1024) + 1, exponentsAt + 1024);
  slot = summary + (<usize>(second >> 21) & 0x3fc);
  store<u32>(slot, load<u32>(slot, exponentsAt + 2048) + 1, exponentsAt + 2048);
  slot = summary + (<usize>(second >> 53) & 0x3fc);
  store<u32>(slot, load<u32>(slot, exponentsAt + 3072) + 1, exponentsAt + 3072);
}

function countExponents(values: usize, count: i32, summary: usize): void {
  for (let i = 0; i < count; i++) {
    const slot = summary + ((load<u32>(values + (<usize>i << 2)) >> 21) & 0x3fc);
    store<u32>(slot, load<u32>(slot, exponentsAt) + 1, exponentsAt);
  }
}

/** All but the exponents; any values, any count. Moments in two passes. */
function summariseSlow(values: usize, count: i32, bits: usize, summary: usize): void {
  let finite = 0;
  let sum: f64 = 0;
  let zeros: u32 = 0;
  let nans: u32 = 0;
  let infinities: u32 = 0;
  let pending: u32 = 0;
  for (let i = 0; i < count; i++) {
    const x = load<f32>(values + (<usize>i << 2));
    if (x !== 0) pending |= 1 << (i & 15);
    else zeros++;
    if ((i & 15) === 15 || i === count - 1) {
      store<u16>(bits + ((<usize>i >> 4) << 1), <u16>pending);
      pending = 0;
    }
    if (isFinite(x)) {
      finite++;
      sum += <f64>x;
      mergeRange(summary, x, x);
    } else if (isNaN(x)) nans++;
    else infinities++;
  }
  store<u32>(summary, load<u32>(summary, zerosAt) + zeros, zerosAt);
  store<u32>(summary, load<u32>(summary, nansAt) + nans, nansAt);
  store<u32>(summary, load<u32>(summary, infinitiesAt) + infinities, infinitiesAt);
  if (finite === 0) return;
  const mean = sum / <f64>finite;
  let deviation: f64 = 0;
  for (let i = 0; i < count; i++) {
    const x = load<f32>(values + (<usize>i << 2));
    const difference = <f64>x - mean;
    if (isFinite(x)) deviation += difference * difference;
  }
  mergeMoments(summary, <f64>finite, mean, deviation);
}

function mergeRange(summary: usize, low: f32, high: f32): void {
  if (low < load<f32>(summary, minimumAt)) store<f32>(summary, low, minimumAt);
  if (high > load<f32>(summary, maximumAt)) store<f32>(summary, high, maximumAt);
}

/** The rule of Chan, Golub and LeVeque; the same as src/sparsity/moments.ts. */
function mergeMoments(summary: usize, n: f64, mean: f64, deviation: f64): void {
  const before = load<f64>(summary, finiteAt);
  const total = before + n;
  const difference = mean - load<f64>(summary, meanAt);
  store<f64>(summary, total, finiteAt);
  store<f64>(summary, load<f64>(summary, meanAt) + (difference * n) / total, meanAt);
  store<f64>(
    summary,
    load<f64>(summary, deviationAt) + deviation + (difference * difference * before * n) / total,
    deviationAt,
  );
}
