// Weight gradients of convolutions, each at once with the optimiser's update. A gradient sums products over all pixels of
// all examples: over a chunk of pixels in registers, chunk by chunk into partial sums of four lanes, which are added up at
// the end. Both forms add in this order, so they give the same bits; and sums of sums lose less to rounding.
//
// `pass` describes a convolution, u32 each:
// 0: byte offset of each position of the kernel from its first tap (dense: [positions], to an even count; compressed: of
//    each slot), 4: rows { first slot, count } (compressed)
// 8: byte of output 0's first tap in a panel, 12: bytes it moves from an output row to the next, 16: from a column
// 20: byte of the first output pixel in a panel of dy, 24: bytes of a row, 28: of a pixel; 32: height, 36: width,
// 40: channels; 44: rows of a chunk, 48: columns of a chunk
// 52: positions of the kernel, 56: bytes of a block of four outputs (dense)
// 60: bytes of x from a pixel's first tap to the last row of taps, 64: how much further the last tap of a row of outputs ends
// than the outputs times their stride, perhaps negative (compressed)
import { multiplyAdd, sumLanes, touchLines } from './panel';
import { updateBias, updateWeights } from './update';

// Scratch: dy of a chunk and of a block of outputs [pixel][4][16], then, from `biases` on, partial sums of four biases for
// each block, then those of the weights, then (dense) the gradient of a block.

/** Rows and columns of a chunk that are inside the image. */
// @ts-ignore: decorator
@inline
function inside(chunk: i32, first: i32, size: i32): i32 {
  return min(chunk, size - first);
}

// @ts-ignore: decorator
@inline
function addTo(address: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(address, f32x4.add(v128.load(address), a));
  v128.store(address, f32x4.add(v128.load(address, 16), b), 16);
  v128.store(address, f32x4.add(v128.load(address, 32), c), 32);
  v128.store(address, f32x4.add(v128.load(address, 48), d), 48);
}

/**
 * Copies dy of a chunk for one block of outputs next to each other, since pixels lie at distances that share cache sets;
 * 0 for outputs that are not there. Adds the sum of each output to `biases`.
 * @param dy the block's first output of the chunk's first pixel
 */
function gatherChunk(
  dy: usize, rowBytes: usize, pixelBytes: usize, height: i32, width: i32, present: i32, chunk: usize, biases: usize,
): void {
  let b0 = f32x4.splat(0), b1 = b0, b2 = b0, b3 = b0;
  for (let row = 0; row < height; row++, dy += rowBytes) {
    let from = dy;
    for (let column = 0; column < width; column++, from += pixelBytes, chunk += 256) {
      for (let g: usize = 0; g < 64; g += 16) {
        const zero = f32x4.splat(0);
        const d0 = v128.load(from + g);
        const d1 = present > 1 ? v128.load(from + g, 64) : zero;
        const d2 = present > 2 ? v128.load(from + g, 128) : zero;
        const d3 = present > 3 ? v128.load(from + g, 192) : zero;
        b0 = f32x4.add(b0, d0);
        b1 = f32x4.add(b1, d1);
        b2 = f32x4.add(b2, d2);
        b3 = f32x4.add(b3, d3);
        v128.store(chunk + g, d0);
        v128.store(chunk + g, d1, 64);
        v128.store(chunk + g, d2, 128);
        v128.store(chunk + g, d3, 192);
      }
    }
  }
  addTo(biases, b0, b1, b2, b3);
}

/** Sums of four biases from their partial sums. */
// @ts-ignore: decorator
@inline
function sumPartial(partial: usize): v128 {
  return sumLanes(v128.load(partial), v128.load(partial, 16), v128.load(partial, 32), v128.load(partial, 48));
}

