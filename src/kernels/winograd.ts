// Winograd's F(4×4, 3×3) for 3×3 convolutions of stride 1: forward pass and input gradient. A tile is 4×4 outputs of one
// panel and the 6×6 inputs they see. Each of the 36 points is a matrix product of its own over channels:
// M[point][tile][output] = Σ_input U[point][output][input] · V[point][tile][input].
import { FEATURE, multiplyAdd, relu, wherePositive } from './panel';
import { inputLine, output0, output1, output2, output3, outputLine } from './winogradLines';

// `pass`, u32 each: what is the same for all tiles of a pass.
// 0: channels summed over, 4: channels written, 8: tiles in a row, 12: tiles of a panel, 16: rows and 20: columns of the
// image written; bytes of 24: a row, 28: a pixel of the image read; 32, 36: of the image written; 40: of a row of the
// rectified image; 44: transformed filters, [point][block][channel summed over][4], 48: bytes of one
// point of them, 52: of a block; 56: tiles
// and 60: blocks of four channels written at a time
// Tiles are numbered through all panels; panels lie `xPanel` bytes and so on apart.

export const POINTS: usize = 36;

/** 6×6 features between the two halves of a transform: the start of the scratch. */
export const WORKSPACE: usize = POINTS * FEATURE;

/**
 * Bytes behind each point's values. Without them the 36 values of a channel would lie apart by powers of two, in one set of
 * the first-level cache.
 */
export const GAP: usize = FEATURE;

/** Bᵀ d B of the tile at x, all channels. @param v of channel 0, point 0 */
export function transformInput(
  x: usize, row: usize, pixel: usize, channels: usize, v: usize, vPoint: usize, vChannel: usize, workspace: usize,
): void {
  for (let c: usize = 0; c < channels; c++, x += FEATURE, v += vChannel) {
    for (let r: usize = 0; r < 6; r++) inputLine(x + r * row, pixel, workspace + r * 6 * FEATURE, FEATURE);
    for (let k: usize = 0; k < 6; k++) inputLine(workspace + k * FEATURE, 6 * FEATURE, v + k * vPoint, 6 * vPoint);
  }
}

/** y = x ⋆ w + bias of the tiles [begin, end); relu if `rectify`. @param x of the first tile's first input */
export function winogradForward(
  pass: usize, x: usize, xPanel: usize, y: usize, yPanel: usize, bias: usize, begin: u32, end: u32, rectify: bool,
  scratch: usize,
): void {
  run(false, pass, x, xPanel, y, yPanel, bias, rectify, 0, 0, begin, end, scratch);
}

/**
 * The same of dy with flipped filters, from output channels to input channels. Adds to dx if `accumulate`; where
 * `rectified` is not 0 it is the relu output that the layer took, and dx is 0 where it is not above 0.
 */
export function winogradInputGradient(
  pass: usize, dy: usize, dyPanel: usize, dx: usize, dxPanel: usize, rectified: usize, rectifiedPanel: usize, begin: u32,
  end: u32, accumulate: bool, scratch: usize,
): void {
  run(true, pass, dy, dyPanel, dx, dxPanel, 0, accumulate, rectified, rectifiedPanel, begin, end, scratch);
}

/** Where a tile lies in an image. */
// @ts-ignore: decorator
@inline
export function tileAt(image: usize, tile: u32, pass: usize, panel: usize, row: usize, pixel: usize): usize {
  const perRow = load<u32>(pass, 8), perPanel = load<u32>(pass, 12);
  const inPanel = tile % perPanel;
  const down = <usize>(inPanel / perRow) << 2, across = <usize>(inPanel % perRow) << 2;
  return image + <usize>(tile / perPanel) * panel + down * row + across * pixel;
}

// @ts-ignore: decorator
@inline
function run(
  gradient: bool, pass: usize, x: usize, xPanel: usize, y: usize, yPanel: usize, bias: usize, flag: bool, rectified: usize,
  rectifiedPanel: usize, begin: u32, end: u32, scratch: usize,
): void {
  const channels = <usize>load<u32>(pass), written = load<u32>(pass, 4);
  const row = <usize>load<u32>(pass, 24), pixel = <usize>load<u32>(pass, 28);
  const u = <usize>load<u32>(pass, 44), uPoint = <usize>load<u32>(pass, 48), uBlock = <usize>load<u32>(pass, 52);
  const chunk = load<u32>(pass, 56), group = load<u32>(pass, 60);
  const blocks = (written + 3) >> 2;
  const vTile = channels * FEATURE, vPoint = <usize>chunk * vTile + GAP;
  const mTile = <usize>group * 4 * FEATURE, mPoint = <usize>chunk * mTile + GAP;
  const v = scratch + WORKSPACE, m = v + POINTS * vPoint;
  for (let first = begin; first < end; first += chunk) {
    const tiles = min(chunk, end - first);
    for (let t: u32 = 0; t < tiles; t++) {
      const tile = tileAt(x, first + t, pass, xPanel, row, pixel);
      transformInput(tile, row, pixel, channels, v + <usize>t * vTile, vPoint, FEATURE, scratch);
    }
    for (let block: u32 = 0; block < blocks; block += group) {
      const count = min(group, blocks - block);
      for (let p: usize = 0; p < POINTS; p++) {
        const vp = v + p * vPoint, mp = m + p * mPoint;
        product(u + p * uPoint + <usize>block * uBlock, uBlock, vp, vTile, mp, mTile, count, tiles);
      }
      const channel = block << 2;
      const outputs = min(count << 2, written - channel);
      for (let t: u32 = 0; t < tiles; t++) {
        const tile = first + t;
        const yPixel = <usize>load<u32>(pass, 36), inPixel = <usize>channel * FEATURE;
        const to = tileAt(y, tile, pass, yPanel, load<u32>(pass, 32), yPixel) + inPixel;
        let source: usize = 0;
        if (gradient && rectified) {
          source = tileAt(rectified, tile, pass, rectifiedPanel, load<u32>(pass, 40), yPixel) + inPixel;
        }
        const start = bias + (<usize>channel << 2);
        transformOutput(gradient, pass, m + <usize>t * mTile, mPoint, to, start, flag, source, tile, outputs, scratch);
      }
    }
  }
}

