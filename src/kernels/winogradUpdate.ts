// Winograd's F(4×4, 3×3): filters into their transform, and the gradient of the filters, summed over tiles and examples in
// the transform, with the optimiser's update.
import { FEATURE, multiplyAdd, sumLanes } from './panel';
import { updateBias, updateWeights } from './update';
import { GAP, POINTS, tileAt, transformInput, WORKSPACE } from './winograd';
import { filterGradientLine, filterLine, outputGradientLine } from './winogradLines';

/**
 * G w Gᵀ of the output blocks [begin, end).
 * @param w kernel, [block][row, column, input][4], blocks `wBlock` bytes apart
 * @param u [point][block][input][4], points `uPoint` bytes apart
 * @param flipped the same of the filters turned by 180° and from outputs to inputs, [point][block of inputs][output][4]; 0:
 * not wanted
 */
export function winogradFilters(
  w: usize, wBlock: usize, inputs: u32, u: usize, uPoint: usize, flipped: usize, flippedPoint: usize, begin: u32, end: u32,
  workspace: usize,
): void {
  const tap = <usize>inputs << 4;
  for (let block = begin; block < end; block++) {
    for (let i: usize = 0; i < tap; i += 16) {
      const from = w + <usize>block * wBlock + i;
      const to = u + <usize>block * tap + i;
      for (let r: usize = 0; r < 3; r++) filterLine(from + 3 * r * tap, tap, workspace + r * 96, 16);
      for (let k: usize = 0; k < 6; k++) filterLine(workspace + k * 16, 96, to + k * uPoint, 6 * uPoint);
    }
    if (!flipped) continue;
    for (let p: usize = 0; p < POINTS; p++) {
      const from = u + (inverse(p / 6) * 6 + inverse(p % 6)) * uPoint + <usize>block * tap;
      transpose(from, inputs, flipped + p * flippedPoint + (<usize>block << 6), flippedPoint / ((inputs + 3) >> 2));
    }
  }
}

/** The point where a filter takes the value that its flipped form takes here: 1/p. 0 ↔ ∞, √½ ↔ √2, −√½ ↔ −√2. */
// @ts-ignore: decorator
@inline
function inverse(point: usize): usize {
  return point == 0 ? 5 : point == 5 ? 0 : point < 3 ? point + 2 : point - 2;
}

/** [input][4 outputs] to [block of inputs][4 outputs][4 inputs], blocks `stride` bytes apart; inputs past the last are any. */
function transpose(from: usize, inputs: u32, to: usize, stride: usize): void {
  for (let i: u32 = 0; i < inputs; i += 4, from += 64, to += stride) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2));
    v128.store(to, v128.shuffle<f64>(ab, cd, 1, 3), 16);
    v128.store(to, v128.shuffle<f64>(abHigh, cdHigh, 0, 2), 32);
    v128.store(to, v128.shuffle<f64>(abHigh, cdHigh, 1, 3), 48);
  }
}

// `pass`, u32 each:
// 0: inputs, 4: outputs, 8: tiles in a row, 12: tiles of a panel; bytes of 16: a row, 20: a pixel of the inputs, 24, 28: of
// the output's gradient; 32: tiles at a time; 36: bytes of one point of the sums, [block][input][4]

/**
 * dU[point][block][input][4] = Σ V · (A dY Aᵀ) over tiles [first, last), for the output blocks [begin, end); behind it
 * Σ dY, [block][4][4 partial sums].
 * @param x of the first tile's first input, @param dy of the image's first pixel
 */
export function winogradGradient(
  pass: usize, x: usize, xPanel: usize, dy: usize, dyPanel: usize, sums: usize, first: u32, last: u32, begin: u32, end: u32,
  scratch: usize,
): void {
  const inputs = <usize>load<u32>(pass), outputs = load<u32>(pass, 4);
  const row = <usize>load<u32>(pass, 16), pixel = <usize>load<u32>(pass, 20);
  const dyRow = <usize>load<u32>(pass, 24), dyPixel = <usize>load<u32>(pass, 28);
  const chunk = load<u32>(pass, 32);
  const point = <usize>load<u32>(pass, 36);
  // tiles lie inside channels here, so that a sum over tiles reads on
  const vChannel = <usize>chunk * FEATURE, vPoint = inputs * vChannel + GAP;
  const dBlock: usize = 4 * vChannel, dPoint = <usize>(end - begin) * dBlock + GAP;
  const v = scratch + WORKSPACE, d = v + POINTS * vPoint;
  const biases = sums + POINTS * point;
  for (let at = first; at < last; at += chunk) {
    const tiles = min(chunk, last - at);
    const isFirst = at == first;
    for (let t: u32 = 0; t < tiles; t++) {
      const xTile = tileAt(x, at + t, pass, xPanel, row, pixel);
      transformInput(xTile, row, pixel, inputs, v + <usize>t * FEATURE, vPoint, vChannel, scratch);
      const dyTile = tileAt(dy, at + t, pass, dyPanel, dyRow, dyPixel);
      const keep = !isFirst || t > 0;
      for (let c = begin << 2; c < end << 2; c++) {
        const k = <usize>(c - (begin << 2));
        const to = d + (k >> 2) * dBlock + (<usize>t << 8) + ((k & 3) << 4);
        const bias = biases + (<usize>c << 4);
        if (c < outputs) {
          const sum = transformGradient(dyTile + <usize>c * FEATURE, dyRow, dyPixel, to, dPoint, scratch);
          v128.store(bias, keep ? f32x4.add(v128.load(bias), sum) : sum);
        } else {
          clear(to, dPoint);
          v128.store(bias, f32x4.splat(0));
        }
      }
    }
    for (let p: usize = 0; p < POINTS; p++) {
      for (let block = begin; block < end; block++) {
        const to = sums + p * point + <usize>block * (inputs << 4);
        accumulate(v + p * vPoint, vChannel, d + p * dPoint + <usize>(block - begin) * dBlock, <u32>inputs, tiles, to, isFirst);
      }
    }
  }
}