/** All panels, `xStride` and `dyStride` bytes apart: output blocks [begin, end), whose partial sums lie in scratch together. */
export function convUpdate(
  pass: usize, x: usize, xStride: usize, dy: usize, dyStride: usize, panels: i32,
  begin: i32, end: i32, layer: usize, settings: usize, scratch: usize,
): void {
  const offsets = <usize>load<u32>(pass);
  const xRow = <usize>load<u32>(pass, 12), xColumn = <usize>load<u32>(pass, 16);
  const dyRow = <usize>load<u32>(pass, 24), dyColumn = <usize>load<u32>(pass, 28);
  const height = <i32>load<u32>(pass, 32), width = <i32>load<u32>(pass, 36), channels = <i32>load<u32>(pass, 40);
  const chunkHeight = <i32>load<u32>(pass, 44), chunkWidth = <i32>load<u32>(pass, 48);
  const positions = <i32>load<u32>(pass, 52), stride = <usize>load<u32>(pass, 56);
  const even = (positions + 1) & ~1;
  const biases = scratch + <usize>(chunkHeight * chunkWidth) * 256;
  const partials = biases + <usize>(end - begin) * 64;
  const gradient = partials + <usize>(end - begin) * even * 64;
  memory.fill(biases, 0, gradient - biases);
  for (let panel = 0; panel < panels; panel++) {
    const xPanel = x + <usize>panel * xStride + <usize>load<u32>(pass, 8);
    const dyPanel = dy + <usize>panel * dyStride + <usize>load<u32>(pass, 20);
    for (let row = 0; row < height; row += chunkHeight) {
      for (let column = 0; column < width; column += chunkWidth) {
        const rows = inside(chunkHeight, row, height), columns = inside(chunkWidth, column, width);
        const xChunk = xPanel + <usize>row * xRow + <usize>column * xColumn;
        const dyChunk = dyPanel + <usize>row * dyRow + <usize>column * dyColumn;
        for (let block = begin; block < end; block++) {
          gatherChunk(
            dyChunk + (<usize>block << 8), dyRow, dyColumn, rows, columns, channels - (block << 2), scratch,
            biases + <usize>(block - begin) * 64,
          );
          let partial = partials + <usize>(block - begin) * even * 64;
          for (let at = offsets; at < offsets + (<usize>even << 2); at += 8, partial += 128) {
            let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
            let dyp = scratch;
            let rowStart = xChunk;
            for (let r = 0; r < rows; r++, rowStart += xRow) {
              let x0p = rowStart + <usize>load<u32>(at);
              let x1p = rowStart + <usize>load<u32>(at, 4);
              for (const rowEnd = dyp + (<usize>columns << 8); dyp < rowEnd; dyp += 192, x0p += xColumn - 64, x1p += xColumn - 64) {
                for (const pixelEnd = dyp + 64; dyp < pixelEnd; dyp += 16, x0p += 16, x1p += 16) {
                  const x0 = v128.load(x0p);
                  const x1 = v128.load(x1p);
                  const d0 = v128.load(dyp);
                  a0 = multiplyAdd(a0, d0, x0);
                  c0 = multiplyAdd(c0, d0, x1);
                  const d1 = v128.load(dyp, 64);
                  a1 = multiplyAdd(a1, d1, x0);
                  c1 = multiplyAdd(c1, d1, x1);
                  const d2 = v128.load(dyp, 128);
                  a2 = multiplyAdd(a2, d2, x0);
                  c2 = multiplyAdd(c2, d2, x1);
                  const d3 = v128.load(dyp, 192);
                  a3 = multiplyAdd(a3, d3, x0);
                  c3 = multiplyAdd(c3, d3, x1);
                }
              }
            }
            addTo(partial, a0, a1, a2, a3);
            addTo(partial + 64, c0, c1, c2, c3);
          }
        }
      }
    }
  }
  for (let block = begin; block < end; block++) {
    let partial = partials + <usize>(block - begin) * even * 64;
    const present = gradient + (<usize>positions << 4);
    for (let out = gradient; out < present; out += 16, partial += 64) v128.store(out, sumPartial(partial));
    memory.fill(present, 0, gradient + stride - present);
    const weights = updateWeights(layer, settings, gradient, <usize>block * stride, <i32>(stride >> 2), true);
    updateBias(layer, settings, sumPartial(biases + <usize>(block - begin) * 64), weights, block);
  }
}

/**
 * The same at the kept positions only, rows of four outputs at a time. Blocks without weights cost nothing where there is
 * no bias either.
 */
