// Dense layers of which only the kept weights are stored, as compressed rows: one row an output, inputs in rising
// order. Cost is in proportion to kept weights in all three passes. Each row starts at a multiple of four; the slots
// that fill a row up hold weight 0 and get gradient 0. The same sums in the same order as in dense.ts: the same bits.
import { FEATURE, multiplyAdd, relu, sumLanes, wherePositive } from './panel';
import { biasGradient, updateBias, updateWeights } from './update';

/**
 * Rows [begin, end) of the CSR index: { start: u32 slot of the first weight, count: u32 }, 8 bytes each.
 * One panel: y[o] = bias[o] + Σ w · x[input].
 * @param inputs byte offset of each slot's input within a panel (input · 64), u32
 */
export function sparseForward(
  x: usize, rows: usize, inputs: usize, w: usize, bias: usize, y: usize, begin: i32, end: i32, rectify: bool,
): void {
  for (let o = begin; o < end; o++) {
    const start = <usize>load<u32>(rows + (<usize>o << 3)) << 2;
    const count = <usize>load<u32>(rows + (<usize>o << 3), 4) << 2;
    let a0 = v128.load_splat<f32>(bias + (<usize>o << 2)), a1 = a0, a2 = a0, a3 = a0;
    for (let slot = start; slot < start + count; slot += 4) {
      const xp = x + <usize>load<u32>(inputs + slot);
      const weight = v128.load_splat<f32>(w + slot);
      a0 = multiplyAdd(a0, weight, v128.load(xp));
      a1 = multiplyAdd(a1, weight, v128.load(xp, 16));
      a2 = multiplyAdd(a2, weight, v128.load(xp, 32));
      a3 = multiplyAdd(a3, weight, v128.load(xp, 48));
    }
    if (rectify) {
      a0 = relu(a0); a1 = relu(a1); a2 = relu(a2); a3 = relu(a3);
    }
    const yp = y + <usize>o * FEATURE;
    v128.store(yp, a0); v128.store(yp, a1, 16); v128.store(yp, a2, 32); v128.store(yp, a3, 48);
  }
}

/**
 * One panel: dx[i] = Σ_o w · dy[o] for inputs [begin, end), through the index of columns: { start, count } of 8 bytes,
 * entries { u32 byte offset of the weight, u32 byte offset of the output within a panel } in rising order of output.
 * @param rectified, @param accumulate as in denseInputGradient
 */
export function sparseInputGradient(
  columns: usize, entries: usize, w: usize, dy: usize, dx: usize, rectified: usize, begin: i32, end: i32, accumulate: bool,
): void {
  for (let i = begin; i < end; i++) {
    let entry = entries + (<usize>load<u32>(columns + (<usize>i << 3)) << 3);
    const last = entry + (<usize>load<u32>(columns + (<usize>i << 3), 4) << 3);
    const offset = <usize>i * FEATURE;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    if (accumulate) {
      a0 = v128.load(dx + offset); a1 = v128.load(dx + offset, 16);
      a2 = v128.load(dx + offset, 32); a3 = v128.load(dx + offset, 48);
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
      const xp = rectified + offset;
      a0 = wherePositive(a0, v128.load(xp)); a1 = wherePositive(a1, v128.load(xp, 16));
      a2 = wherePositive(a2, v128.load(xp, 32)); a3 = wherePositive(a3, v128.load(xp, 48));
    }
    const dxp = dx + offset;
    v128.store(dxp, a0); v128.store(dxp, a1, 16); v128.store(dxp, a2, 32); v128.store(dxp, a3, 48);
  }
}

/**
 * All panels: gradient at the kept positions of rows [begin, end) and at once the optimiser's update. Bias rows are
 * updated in blocks of four, so begin and end are multiples of four (rows past the last output are empty).
 */
