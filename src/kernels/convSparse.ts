// Convolutions of which only the kept weights are stored: per output channel a row of (row, column, channel) of the kernel
// in rising order. Cost is in proportion to kept weights. Two pixels at once share each weight; where one is left over,
// it is computed twice. Rows start at a multiple of four as those of sparse.ts do, and round as conv.ts does.
import { multiplyAdd, relu, wherePositive } from './panel';

/**
 * One panel: y = bias + x ∗ w for output rows [begin, end).
 * @param pass u32: 0: rows { first slot, count } of 8 bytes, 4: byte offset of each slot's input from the first tap
 * 8: byte of output 0's first tap, 12: bytes it moves from an output row to the next, 16: from a column to the next
 * 20: byte of the first output pixel, 24: bytes of an output row, 28: of a pixel; 32: columns, 36: channels
 */
export function convSparseForward(
  pass: usize, x: usize, w: usize, bias: usize, y: usize, begin: i32, end: i32, rectify: bool,
): void {
  const rows = <usize>load<u32>(pass), offsets = <usize>load<u32>(pass, 4);
  const xColumn = <usize>load<u32>(pass, 16), yColumn = <usize>load<u32>(pass, 28);
  const width = <i32>load<u32>(pass, 32);
  const rowsEnd = rows + (<usize>load<u32>(pass, 36) << 3);
  for (let row = begin; row < end; row++) {
    let xp = x + <usize>load<u32>(pass, 8) + <usize>row * <usize>load<u32>(pass, 12);
    let yp = y + <usize>load<u32>(pass, 20) + <usize>row * <usize>load<u32>(pass, 24);
    for (let column = 0; column < width; column += 2, xp += xColumn << 1, yp += yColumn << 1) {
      const pair = column + 1 < width;
      const xNext = pair ? xColumn : 0;
      let y0 = yp, y1 = yp + (pair ? yColumn : 0), start = bias;
      for (let at = rows; at < rowsEnd; at += 8, y0 += 64, y1 += 64, start += 4) {
        let slot = <usize>load<u32>(at) << 2;
        const last = slot + (<usize>load<u32>(at, 4) << 2);
        let a0 = v128.load_splat<f32>(start), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
        for (; slot < last; slot += 4) {
          const x0 = xp + <usize>load<u32>(offsets + slot);
          const x1 = x0 + xNext;
          const weight = v128.load_splat<f32>(w + slot);
          a0 = multiplyAdd(a0, weight, v128.load(x0));
          a1 = multiplyAdd(a1, weight, v128.load(x0, 16));
          a2 = multiplyAdd(a2, weight, v128.load(x0, 32));
          a3 = multiplyAdd(a3, weight, v128.load(x0, 48));
          c0 = multiplyAdd(c0, weight, v128.load(x1));
          c1 = multiplyAdd(c1, weight, v128.load(x1, 16));
          c2 = multiplyAdd(c2, weight, v128.load(x1, 32));
          c3 = multiplyAdd(c3, weight, v128.load(x1, 48));
        }
        if (rectify) {
          a0 = relu(a0); a1 = relu(a1); a2 = relu(a2); a3 = relu(a3);
          c0 = relu(c0); c1 = relu(c1); c2 = relu(c2); c3 = relu(c3);
        }
        v128.store(y0, a0); v128.store(y0, a1, 16); v128.store(y0, a2, 32); v128.store(y0, a3, 48);
        v128.store(y1, c0); v128.store(y1, c1, 16); v128.store(y1, c2, 32); v128.store(y1, c3, 48);
      }
    }
  }
}

/**
 * One panel: dx = dy ∗ wᵀ for input rows [begin, end), added to what is in dx if `accumulate`.
 * Pixels whose coordinates leave the same remainders by the strides are reached by the same taps.
 * @param pass u32: 0: per remainder of row, of column and per channel { first entry, count } of 8 bytes
 * 4: entries { byte offset of the weight, byte offset of the output from that of tap 0, which is not above 0 }
 * 8: byte of the first output pixel, 12: bytes of an output row, 16: of a pixel
 * 20: byte of the first input pixel, 24: bytes of an input row, 28: of a pixel; 32: columns, 36: channels
 * 40: stride of rows, 44: of columns; 48: zeros above the input, 52: to its left
 * 56: byte of the first pixel of the rectified input, 60: bytes of its rows
 * @param rectified 0, or the relu output that the layer took: dx is 0 where it is not above 0
 */
