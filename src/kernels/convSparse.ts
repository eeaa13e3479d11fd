// Convolutions of which only the kept weights are stored: per output channel a row of (row, column, channel) of the kernel
// in rising order. Cost is in proportion to kept weights. Rows start at a multiple of four as those of sparse.ts do, and
// round as conv.ts does. Each pixel is a function of its own: engines load all operands before they multiply, and the
// sums of a bigger tile then leave the registers.
import { multiplyAdd, relu, touchLines, wherePositive } from './panel';

// Pixels of a row of outputs that share a look at the weights: the inputs of a strip so wide stay in cache from row to row.
const TILE: i32 = 4;

/**
 * One panel: y = bias + x ∗ w for output rows [begin, end), in strips of TILE columns.
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
  const xRow = <usize>load<u32>(pass, 12), yRow = <usize>load<u32>(pass, 24);
  x += <usize>load<u32>(pass, 8) + <usize>begin * xRow;
  y += <usize>load<u32>(pass, 20) + <usize>begin * yRow;
  for (let column = 0; column < width; column += TILE, x += <usize>TILE * xColumn, y += <usize>TILE * yColumn) {
    const pixels = <usize>min(width - column, TILE) * yColumn;
    let xp = x;
    let yp = y;
    for (let row = begin; row < end; row++, xp += xRow, yp += yRow) {
      let output = yp, start = bias;
      for (let at = rows; at < rowsEnd; at += 8, output += 64, start += 4) {
        const slot = offsets + (<usize>load<u32>(at) << 2);
        const last = slot + (<usize>load<u32>(at, 4) << 2);
        let from = xp;
        for (let to = output; to < output + pixels; to += yColumn, from += xColumn) {
          pixelForward(slot, last, w - offsets, from, start, to, rectify);
        }
      }
    }
  }
}

/** One output of one pixel. @param weights bytes from a slot's offset to its weight */
function pixelForward(slot: usize, last: usize, weights: usize, x: usize, start: usize, to: usize, rectify: bool): void {
  let a0 = v128.load_splat<f32>(start), a1 = a0, a2 = a0, a3 = a0;
  for (; slot < last; slot += 4) {
    const xp = x + <usize>load<u32>(slot);
    const weight = v128.load_splat<f32>(slot + weights);
    a0 = multiplyAdd(a0, weight, v128.load(xp));
    a1 = multiplyAdd(a1, weight, v128.load(xp, 16));
    a2 = multiplyAdd(a2, weight, v128.load(xp, 32));
    a3 = multiplyAdd(a3, weight, v128.load(xp, 48));
  }
  if (rectify) {
    a0 = relu(a0); a1 = relu(a1); a2 = relu(a2); a3 = relu(a3);
  }
  v128.store(to, a0); v128.store(to, a1, 16); v128.store(to, a2, 32); v128.store(to, a3, 48);
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
 * 64: bytes of the columns of outputs before tap 0's that an input takes
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
  // an input that no tap reaches from its own row may look a row past the panel; one that looks before address 0 looks at nothing
  const memoryEnd = (<usize>memory.size() << 16) - 4;
  for (let first = 0; first < min(stride, width); first++) {
    for (let column = first; column < width; column += TILE * stride) {
      const dyPixel = dy + <usize>load<u32>(pass, 8) + <usize>((column + left) / stride) * dyColumn;
      const columns = min(TILE * stride, width - column);
      const pixels = <usize>columns * pixelBytes;
      const outputs = <usize>((columns + stride - 1) / stride) * dyColumn;
      for (let row = begin; row < end; row++) {
        const padded = row + <i32>load<u32>(pass, 48);
        const dyp = dyPixel + <usize>(padded / rowStride) * <usize>load<u32>(pass, 12);
        const phase = (padded % rowStride) * stride + (first + left) % stride;
        const tapsBegin = taps + ((<usize>phase * channels) << 3);
        const tapsEnd = tapsBegin + (channels << 3);
        let channel = dx + <usize>load<u32>(pass, 20) + <usize>row * <usize>load<u32>(pass, 24) + <usize>column * pixelBytes;
        let x = rectified + <usize>load<u32>(pass, 56) + <usize>row * <usize>load<u32>(pass, 60) + <usize>column * pixelBytes;
        // of the outputs, the rows above have been read for the row before
        touchLines(dyp - <usize>load<u32>(pass, 64), min(dyp + outputs, memoryEnd));
        if (rectified) touchLines(x, x + pixels);
        if (accumulate) touchLines(channel, channel + pixels);
        for (let tap = tapsBegin; tap < tapsEnd; tap += 8, channel += 64, x += 64) {
          const entry = entries + (<usize>load<u32>(tap) << 3);
          const last = entry + (<usize>load<u32>(tap, 4) << 3);
          let from = dyp;
          for (let at: usize = 0; at < pixels; at += dxColumn, from += dyColumn) {
            pixelInputGradient(entry, last, w, from, channel + at, rectified ? x + at : 0, accumulate);
          }
        }
      }
    }
  }
}

/** One channel of one pixel. */
function pixelInputGradient(
  entry: usize, last: usize, w: usize, dy: usize, dx: usize, rectified: usize, accumulate: bool,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  if (accumulate) {
    a0 = v128.load(dx); a1 = v128.load(dx, 16); a2 = v128.load(dx, 32); a3 = v128.load(dx, 48);
  }
  for (; entry < last; entry += 8) {
    const weight = v128.load_splat<f32>(w + <usize>load<u32>(entry));
    const dyp = dy + <usize>load<u32>(entry, 4);
    a0 = multiplyAdd(a0, weight, v128.load(dyp));
    a1 = multiplyAdd(a1, weight, v128.load(dyp, 16));
    a2 = multiplyAdd(a2, weight, v128.load(dyp, 32));
    a3 = multiplyAdd(a3, weight, v128.load(dyp, 48));
  }
  if (rectified) {
    a0 = wherePositive(a0, v128.load(rectified)); a1 = wherePositive(a1, v128.load(rectified, 16));
    a2 = wherePositive(a2, v128.load(rectified, 32)); a3 = wherePositive(a3, v128.load(rectified, 48));
  }
  v128.store(dx, a0); v128.store(dx, a1, 16); v128.store(dx, a2, 32); v128.store(dx, a3, 48);
}
