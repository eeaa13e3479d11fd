// Convolutions with all weights stored, directly. A kernel [kh·kw·in][out] lies in blocks of four outputs, as those of
// dense layers do. Sums run in order of the kernel's positions (forward) or of the outputs' (input gradient) in one chain
// per example, so that compressed kernels, which skip zeros, give the same bits.
//
// `pass` describes what is computed, u32 each:
// 0: table of rows, 4: table of columns: per position { start, end } of its runs in bytes from the table's address, each
//    run { byte offset in a panel of the source, byte offset in the weights, features }; offsets of row and column add up
// 8: bytes from a block of four outputs of the weights to the next
// 12: target: byte of its first pixel, 16: bytes of a row, 20: of a pixel; 24: height, 28: width, 32: channels
// 36: rows that are computed together for one block of channels
// 40: for input gradients, byte of the first pixel of the rectified input, 44: bytes of its rows
import { FEATURE, multiplyAdd, relu, wherePositive } from './panel';

/**
 * One panel: y = bias + x ∗ w; relu if `rectify`. Units are blocks of four outputs over a few rows, [begin, end) of
 * [part of the rows][block].
 * @param bias four for each block
 */
export function convForward(
  pass: usize, x: usize, w: usize, bias: usize, y: usize, begin: i32, end: i32, rectify: bool,
): void {
  const rows = <usize>load<u32>(pass), columns = <usize>load<u32>(pass, 4), stride = <usize>load<u32>(pass, 8);
  const rowBytes = <usize>load<u32>(pass, 16), pixelBytes = <usize>load<u32>(pass, 20);
  const height = <i32>load<u32>(pass, 24), width = <i32>load<u32>(pass, 28), channels = <i32>load<u32>(pass, 32);
  const together = <i32>load<u32>(pass, 36);
  const blocks = (channels + 3) >> 2;
  y += <usize>load<u32>(pass, 12);
  for (let unit = begin; unit < end; unit++) {
    const block = unit % blocks;
    const firstRow = unit / blocks * together;
    const lastRow = min(firstRow + together, height);
    const present = channels - (block << 2);
    const wBlock = w + <usize>block * stride;
    const b0 = v128.load_splat<f32>(bias + (<usize>block << 4), 0);
    const b1 = v128.load_splat<f32>(bias + (<usize>block << 4), 4);
    const b2 = v128.load_splat<f32>(bias + (<usize>block << 4), 8);
    const b3 = v128.load_splat<f32>(bias + (<usize>block << 4), 12);
    for (let row = firstRow; row < lastRow; row++) {
      const rowRuns = rows + <usize>load<u32>(rows + (<usize>row << 3));
      const rowEnd = rows + <usize>load<u32>(rows + (<usize>row << 3), 4);
      for (let column = 0; column < width; column++) {
        const columnRuns = columns + <usize>load<u32>(columns + (<usize>column << 3));
        const columnEnd = columns + <usize>load<u32>(columns + (<usize>column << 3), 4);
        const yp = y + <usize>row * rowBytes + <usize>column * pixelBytes + (<usize>block << 8);
        for (let half: usize = 0; half < FEATURE; half += 32) {
          let a00 = b0, a01 = b0, a10 = b1, a11 = b1, a20 = b2, a21 = b2, a30 = b3, a31 = b3;
          for (let rowRun = rowRuns; rowRun < rowEnd; rowRun += 12) {
            const xRow = x + <usize>load<u32>(rowRun) + half;
            const wRow = wBlock + <usize>load<u32>(rowRun, 4);
            for (let run = columnRuns; run < columnEnd; run += 12) {
              let xp = xRow + <usize>load<u32>(run);
              let wp = wRow + <usize>load<u32>(run, 4);
              for (const last = wp + (<usize>load<u32>(run, 8) << 4); wp < last; wp += 16, xp += FEATURE) {
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
            }
          }
          if (rectify) {
            a00 = relu(a00); a01 = relu(a01); a10 = relu(a10); a11 = relu(a11);
            a20 = relu(a20); a21 = relu(a21); a30 = relu(a30); a31 = relu(a31);
          }
          v128.store(yp + half, a00); v128.store(yp + half, a01, 16);
          if (present > 1) { v128.store(yp + half, a10, 64); v128.store(yp + half, a11, 80); }
          if (present > 2) { v128.store(yp + half, a20, 128); v128.store(yp + half, a21, 144); }
          if (present > 3) { v128.store(yp + half, a30, 192); v128.store(yp + half, a31, 208); }
        }
      }
    }
  }
}

/**
 * One panel: dx = dy ∗ wᵀ, added to what is in dx if `accumulate`. Units are blocks of four inputs over a few rows. Of
 * inputs that are no multiple of four, weights of others are read and what comes of them left.
 * @param rectified 0, or the relu output that the layer took: dx is 0 where it is not above 0
 */
export function convInputGradient(
  pass: usize, w: usize, dy: usize, dx: usize, rectified: usize, begin: i32, end: i32, accumulate: bool,
): void {
  const rows = <usize>load<u32>(pass), columns = <usize>load<u32>(pass, 4), stride = <usize>load<u32>(pass, 8);
  const rowBytes = <usize>load<u32>(pass, 16), pixelBytes = <usize>load<u32>(pass, 20);
  const height = <i32>load<u32>(pass, 24), width = <i32>load<u32>(pass, 28), channels = <i32>load<u32>(pass, 32);
  const together = <i32>load<u32>(pass, 36);
  const rectifiedRowBytes = <usize>load<u32>(pass, 44);
  const blocks = (channels + 3) >> 2;
  dx += <usize>load<u32>(pass, 12);
  const zero = f32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const block = unit % blocks;
    const firstRow = unit / blocks * together;
    const lastRow = min(firstRow + together, height);
    const present = channels - (block << 2);
    const wBlock = w + (<usize>block << 6);
    for (let row = firstRow; row < lastRow; row++) {
      const rowRuns = rows + <usize>load<u32>(rows + (<usize>row << 3));
      const rowEnd = rows + <usize>load<u32>(rows + (<usize>row << 3), 4);
      for (let column = 0; column < width; column++) {
        const columnRuns = columns + <usize>load<u32>(columns + (<usize>column << 3));
        const columnEnd = columns + <usize>load<u32>(columns + (<usize>column << 3), 4);
        const offset = <usize>column * pixelBytes + (<usize>block << 8);
        for (let half: usize = 0; half < FEATURE; half += 32) {
          const dxp = dx + <usize>row * rowBytes + offset + half;
          let a00 = zero, a01 = zero, a10 = zero, a11 = zero, a20 = zero, a21 = zero, a30 = zero, a31 = zero;
          if (accumulate) {
            a00 = v128.load(dxp); a01 = v128.load(dxp, 16);
            if (present > 1) { a10 = v128.load(dxp, 64); a11 = v128.load(dxp, 80); }
            if (present > 2) { a20 = v128.load(dxp, 128); a21 = v128.load(dxp, 144); }
            if (present > 3) { a30 = v128.load(dxp, 192); a31 = v128.load(dxp, 208); }
          }
          for (let rowRun = rowRuns; rowRun < rowEnd; rowRun += 12) {
            const dyRow = dy + <usize>load<u32>(rowRun) + half;
            const wRow = wBlock + <usize>load<u32>(rowRun, 4);
            for (let run = columnRuns; run < columnEnd; run += 12) {
              let dyp = dyRow + <usize>load<u32>(run);
              let wp = wRow + <usize>load<u32>(run, 4);
              for (let left = <i32>load<u32>(run, 8); left > 0; left -= 4, wp += stride) {
                const last = dyp + <usize>min(left, 4) * FEATURE;
                for (let wq = wp; dyp < last; dyp += FEATURE, wq += 4) {
                  const d0 = v128.load(dyp);
                  const d1 = v128.load(dyp, 16);
                  const w0 = v128.load_splat<f32>(wq);
                  a00 = multiplyAdd(a00, w0, d0);
                  a01 = multiplyAdd(a01, w0, d1);
                  const w1 = v128.load_splat<f32>(wq, 16);
                  a10 = multiplyAdd(a10, w1, d0);
                  a11 = multiplyAdd(a11, w1, d1);
                  const w2 = v128.load_splat<f32>(wq, 32);
                  a20 = multiplyAdd(a20, w2, d0);
                  a21 = multiplyAdd(a21, w2, d1);
                  const w3 = v128.load_splat<f32>(wq, 48);
                  a30 = multiplyAdd(a30, w3, d0);
                  a31 = multiplyAdd(a31, w3, d1);
                }
              }
            }
          }
          if (rectified) {
            const xp = rectified + <usize>load<u32>(pass, 40) + <usize>row * rectifiedRowBytes + offset + half;
            a00 = wherePositive(a00, v128.load(xp)); a01 = wherePositive(a01, v128.load(xp, 16));
            a10 = wherePositive(a10, v128.load(xp, 64)); a11 = wherePositive(a11, v128.load(xp, 80));
            a20 = wherePositive(a20, v128.load(xp, 128)); a21 = wherePositive(a21, v128.load(xp, 144));
            a30 = wherePositive(a30, v128.load(xp, 192)); a31 = wherePositive(a31, v128.load(xp, 208));
          }
          v128.store(dxp, a00); v128.store(dxp, a01, 16);
          if (present > 1) { v128.store(dxp, a10, 64); v128.store(dxp, a11, 80); }
          if (present > 2) { v128.store(dxp, a20, 128); v128.store(dxp, a21, 144); }
          if (present > 3) { v128.store(dxp, a30, 192); v128.store(dxp, a31, 208); }
        }
      }
    }
  }
}