/** One point: m[tile][output] = Σ u[output][input] · v[tile][input]. @param u blocks of four outputs, [block][input][4] */
function product(
  u: usize, uBlock: usize, v: usize, vTile: usize, m: usize, mTile: usize, blocks: u32, tiles: u32,
): void {
  const bytes = vTile >> 2;
  for (let block: u32 = 0; block < blocks; block++, u += uBlock, m += 4 * FEATURE) {
    let vp = v, mp = m;
    for (let t: u32 = 0; t < tiles; t++, vp += vTile, mp += mTile) {
      for (let half: usize = 0; half < FEATURE; half += 32) {
        let a00 = f32x4.splat(0), a01 = a00, a10 = a00, a11 = a00, a20 = a00, a21 = a00, a30 = a00, a31 = a00;
        let xp = vp + half;
        for (let wp = u, last = u + bytes; wp < last; wp += 16, xp += FEATURE) {
          const x0 = v128.load(xp);
          const x1 = v128.load(xp, 16);
          const w0 = v128.load_splat<f32>(wp);
          a00 = multiplyAdd(a00, w0, x0);
          a01 = multiplyAdd(a01, w0, x1);
          const w1 = v128.load_splat<f32>(wp, 4);
          a10 = multiplyAdd(a10, w1, x0);
          a11 = multiplyAdd(a11, w1, x1);
          const w2 = v128.load_splat<f32>(wp, 8);
          a20 = multiplyAdd(a20, w2, x0);
          a21 = multiplyAdd(a21, w2, x1);
          const w3 = v128.load_splat<f32>(wp, 12);
          a30 = multiplyAdd(a30, w3, x0);
          a31 = multiplyAdd(a31, w3, x1);
        }
        const out = mp + half;
        v128.store(out, a00); v128.store(out, a01, 16);
        v128.store(out, a10, 64); v128.store(out, a11, 80);
        v128.store(out, a20, 128); v128.store(out, a21, 144);
        v128.store(out, a30, 192); v128.store(out, a31, 208);
      }
    }
  }
}

/** Aᵀ m A of `outputs` channels of a tile and what follows it, at `to`; only inside the image. @param bias of the first */
// @ts-ignore: decorator
@inline
function transformOutput(
  gradient: bool, pass: usize, m: usize, mPoint: usize, to: usize, bias: usize, flag: bool, source: usize, tile: u32,
  outputs: u32, workspace: usize,
): void {
  const inPanel = tile % load<u32>(pass, 12), perRow = load<u32>(pass, 8);
  const rows = min(4, load<u32>(pass, 16) - (inPanel / perRow << 2));
  const columns = min(4, load<u32>(pass, 20) - (inPanel % perRow << 2));
  const row = <usize>load<u32>(pass, 32), pixel = <usize>load<u32>(pass, 36), sourceRow = <usize>load<u32>(pass, 40);
  for (let c: u32 = 0; c < outputs; c++, m += FEATURE, to += FEATURE, bias += 4) {
    const start = gradient ? f32x4.splat(0) : v128.load_splat<f32>(bias);
    for (let k: usize = 0; k < 6; k++) outputLine(m + k * mPoint, 6 * mPoint, workspace + k * FEATURE, 6 * FEATURE);
    for (let r: u32 = 0; r < rows; r++) {
      for (let q: usize = 0; q < FEATURE; q += 16) {
        const from = workspace + <usize>r * 6 * FEATURE + q;
        const m1 = v128.load(from, 64), m2 = v128.load(from, 128), m3 = v128.load(from, 192), m4 = v128.load(from, 256);
        const near = f32x4.add(m1, m2), nearOdd = f32x4.sub(m1, m2);
        const far = f32x4.add(m3, m4), farOdd = f32x4.sub(m3, m4);
        const out = to + <usize>r * row + q;
        const positive = source ? source + <usize>r * sourceRow + q : 0;
        finish(gradient, out, output0(v128.load(from), near, far), start, flag, positive);
        if (columns > 1) {
          finish(gradient, out + pixel, output1(nearOdd, farOdd), start, flag, positive ? positive + pixel : 0);
        }
        if (columns > 2) {
          finish(gradient, out + 2 * pixel, output2(near, far), start, flag, positive ? positive + 2 * pixel : 0);
        }
        if (columns > 3) {
          const last = output3(v128.load(from, 320), nearOdd, farOdd);
          finish(gradient, out + 3 * pixel, last, start, flag, positive ? positive + 3 * pixel : 0);
        }
      }
    }
    if (source) source += FEATURE;
  }
}

// @ts-ignore: decorator
@inline
function finish(gradient: bool, to: usize, value: v128, start: v128, flag: bool, positive: usize): void {
  let result = value;
  if (gradient) {
    if (flag) result = f32x4.add(v128.load(to), result);
    if (positive) result = wherePositive(result, v128.load(positive));
  } else {
    result = f32x4.add(result, start);
    if (flag) result = relu(result);
  }
  v128.store(to, result);
}