export function sparseUpdate(
  x: usize, xStride: usize, dy: usize, dyStride: usize, panels: i32, rows: usize, inputs: usize,
  begin: i32, end: i32, layer: usize, settings: usize, scratch: usize,
): void {
  let bias = f32x4.splat(0);
  for (let o = begin; o < end; o++) {
    const start = <usize>load<u32>(rows + (<usize>o << 3)) << 2;
    const count = <i32>load<u32>(rows + (<usize>o << 3), 4);
    if ((o & 3) == 0) {
      bias = biasGradient(dy + <usize>o * FEATURE, dyStride, panels);
      v128.store(settings, f32x4.mul(v128.load_splat<f32>(layer, 32), bias), 64);
    }
    const shifted = v128.load_splat<f32>(settings + (<usize>(o & 3) << 2), 64);
    const dyRow = dy + <usize>o * FEATURE;
    for (let j = 0; j < count; j += 4) {
      const slot = inputs + start + (<usize>j << 2);
      let x0 = x + <usize>load<u32>(slot);
      let x1 = x + <usize>load<u32>(slot, 4);
      let x2 = x + <usize>load<u32>(slot, 8);
      let x3 = x + <usize>load<u32>(slot, 12);
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
      let dyp = dyRow;
      for (let panel = 0; panel < panels; panel++) {
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
        const d2 = v128.load(dyp, 32);
        a0 = multiplyAdd(a0, d2, v128.load(x0, 32));
        a1 = multiplyAdd(a1, d2, v128.load(x1, 32));
        a2 = multiplyAdd(a2, d2, v128.load(x2, 32));
        a3 = multiplyAdd(a3, d2, v128.load(x3, 32));
        const d3 = v128.load(dyp, 48);
        a0 = multiplyAdd(a0, d3, v128.load(x0, 48));
        a1 = multiplyAdd(a1, d3, v128.load(x1, 48));
        a2 = multiplyAdd(a2, d3, v128.load(x2, 48));
        a3 = multiplyAdd(a3, d3, v128.load(x3, 48));
        x0 += xStride; x1 += xStride; x2 += xStride; x3 += xStride;
        dyp += dyStride;
      }
      v128.store(scratch + (<usize>j << 2), f32x4.add(sumLanes(a0, a1, a2, a3), shifted));
    }
    const padded = (count + 3) & ~3;
    for (let j = count; j < padded; j++) store<f32>(scratch + (<usize>j << 2), 0);
    updateWeights(layer, settings, scratch, start, padded, false);
    if ((o & 3) == 3) updateBias(layer, settings, bias, load<u32>(layer, 28) ? rowSums(layer, rows, o & ~3) : bias, o >> 2);
  }
}

/** Σ of the weights of four rows, each in order of its inputs: four chains at once, since one would wait for each add. */
function rowSums(layer: usize, rows: usize, first: i32): v128 {
  const w = <usize>load<u32>(layer);
  const row = rows + (<usize>first << 3);
  let p0 = w + (<usize>load<u32>(row) << 2), p1 = w + (<usize>load<u32>(row, 8) << 2);
  let p2 = w + (<usize>load<u32>(row, 16) << 2), p3 = w + (<usize>load<u32>(row, 24) << 2);
  const e0 = p0 + (<usize>load<u32>(row, 4) << 2), e1 = p1 + (<usize>load<u32>(row, 12) << 2);
  const e2 = p2 + (<usize>load<u32>(row, 20) << 2), e3 = p3 + (<usize>load<u32>(row, 28) << 2);
  let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
  for (; p0 < e0 && p1 < e1 && p2 < e2 && p3 < e3; p0 += 4, p1 += 4, p2 += 4, p3 += 4) {
    s0 += load<f32>(p0);
    s1 += load<f32>(p1);
    s2 += load<f32>(p2);
    s3 += load<f32>(p3);
  }
  for (; p0 < e0; p0 += 4) s0 += load<f32>(p0);
  for (; p1 < e1; p1 += 4) s1 += load<f32>(p1);
  for (; p2 < e2; p2 += 4) s2 += load<f32>(p2);
  for (; p3 < e3; p3 += 4) s3 += load<f32>(p3);
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(s0), 1, s1), 2, s2), 3, s3);
}