export function convSparseInputGradient(
  pass: usize, w: usize, dy: usize, dx: usize, rectified: usize, begin: i32, end: i32, accumulate: bool,
): void {
  const taps = <usize>load<u32>(pass), entries = <usize>load<u32>(pass, 4);
  const dyColumn = <usize>load<u32>(pass, 16), pixelBytes = <usize>load<u32>(pass, 28);
  const width = <i32>load<u32>(pass, 32), channels = <usize>load<u32>(pass, 36);
  const rowStride = <i32>load<u32>(pass, 40), stride = <i32>load<u32>(pass, 44);
  const left = <i32>load<u32>(pass, 52);
  const dxColumn = <usize>stride * pixelBytes;
  for (let row = begin; row < end; row++) {
    const padded = row + <i32>load<u32>(pass, 48);
    const dyRow = dy + <usize>load<u32>(pass, 8) + <usize>(padded / rowStride) * <usize>load<u32>(pass, 12);
    const dxRow = dx + <usize>load<u32>(pass, 20) + <usize>row * <usize>load<u32>(pass, 24);
    const xRow = rectified + <usize>load<u32>(pass, 56) + <usize>row * <usize>load<u32>(pass, 60);
    for (let first = 0; first < min(stride, width); first++) {
      const phase = (padded % rowStride) * stride + (first + left) % stride;
      const tapsBegin = taps + ((<usize>phase * channels) << 3);
      const tapsEnd = tapsBegin + (channels << 3);
      for (let column = first; column < width; column += 2 * stride) {
        const pair = column + stride < width;
        const dyNext = pair ? dyColumn : 0;
        const dxNext = pair ? dxColumn : 0;
        const dyPixel = dyRow + <usize>((column + left) / stride) * dyColumn;
        let offset = <usize>column * pixelBytes;
        for (let tap = tapsBegin; tap < tapsEnd; tap += 8, offset += 64) {
          let entry = entries + (<usize>load<u32>(tap) << 3);
          const last = entry + (<usize>load<u32>(tap, 4) << 3);
          const p0 = dxRow + offset, p1 = p0 + dxNext;
          let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
          if (accumulate) {
            a0 = v128.load(p0); a1 = v128.load(p0, 16); a2 = v128.load(p0, 32); a3 = v128.load(p0, 48);
            c0 = v128.load(p1); c1 = v128.load(p1, 16); c2 = v128.load(p1, 32); c3 = v128.load(p1, 48);
          }
          for (; entry < last; entry += 8) {
            const weight = v128.load_splat<f32>(w + <usize>load<u32>(entry));
            const d0 = dyPixel + <usize>load<u32>(entry, 4);
            const d1 = d0 + dyNext;
            a0 = multiplyAdd(a0, weight, v128.load(d0));
            a1 = multiplyAdd(a1, weight, v128.load(d0, 16));
            a2 = multiplyAdd(a2, weight, v128.load(d0, 32));
            a3 = multiplyAdd(a3, weight, v128.load(d0, 48));
            c0 = multiplyAdd(c0, weight, v128.load(d1));
            c1 = multiplyAdd(c1, weight, v128.load(d1, 16));
            c2 = multiplyAdd(c2, weight, v128.load(d1, 32));
            c3 = multiplyAdd(c3, weight, v128.load(d1, 48));
          }
          if (rectified) {
            const x0 = xRow + offset, x1 = x0 + dxNext;
            a0 = wherePositive(a0, v128.load(x0)); a1 = wherePositive(a1, v128.load(x0, 16));
            a2 = wherePositive(a2, v128.load(x0, 32)); a3 = wherePositive(a3, v128.load(x0, 48));
            c0 = wherePositive(c0, v128.load(x1)); c1 = wherePositive(c1, v128.load(x1, 16));
            c2 = wherePositive(c2, v128.load(x1, 32)); c3 = wherePositive(c3, v128.load(x1, 48));
          }
          v128.store(p0, a0); v128.store(p0, a1, 16); v128.store(p0, a2, 32); v128.store(p0, a3, 48);
          v128.store(p1, c0); v128.store(p1, c1, 16); v128.store(p1, c2, 32); v128.store(p1, c3, 48);
        }
      }
    }
  }
}