export function convSparseUpdate(
  pass: usize, x: usize, xStride: usize, dy: usize, dyStride: usize, panels: i32,
  begin: i32, end: i32, layer: usize, settings: usize, scratch: usize,
): void {
  const offsets = <usize>load<u32>(pass), rowTable = <usize>load<u32>(pass, 4);
  const xRow = <usize>load<u32>(pass, 12), xColumn = <usize>load<u32>(pass, 16);
  const dyRow = <usize>load<u32>(pass, 24), dyColumn = <usize>load<u32>(pass, 28);
  const height = <i32>load<u32>(pass, 32), width = <i32>load<u32>(pass, 36), channels = <i32>load<u32>(pass, 40);
  const chunkHeight = <i32>load<u32>(pass, 44), chunkWidth = <i32>load<u32>(pass, 48);
  const hasBias = load<u32>(layer, 16) != 0;
  const biases = scratch + <usize>(chunkHeight * chunkWidth) * 256;
  const partials = biases + <usize>(end - begin) * 64;
  const firstSlot = <usize>load<u32>(rowTable + (<usize>begin << 5));
  const lastSlot = <usize>slotsBefore(rowTable, end);
  const gradient = partials + ((lastSlot - firstSlot) << 4);
  memory.fill(biases, 0, gradient - biases);
  for (let panel = 0; panel < panels; panel++) {
    const xPanel = x + <usize>panel * xStride + <usize>load<u32>(pass, 8);
    const dyPanel = dy + <usize>panel * dyStride + <usize>load<u32>(pass, 20);
    for (let row = 0; row < height; row += chunkHeight) {
      for (let column = 0; column < width; column += chunkWidth) {
        const rows = inside(chunkHeight, row, height), columns = inside(chunkWidth, column, width);
        const xChunk = xPanel + <usize>row * xRow + <usize>column * xColumn;
        const dyChunk = dyPanel + <usize>row * dyRow + <usize>column * dyColumn;
        for (let r = 0; r < rows; r++) {
          // of the taps, the rows above have been read for the chunk before
          const xLast = xChunk + <usize>r * xRow + <usize>load<u32>(pass, 60);
          touchLines(xLast, xLast + <usize>columns * xColumn + <usize>load<u32>(pass, 64));
          let pixel = dyChunk + <usize>r * dyRow + (<usize>begin << 8);
          for (let c = 0; c < columns; c++, pixel += dyColumn) {
            touchLines(pixel, pixel + (<usize>(min(end << 2, channels) - (begin << 2)) << 6));
          }
        }
        for (let block = begin; block < end; block++) {
          const blockRows = rowTable + (<usize>block << 5);
          if (!hasBias && slotsBefore(rowTable, block + 1) == load<u32>(blockRows)) continue;
          gatherChunk(
            dyChunk + (<usize>block << 8), dyRow, dyColumn, rows, columns, channels - (block << 2), scratch,
            biases + <usize>(block - begin) * 64,
          );
          for (let output: usize = 0; output < 4; output++) {
            const slot = <usize>load<u32>(blockRows + (output << 3));
            let at = offsets + (slot << 2);
            const last = at + (<usize>load<u32>(blockRows + (output << 3), 4) << 2);
            let partial = partials + ((slot - firstSlot) << 4);
            for (; at < last; at += 16, partial += 64) {
              let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
              let dyp = scratch + (output << 6);
              const xNext = xColumn - 64;
              let rowStart = xChunk;
              for (let r = 0; r < rows; r++, rowStart += xRow) {
                let x0 = rowStart + <usize>load<u32>(at), x1 = rowStart + <usize>load<u32>(at, 4);
                let x2 = rowStart + <usize>load<u32>(at, 8), x3 = rowStart + <usize>load<u32>(at, 12);
                for (const rowEnd = dyp + (<usize>columns << 8); dyp < rowEnd; dyp += 192) {
                  for (const pixelEnd = dyp + 64; dyp < pixelEnd; dyp += 32) {
                    const d0 = v128.load(dyp);
                    a0 = multiplyAdd(a0, d0, v128.load(x0));
                    a1 = multiplyAdd(a1, d0, v128.load(x1));
                    a2 = multiplyAdd(a2, d0, v128.load(x2));
                    a3 = multiplyAdd(a3, d0, v128.load(x3));
                    const d1 = v128.load(dyp, 16);
                    a0 = multiplyAdd(a0, d1, v128.load(x0, 16));
                    a1 = multiplyAdd(a1, d1, v128.load(x1, 16));
                    a2 = multiplyAdd(a2, d1, v128.load(x2, 16));
                    a3 = multiplyAdd(a3, d1, v128.load(x3, 16));
                    x0 += 32; x1 += 32; x2 += 32; x3 += 32;
                  }
                  x0 += xNext; x1 += xNext; x2 += xNext; x3 += xNext;
                }
              }
              addTo(partial, a0, a1, a2, a3);
            }
          }
        }
      }
    }
  }
  for (let block = begin; block < end; block++) {
    for (let output = block << 2; output < (block << 2) + 4; output++) {
      const slot = <usize>load<u32>(rowTable + (<usize>output << 3));
      const count = <i32>load<u32>(rowTable + (<usize>output << 3), 4);
      const padded = (count + 3) & ~3;
      let partial = partials + ((slot - firstSlot) << 4);
      for (let j = 0; j < count; j += 4, partial += 64) v128.store(gradient + (<usize>j << 2), sumPartial(partial));
      for (let j = count; j < padded; j++) store<f32>(gradient + (<usize>j << 2), 0);
      updateWeights(layer, settings, gradient, slot << 2, padded, false);
    }
    const bias = sumPartial(biases + <usize>(block - begin) * 64);
    updateBias(layer, settings, bias, bias, block);
  }
}

/** First slot behind those of the blocks before `block`. */
// @ts-ignore: decorator
@inline
function slotsBefore(rowTable: usize, block: i32): u32 {
  const last = rowTable + (<usize>block << 5) - 8;
  return load<u32>(last) + ((load<u32>(last, 4) + 3) & ~3);
}
