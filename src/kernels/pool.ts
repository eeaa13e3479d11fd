// Pooling of one panel. Windows are cut off at the image's edge: what lies beyond is neither a maximum nor counted.
import { settle } from './elementwise';
import { FEATURE } from './panel';

// `shape`: i32 height, width of the input, channels, height, width of the output, height, width of a window, strides down
// and across, padding at the top and on the left, then bytes from a row to the next: of the input's values, of the
// output's values, of the output's gradient, of the input's gradient
// @ts-ignore: decorator
@inline
function field(shape: usize, index: i32): i32 {
  return load<i32>(shape + (<usize>index << 2));
}

// The part of window `at` inside [0, size) of an axis.
// @ts-ignore: decorator
@inline
function firstOf(at: i32, stride: i32, padding: i32): i32 {
  return max(0, at * stride - padding);
}

// @ts-ignore: decorator
@inline
function endOf(at: i32, stride: i32, padding: i32, window: i32, size: i32): i32 {
  return min(size, at * stride - padding + window);
}

/** y = the highest of each window, for output rows [begin, end). @param x, y first pixel of the image */
export function maxPoolForward(x: usize, y: usize, shape: usize, begin: i32, end: i32): void {
  const height = field(shape, 0), width = field(shape, 1), columns = field(shape, 4);
  const windowHeight = field(shape, 5), windowWidth = field(shape, 6), down = field(shape, 7), across = field(shape, 8);
  const top = field(shape, 9), left = field(shape, 10);
  const xRow = <usize>field(shape, 11), yRow = <usize>field(shape, 12);
  const pixel = <usize>field(shape, 2) * FEATURE;
  for (let row = begin; row < end; row++) {
    const y0 = firstOf(row, down, top), y1 = endOf(row, down, top, windowHeight, height);
    let to = y + <usize>row * yRow;
    for (let column = 0; column < columns; column++) {
      const x0 = firstOf(column, across, left), x1 = endOf(column, across, left, windowWidth, width);
      const corner = x + <usize>y0 * xRow + <usize>x0 * pixel;
      if (y1 - y0 == 2 && x1 - x0 == 2) {
        for (let at = corner; at < corner + pixel; at += 16) {
          const upper = f32x4.max(v128.load(at), v128.load(at + pixel));
          const lower = f32x4.max(v128.load(at + xRow), v128.load(at + xRow + pixel));
          v128.store(to, f32x4.max(upper, lower));
          to += 16;
        }
        continue;
      }
      for (let at = corner; at < corner + pixel; at += 16) {
        let highest = v128.load(at);
        for (let i = y0; i < y1; i++) {
          let from = at + <usize>(i - y0) * xRow;
          for (let j = x0; j < x1; j++) {
            highest = f32x4.max(highest, v128.load(from));
            from += pixel;
          }
        }
        v128.store(to, highest);
        to += 16;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function settleRun(dx: usize, x: usize, bytes: usize, rectify: bool, accumulate: bool): void {
  for (let at: usize = 0; at < bytes; at += 16) settle(dx + at, f32x4.splat(0), rectify ? x + at : 0, accumulate);
}

/** The gradients of a window of 2 × 2, all channels; parameters as below, of the window's first pixel. */
// @ts-ignore: decorator
@inline
function settleFour(
  x: usize, xRow: usize, y: usize, dy: usize, dx: usize, dxRow: usize, pixel: usize, rectify: bool, accumulate: bool,
): void {
  for (let at: usize = 0; at < pixel; at += 16) {
    const highest = v128.load(y + at);
    let gradient = v128.load(dy + at);
    const from = x + at;
    const into = dx + at;
    let hit = f32x4.eq(v128.load(from), highest);
    settle(into, v128.and(gradient, hit), rectify ? from : 0, accumulate);
    gradient = v128.andnot(gradient, hit);
    hit = f32x4.eq(v128.load(from + pixel), highest);
    settle(into + pixel, v128.and(gradient, hit), rectify ? from + pixel : 0, accumulate);
    gradient = v128.andnot(gradient, hit);
    hit = f32x4.eq(v128.load(from + xRow), highest);
    settle(into + dxRow, v128.and(gradient, hit), rectify ? from + xRow : 0, accumulate);
    gradient = v128.andnot(gradient, hit);
    hit = f32x4.eq(v128.load(from + xRow + pixel), highest);
    settle(into + dxRow + pixel, v128.and(gradient, hit), rectify ? from + xRow + pixel : 0, accumulate);
  }
}

/**
 * The gradient of each window goes to the first of its highest values, row by row. For windows that do not overlap:
 * output rows [begin, end) and the input rows that are theirs, the last output row's to the end. Every value of dx is
 * written once.
 */
export function maxPoolBackward(
  x: usize, y: usize, dy: usize, dx: usize, shape: usize, rectify: bool, accumulate: bool, begin: i32, end: i32,
): void {
  const height = field(shape, 0), width = field(shape, 1), rows = field(shape, 3), columns = field(shape, 4);
  const windowHeight = field(shape, 5), windowWidth = field(shape, 6), down = field(shape, 7), across = field(shape, 8);
  const top = field(shape, 9), left = field(shape, 10);
  const xRow = <usize>field(shape, 11), yRow = <usize>field(shape, 12);
  const dyRow = <usize>field(shape, 13), dxRow = <usize>field(shape, 14);
  const pixel = <usize>field(shape, 2) * FEATURE;
  const bytes = <usize>width * pixel;
  for (let row = begin; row < end; row++) {
    const y0 = firstOf(row, down, top), y1 = endOf(row, down, top, windowHeight, height);
    const next = row == rows - 1 ? height : firstOf(row + 1, down, top);
    // rows and columns between windows and behind the last one
    for (let i = y1; i < next; i++) settleRun(dx + <usize>i * dxRow, x + <usize>i * xRow, bytes, rectify, accumulate);
    for (let column = 0; column < columns; column++) {
      const x0 = firstOf(column, across, left), x1 = endOf(column, across, left, windowWidth, width);
      const nextColumn = column == columns - 1 ? width : firstOf(column + 1, across, left);
      if (x1 < nextColumn) {
        for (let i = y0; i < y1; i++) {
          const at = <usize>i * xRow + <usize>x1 * pixel;
          const to = <usize>i * dxRow + <usize>x1 * pixel;
          settleRun(dx + to, x + at, <usize>(nextColumn - x1) * pixel, rectify, accumulate);
        }
      }
      let highestAt = y + <usize>row * yRow + <usize>column * pixel;
      let gradientAt = dy + <usize>row * dyRow + <usize>column * pixel;
      const corner = x + <usize>y0 * xRow + <usize>x0 * pixel;
      const to = dx + <usize>y0 * dxRow + <usize>x0 * pixel;
      if (y1 - y0 == 2 && x1 - x0 == 2) {
        settleFour(corner, xRow, highestAt, gradientAt, to, dxRow, pixel, rectify, accumulate);
        continue;
      }
      for (let at: usize = 0; at < pixel; at += 16) {
        const highest = v128.load(highestAt);
        let gradient = v128.load(gradientAt);
        for (let i = y0; i < y1; i++) {
          let from = corner + at + <usize>(i - y0) * xRow;
          let into = to + at + <usize>(i - y0) * dxRow;
          for (let j = x0; j < x1; j++) {
            const hit = f32x4.eq(v128.load(from), highest);
            settle(into, v128.and(gradient, hit), rectify ? from : 0, accumulate);
            gradient = v128.andnot(gradient, hit);
            from += pixel;
            into += pixel;
          }
        }
        highestAt += 16;
        gradientAt += 16;
      }
    }
  }
}

/** The same for windows that overlap: input rows [begin, end), from all output rows whose windows reach them. */
export function maxPoolBackwardOverlapping(
  x: usize, y: usize, dy: usize, dx: usize, shape: usize, rectify: bool, accumulate: bool, begin: i32, end: i32,
): void {
  const height = field(shape, 0), width = field(shape, 1), rows = field(shape, 3), columns = field(shape, 4);
  const windowHeight = field(shape, 5), windowWidth = field(shape, 6), down = field(shape, 7), across = field(shape, 8);
  const top = field(shape, 9), left = field(shape, 10);
  const xRow = <usize>field(shape, 11), yRow = <usize>field(shape, 12);
  const dyRow = <usize>field(shape, 13), dxRow = <usize>field(shape, 14);
  const pixel = <usize>field(shape, 2) * FEATURE;
  const bytes = <usize>width * pixel;
  if (!accumulate) for (let i = begin; i < end; i++) memory.fill(dx + <usize>i * dxRow, 0, bytes);
  const firstRow = max(0, (begin + top - windowHeight) / down);
  for (let row = firstRow; row < rows && row * down - top < end; row++) {
    const y0 = firstOf(row, down, top), y1 = endOf(row, down, top, windowHeight, height);
    for (let column = 0; column < columns; column++) {
      const x0 = firstOf(column, across, left), x1 = endOf(column, across, left, windowWidth, width);
      let highestAt = y + <usize>row * yRow + <usize>column * pixel;
      let gradientAt = dy + <usize>row * dyRow + <usize>column * pixel;
      const offset = <usize>x0 * pixel;
      for (let at: usize = 0; at < pixel; at += 16) {
        const highest = v128.load(highestAt);
        let gradient = v128.load(gradientAt);
        for (let i = y0; i < y1; i++) {
          let from = x + offset + at + <usize>i * xRow;
          let into = dx + offset + at + <usize>i * dxRow;
          const own = i >= begin && i < end;
          for (let j = x0; j < x1; j++) {
            const hit = f32x4.eq(v128.load(from), highest);
            if (own) v128.store(into, f32x4.add(v128.load(into), v128.and(gradient, hit)));
            gradient = v128.andnot(gradient, hit);
            from += pixel;
            into += pixel;
          }
        }
        highestAt += 16;
        gradientAt += 16;
      }
    }
  }
  if (!rectify) return;
  for (let i = begin; i < end; i++) settleRun(dx + <usize>i * dxRow, x + <usize>i * xRow, bytes, true, true);
}

/** y = the mean of each window, for output rows [begin, end); rows of a window first, then their sums. @param scratch a pixel */
export function averagePoolForward(x: usize, y: usize, shape: usize, scratch: usize, begin: i32, end: i32): void {
  const height = field(shape, 0), width = field(shape, 1), columns = field(shape, 4);
  const windowHeight = field(shape, 5), windowWidth = field(shape, 6), down = field(shape, 7), across = field(shape, 8);
  const top = field(shape, 9), left = field(shape, 10);
  const xRow = <usize>field(shape, 11), yRow = <usize>field(shape, 12);
  const pixel = <usize>field(shape, 2) * FEATURE;
  for (let row = begin; row < end; row++) {
    const y0 = firstOf(row, down, top), y1 = endOf(row, down, top, windowHeight, height);
    for (let column = 0; column < columns; column++) {
      const x0 = firstOf(column, across, left), x1 = endOf(column, across, left, windowWidth, width);
      const to = y + <usize>row * yRow + <usize>column * pixel;
      memory.fill(to, 0, pixel);
      for (let i = y0; i < y1; i++) {
        // pixels one after the other as they lie in memory
        let from = x + <usize>i * xRow + <usize>x0 * pixel;
        memory.copy(scratch, from, pixel);
        for (let j = x0 + 1; j < x1; j++) {
          from += pixel;
          addRun(scratch, from, pixel);
        }
        addRun(to, scratch, pixel);
      }
      const share = f32x4.splat(<f32>1 / <f32>((y1 - y0) * (x1 - x0)));
      for (let at: usize = 0; at < pixel; at += 16) v128.store(to + at, f32x4.mul(v128.load(to + at), share));
    }
  }
}

// @ts-ignore: decorator
@inline
function addRun(to: usize, from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
}

/** Each value of a window gets its share of the window's gradient: input rows [begin, end). @param x where dx is rectified by it, else 0 */
export function averagePoolBackward(
  dy: usize, dx: usize, x: usize, shape: usize, accumulate: bool, begin: i32, end: i32,
): void {
  const height = field(shape, 0), width = field(shape, 1), rows = field(shape, 3), columns = field(shape, 4);
  const windowHeight = field(shape, 5), windowWidth = field(shape, 6), down = field(shape, 7), across = field(shape, 8);
  const top = field(shape, 9), left = field(shape, 10);
  const xRow = <usize>field(shape, 11), dyRow = <usize>field(shape, 13), dxRow = <usize>field(shape, 14);
  const pixel = <usize>field(shape, 2) * FEATURE;
  for (let i = begin; i < end; i++) {
    const firstRow = max(0, (i + top - windowHeight + down) / down);
    const endRow = min(rows, (i + top) / down + 1);
    for (let j = 0; j < width; j++) {
      const firstColumn = max(0, (j + left - windowWidth + across) / across);
      const endColumn = min(columns, (j + left) / across + 1);
      const to = dx + <usize>i * dxRow + <usize>j * pixel;
      const input = x ? x + <usize>i * xRow + <usize>j * pixel : 0;
      if (endRow - firstRow == 1 && endColumn - firstColumn == 1) {
        const high = endOf(firstRow, down, top, windowHeight, height) - firstOf(firstRow, down, top);
        const wide = endOf(firstColumn, across, left, windowWidth, width) - firstOf(firstColumn, across, left);
        const share = f32x4.splat(<f32>1 / <f32>(high * wide));
        const from = dy + <usize>firstRow * dyRow + <usize>firstColumn * pixel;
        for (let at: usize = 0; at < pixel; at += 16) {
          settle(to + at, f32x4.mul(share, v128.load(from + at)), x ? input + at : 0, accumulate);
        }
        continue;
      }
      for (let at: usize = 0; at < pixel; at += 16) {
        let sum = f32x4.splat(0);
        for (let row = firstRow; row < endRow; row++) {
          const high = endOf(row, down, top, windowHeight, height) - firstOf(row, down, top);
          for (let column = firstColumn; column < endColumn; column++) {
            const wide = endOf(column, across, left, windowWidth, width) - firstOf(column, across, left);
            const share = f32x4.splat(<f32>1 / <f32>(high * wide));
            sum = f32x4.add(sum, f32x4.mul(share, v128.load(dy + <usize>row * dyRow + <usize>column * pixel + at)));
          }
        }
        settle(to + at, sum, x ? input + at : 0, accumulate);
      }
    }
  }
}
