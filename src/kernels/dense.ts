// Dense layers with all weights stored. Kernels lie in blocks of four outputs: [block][input][4], inputs padded to a
// multiple of four, outputs too, padding 0. Sums over inputs (forward) and outputs (input gradient) run in order of
// index in one chain per example, so that a compressed kernel that skips zeros gives the same bits.
import { FEATURE, multiplyAdd, relu, sumLanes, wherePositive } from './panel';
import { biasGradient, updateBias, updateWeights } from './update';

/**
 * One panel: y[o] = bias[o] + Σ_i w[o][i] · x[i] for the output blocks [begin, end); relu if `rectify`.
 * @param x [inputs][16], @param y [outputs][16], @param stride bytes of one block of the kernel
 * @param list the inputs to take: those that are not 0 in the whole panel, as listActive writes them, or all
 */
export function denseForward(
  x: usize, list: usize, w: usize, bias: usize, y: usize, stride: usize, begin: i32, end: i32, rectify: bool,
): void {
  const listEnd = list + 4 + (<usize>load<u32>(list) << 2);
  for (let block = begin; block < end; block++) {
    const wBlock = w + <usize>block * stride;
    const b0 = v128.load_splat<f32>(bias + (<usize>block << 4), 0);
    const b1 = v128.load_splat<f32>(bias + (<usize>block << 4), 4);
    const b2 = v128.load_splat<f32>(bias + (<usize>block << 4), 8);
    const b3 = v128.load_splat<f32>(bias + (<usize>block << 4), 12);
    for (let half: usize = 0; half < FEATURE; half += 32) {
      let a00 = b0, a01 = b0, a10 = b1, a11 = b1, a20 = b2, a21 = b2, a30 = b3, a31 = b3;
      for (let at = list + 4; at < listEnd; at += 4) {
        const input = <usize>load<u32>(at);
        const wp = wBlock + input;
        const xp = x + half + (input << 2);
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
      if (rectify) {
        a00 = relu(a00); a01 = relu(a01); a10 = relu(a10); a11 = relu(a11);
        a20 = relu(a20); a21 = relu(a21); a30 = relu(a30); a31 = relu(a31);
      }
      const yp = y + (<usize>block << 8) + half;
      v128.store(yp, a00); v128.store(yp, a01, 16);
      v128.store(yp, a10, 64); v128.store(yp, a11, 80);
      v128.store(yp, a20, 128); v128.store(yp, a21, 144);
      v128.store(yp, a30, 192); v128.store(yp, a31, 208);
    }
  }
}

/**
 * One panel: dx[i] = Σ_o w[o][i] · dy[o] for blocks of four inputs [begin, end), on top of what is there if `accumulate`.
 * Where `rectified` is not 0 it is the relu output x that the layer took, and dx is 0 where x is not above 0.
 */
export function denseInputGradient(
  w: usize, dy: usize, dx: usize, rectified: usize, outputs: i32, stride: usize, begin: i32, end: i32, accumulate: bool,
): void {
  for (let block = begin; block < end; block++) {
    for (let half: usize = 0; half < FEATURE; half += 32) {
      let a00 = f32x4.splat(0), a01 = a00, a10 = a00, a11 = a00, a20 = a00, a21 = a00, a30 = a00, a31 = a00;
      const offset = (<usize>block << 8) + half;
      if (accumulate) {
        const old = dx + offset;
        a00 = v128.load(old); a01 = v128.load(old, 16);
        a10 = v128.load(old, 64); a11 = v128.load(old, 80);
        a20 = v128.load(old, 128); a21 = v128.load(old, 144);
        a30 = v128.load(old, 192); a31 = v128.load(old, 208);
      }
      let dyp = dy + half;
      let wBlock = w + (<usize>block << 6);
      for (let o = 0; o < outputs; o++) {
        const wp = wBlock + ((<usize>o & 3) << 2);
        if ((o & 3) == 3) wBlock += stride;
        const d0 = v128.load(dyp);
        const d1 = v128.load(dyp, 16);
        const w0 = v128.load_splat<f32>(wp);
        a00 = multiplyAdd(a00, w0, d0);
        a01 = multiplyAdd(a01, w0, d1);
        const w1 = v128.load_splat<f32>(wp, 16);
        a10 = multiplyAdd(a10, w1, d0);
        a11 = multiplyAdd(a11, w1, d1);
        const w2 = v128.load_splat<f32>(wp, 32);
        a20 = multiplyAdd(a20, w2, d0);
        a21 = multiplyAdd(a21, w2, d1);
        const w3 = v128.load_splat<f32>(wp, 48);
        a30 = multiplyAdd(a30, w3, d0);
        a31 = multiplyAdd(a31, w3, d1);
        dyp += FEATURE;
      }
      if (rectified) {
        const xp = rectified + offset;
        a00 = wherePositive(a00, v128.load(xp)); a01 = wherePositive(a01, v128.load(xp, 16));
        a10 = wherePositive(a10, v128.load(xp, 64)); a11 = wherePositive(a11, v128.load(xp, 80));
        a20 = wherePositive(a20, v128.load(xp, 128)); a21 = wherePositive(a21, v128.load(xp, 144));
        a30 = wherePositive(a30, v128.load(xp, 192)); a31 = wherePositive(a31, v128.load(xp, 208));
      }
      const dxp = dx + offset;
      v128.store(dxp, a00); v128.store(dxp, a01, 16);
      v128.store(dxp, a10, 64); v128.store(dxp, a11, 80);
      v128.store(dxp, a20, 128); v128.store(dxp, a21, 144);
      v128.store(dxp, a30, 192); v128.store(dxp, a31, 208);
    }
  }
}

/**
 * All panels: weight gradient of the output blocks [begin, end) and at once the optimiser's update of kernel and bias,
 * so that no gradient buffer is ever written out.
 * @param x [panels][inputs][16], panels `xStride` bytes apart; @param dy likewise
 * @param w kernel; its optimiser state, mask and the rest of the layer's update lie in `layer` (see update.ts)
 * @param pairs a byte for each two inputs of a panel, 0 where both are 0 in the whole panel, panels `pairStride` bytes
 * apart; 0: take all
 * @param scratch gradient of one block, [inputs][4], private to the thread
 */
export function denseUpdate(
  x: usize, xStride: usize, dy: usize, dyStride: usize, panels: i32, inputs: i32, stride: usize,
  pairs: usize, pairStride: usize, begin: i32, end: i32, layer: usize, settings: usize, scratch: usize,
): void {
  for (let block = begin; block < end; block++) {
    const dyBlock = dy + (<usize>block << 8);
    const bias = biasGradient(dyBlock, dyStride, panels);
    const shifted = f32x4.mul(v128.load_splat<f32>(layer, 32), bias);
    for (let i = 0; i < inputs; i += 2) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
      let xp = x + <usize>i * FEATURE;
      let dyp = dyBlock;
      let pair = pairs + (<usize>i >> 1);
      for (let panel = 0; panel < panels; panel++, xp += xStride, dyp += dyStride, pair += pairStride) {
        if (pairs && !load<u8>(pair)) continue;
        for (let g: usize = 0; g < FEATURE; g += 16) {
          const x0 = v128.load(xp + g);
          const x1 = v128.load(xp + g, 64);
          const d0 = v128.load(dyp + g);
          a0 = multiplyAdd(a0, d0, x0);
          c0 = multiplyAdd(c0, d0, x1);
          const d1 = v128.load(dyp + g, 64);
          a1 = multiplyAdd(a1, d1, x0);
          c1 = multiplyAdd(c1, d1, x1);
          const d2 = v128.load(dyp + g, 128);
          a2 = multiplyAdd(a2, d2, x0);
          c2 = multiplyAdd(c2, d2, x1);
          const d3 = v128.load(dyp + g, 192);
          a3 = multiplyAdd(a3, d3, x0);
          c3 = multiplyAdd(c3, d3, x1);
        }
      }
      const out = scratch + (<usize>i << 4);
      v128.store(out, f32x4.add(sumLanes(a0, a1, a2, a3), shifted));
      v128.store(out, f32x4.add(sumLanes(c0, c1, c2, c3), shifted), 16);
    }
    const weights = updateWeights(layer, settings, scratch, <usize>block * stride, <i32>(stride >> 2), true);
    updateBias(layer, settings, bias, weights, block);
  }
}