/** A dY Aᵀ of one channel of a tile. Returns four partial sums of dY. */
// @ts-ignore: decorator
@inline
function transformGradient(dy: usize, row: usize, pixel: usize, d: usize, dPoint: usize, workspace: usize): v128 {
  let sum = f32x4.splat(0);
  for (let r: usize = 0; r < 4; r++) {
    const line = dy + r * row;
    for (let q: usize = 0; q < FEATURE; q += 16) {
      const at = line + q;
      const left = f32x4.add(v128.load(at), v128.load(at + pixel));
      sum = f32x4.add(sum, f32x4.add(left, f32x4.add(v128.load(at + 2 * pixel), v128.load(at + 3 * pixel))));
    }
    outputGradientLine(line, pixel, workspace + r * 6 * FEATURE, FEATURE, 16);
  }
  for (let k: usize = 0; k < 6; k++) {
    outputGradientLine(workspace + k * FEATURE, 6 * FEATURE, d + k * dPoint, 6 * dPoint, 4 * 16);
  }
  return sum;
}

/** 0 for a channel that only fills up a block of four. */
function clear(d: usize, dPoint: usize): void {
  for (let p: usize = 0; p < POINTS; p++, d += dPoint) {
    for (let four: usize = 0; four < 4 * FEATURE; four += 64) v128.store(d + four, f32x4.splat(0));
  }
}

/** One point: to[input][4] (+)= Σ v · d over tiles and lanes. @param v [input][tile][16], @param d [tile][16 / 4][output][4] */
function accumulate(v: usize, vChannel: usize, d: usize, inputs: u32, tiles: u32, to: usize, isFirst: bool): void {
  const last = d + (<usize>tiles << 8);
  for (let i: u32 = 0; i < inputs; i += 2, v += 2 * vChannel, to += 32) {
    const isPair = i + 1 < inputs;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
    let x0p = v, x1p = isPair ? v + vChannel : v;
    for (let dp = d; dp < last; dp += 64, x0p += 16, x1p += 16) {
      const x0 = v128.load(x0p);
      const x1 = v128.load(x1p);
      const d0 = v128.load(dp);
      a0 = multiplyAdd(a0, d0, x0);
      c0 = multiplyAdd(c0, d0, x1);
      const d1 = v128.load(dp, 16);
      a1 = multiplyAdd(a1, d1, x0);
      c1 = multiplyAdd(c1, d1, x1);
      const d2 = v128.load(dp, 32);
      a2 = multiplyAdd(a2, d2, x0);
      c2 = multiplyAdd(c2, d2, x1);
      const d3 = v128.load(dp, 48);
      a3 = multiplyAdd(a3, d3, x0);
      c3 = multiplyAdd(c3, d3, x1);
    }
    const a = sumLanes(a0, a1, a2, a3);
    v128.store(to, isFirst ? a : f32x4.add(v128.load(to), a));
    if (!isPair) continue;
    const c = sumLanes(c0, c1, c2, c3);
    v128.store(to, isFirst ? c : f32x4.add(v128.load(to, 16), c), 16);
  }
}

/**
 * Adds the shards of dU in order, transforms them back, dW = Gᵀ dU G, and updates kernel and biases of the output blocks
 * [begin, end).
 * @param sums of the first shard, shards `shardBytes` apart; @param wBlock bytes of a block of the kernel
 */
export function winogradUpdate(
  pass: usize, sums: usize, shards: u32, shardBytes: usize, wBlock: usize, begin: u32, end: u32, layer: usize, settings: usize,
  scratch: usize,
): void {
  const inputs = <usize>load<u32>(pass), point = <usize>load<u32>(pass, 36);
  const tap = inputs << 4;
  const half = scratch + POINTS * 16, gradient = half + 18 * 16;
  for (let block = begin; block < end; block++) {
    for (let i: usize = 0; i < tap; i += 16) {
      const from = sums + <usize>block * tap + i;
      for (let p: usize = 0; p < POINTS; p++) v128.store(scratch + (p << 4), sumShards(from + p * point, shards, shardBytes));
      for (let r: usize = 0; r < 6; r++) filterGradientLine(scratch + r * 96, 16, half + r * 48, 16);
      for (let k: usize = 0; k < 3; k++) filterGradientLine(half + k * 16, 48, gradient + k * tap + i, 3 * tap);
    }
    memory.fill(gradient + 9 * tap, 0, wBlock - 9 * tap);
    const biases = sums + POINTS * point + (<usize>block << 6);
    const bias = sumLanes(
      sumShards(biases, shards, shardBytes), sumShards(biases + 16, shards, shardBytes),
      sumShards(biases + 32, shards, shardBytes), sumShards(biases + 48, shards, shardBytes),
    );
    const weights = updateWeights(layer, settings, gradient, <usize>block * wBlock, <i32>(wBlock >> 2), true);
    updateBias(layer, settings, bias, weights, block);
  }
}

// @ts-ignore: decorator
@inline
function sumShards(at: usize, shards: u32, shardBytes: usize): v128 {
  let sum = v128.load(at);
  for (let shard: u32 = 1; shard < shards; shard++) sum = f32x4.add(sum, v128.load(at + <usize>shard * shardBytes));
  return sum;
}
