// Brings the examples of a batch into a panel: rows of the data set become lanes, bytes become standardised floats.
import { FEATURE } from './panel';

/**
 * @param rows u32[16] numbers of the examples in the data set; only the first `count` are read. The other lanes repeat the
 * last example: their label is −1, so that nothing comes of them. With no example at all the panel stays as it is.
 * @param data [examples][features] bytes; @param panel [features][16] float32
 * @param scales { f32 factor, f32 shift } per channel: x = value · factor + shift
 */
export function gatherBytes(data: usize, rows: usize, count: i32, features: i32, channels: i32, scales: usize, panel: usize): void {
  if (count <= 0) return;
  let channel = transposeBlocks(data, rows, count, features, scales, channels, panel);
  for (let feature = features & ~15; feature < features; feature++) {
    const factor = load<f32>(scales + (<usize>channel << 3));
    const shift = load<f32>(scales + (<usize>channel << 3), 4);
    const out = panel + <usize>feature * FEATURE;
    for (let lane = 0; lane < 16; lane++) {
      store<f32>(out + (<usize>lane << 2), <f32>load<u8>(example(data, rows, lane, count, features) + feature) * factor + shift);
    }
    if (++channel == channels) channel = 0;
  }
}

/** Address of the example in a lane. */
// @ts-ignore: decorator
@inline
function example(data: usize, rows: usize, lane: i32, count: i32, bytes: i32): usize {
  return data + <usize>load<u32>(rows + (<usize>min(lane, count - 1) << 2)) * bytes;
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** One feature of sixteen examples, standardised. Returns the channel of the next feature. */
// @ts-ignore: decorator
@inline
function storeFeature(bytes: v128, out: usize, scales: usize, channel: i32, channels: i32): i32 {
  const factor = v128.load_splat<f32>(scales + (<usize>channel << 3));
  const shift = v128.load_splat<f32>(scales + (<usize>channel << 3), 4);
  const lower = i16x8.extend_low_i8x16_u(bytes);
  const upper = i16x8.extend_high_i8x16_u(bytes);
  v128.store(out, f32x4.add(f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(lower)), factor), shift));
  v128.store(out, f32x4.add(f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(lower)), factor), shift), 16);
  v128.store(out, f32x4.add(f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(upper)), factor), shift), 32);
  v128.store(out, f32x4.add(f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(upper)), factor), shift), 48);
  return channel + 1 == channels ? 0 : channel + 1;
}

/** All whole blocks of sixteen features, transposed in four rounds of interleaving. Returns the channel of the feature after. */
function transposeBlocks(data: usize, rows: usize, count: i32, features: i32, scales: usize, channels: i32, panel: usize): i32 {
  const p0 = example(data, rows, 0, count, features);
  const p1 = example(data, rows, 1, count, features);
  const p2 = example(data, rows, 2, count, features);
  const p3 = example(data, rows, 3, count, features);
  const p4 = example(data, rows, 4, count, features);
  const p5 = example(data, rows, 5, count, features);
  const p6 = example(data, rows, 6, count, features);
  const p7 = example(data, rows, 7, count, features);
  const p8 = example(data, rows, 8, count, features);
  const p9 = example(data, rows, 9, count, features);
  const pa = example(data, rows, 10, count, features);
  const pb = example(data, rows, 11, count, features);
  const pc = example(data, rows, 12, count, features);
  const pd = example(data, rows, 13, count, features);
  const pe = example(data, rows, 14, count, features);
  const pf = example(data, rows, 15, count, features);
  let channel = 0;
  for (let feature: usize = 0; feature + 16 <= <usize>features; feature += 16) {
    let r0 = v128.load(p0 + feature);
    let r1 = v128.load(p1 + feature);
    let r2 = v128.load(p2 + feature);
    let r3 = v128.load(p3 + feature);
    let r4 = v128.load(p4 + feature);
    let r5 = v128.load(p5 + feature);
    let r6 = v128.load(p6 + feature);
    let r7 = v128.load(p7 + feature);
    let r8 = v128.load(p8 + feature);
    let r9 = v128.load(p9 + feature);
    let ra = v128.load(pa + feature);
    let rb = v128.load(pb + feature);
    let rc = v128.load(pc + feature);
    let rd = v128.load(pd + feature);
    let re = v128.load(pe + feature);
    let rf = v128.load(pf + feature);
    // a round interleaves vector i with vector i + 8, so that four rounds move the bits of a lane's number into place
    for (let round = 0; round < 4; round++) {
      const s0 = low(r0, r8), s1 = high(r0, r8), s2 = low(r1, r9), s3 = high(r1, r9);
      const s4 = low(r2, ra), s5 = high(r2, ra), s6 = low(r3, rb), s7 = high(r3, rb);
      const s8 = low(r4, rc), s9 = high(r4, rc), sa = low(r5, rd), sb = high(r5, rd);
      const sc = low(r6, re), sd = high(r6, re), se = low(r7, rf), sf = high(r7, rf);
      r0 = s0; r1 = s1; r2 = s2; r3 = s3; r4 = s4; r5 = s5; r6 = s6; r7 = s7;
      r8 = s8; r9 = s9; ra = sa; rb = sb; rc = sc; rd = sd; re = se; rf = sf;
    }
    const out = panel + feature * FEATURE;
    channel = storeFeature(r0, out + 0, scales, channel, channels);
    channel = storeFeature(r1, out + 64, scales, channel, channels);
    channel = storeFeature(r2, out + 128, scales, channel, channels);
    channel = storeFeature(r3, out + 192, scales, channel, channels);
    channel = storeFeature(r4, out + 256, scales, channel, channels);
    channel = storeFeature(r5, out + 320, scales, channel, channels);
    channel = storeFeature(r6, out + 384, scales, channel, channels);
    channel = storeFeature(r7, out + 448, scales, channel, channels);
    channel = storeFeature(r8, out + 512, scales, channel, channels);
    channel = storeFeature(r9, out + 576, scales, channel, channels);
    channel = storeFeature(ra, out + 640, scales, channel, channels);
    channel = storeFeature(rb, out + 704, scales, channel, channels);
    channel = storeFeature(rc, out + 768, scales, channel, channels);
    channel = storeFeature(rd, out + 832, scales, channel, channels);
    channel = storeFeature(re, out + 896, scales, channel, channels);
    channel = storeFeature(rf, out + 960, scales, channel, channels);
  }
  return channel;
}

/** As gatherBytes, for float32 data. */
export function gatherFloats(data: usize, rows: usize, count: i32, features: i32, channels: i32, scales: usize, panel: usize): void {
  if (count <= 0) return;
  for (let lane = 0; lane < 16; lane++) {
    const row = example(data, rows, lane, count, features << 2);
    let out = panel + (<usize>lane << 2);
    let channel = 0;
    for (let feature = 0; feature < features; feature++, out += FEATURE) {
      const value = load<f32>(row + (<usize>feature << 2));
      store<f32>(out, value * load<f32>(scales + (<usize>channel << 3)) + load<f32>(scales + (<usize>channel << 3), 4));
      if (++channel == channels) channel = 0;
    }
  }
}

/** Labels of the panel's examples as i32, −1 in the lanes past `count`. @param width bytes of a stored label: 1 or 4 */
export function gatherLabels(data: usize, width: i32, rows: usize, count: i32, labels: usize): void {
  for (let lane = 0; lane < 16; lane++) {
    let label = -1;
    if (lane < count) {
      const row = <usize>load<u32>(rows + (<usize>lane << 2));
      label = width == 1 ? <i32>load<u8>(data + row) : load<i32>(data + (row << 2));
    }
    store<i32>(labels + (<usize>lane << 2), label);
  }
}

/**
 * Which features of a panel are not 0 in all its examples: most pixels at the border of a digit are.
 * @param features a multiple of two
 * @param list out: { u32 count, u32[count] feature · 16 }; @param pairs out: a byte for each two features, 0 where both are 0
 */
export function listActive(panel: usize, features: i32, list: usize, pairs: usize): void {
  let out = list + 4;
  for (let feature = 0; feature < features; feature += 2) {
    const at = panel + <usize>feature * FEATURE;
    const first = v128.any_true(orLanes(at));
    const second = v128.any_true(orLanes(at + FEATURE));
    if (first) {
      store<u32>(out, <u32>feature << 4);
      out += 4;
    }
    if (second) {
      store<u32>(out, <u32>(feature + 1) << 4);
      out += 4;
    }
    store<u8>(pairs + (<usize>feature >> 1), first || second ? 1 : 0);
  }
  store<u32>(list, <u32>((out - list - 4) >> 2));
}

// @ts-ignore: decorator
@inline
function orLanes(at: usize): v128 {
  return v128.or(v128.or(v128.load(at), v128.load(at, 16)), v128.or(v128.load(at, 32), v128.load(at, 48)));
}

/**
 * Copies the images of a panel, each cropped and perhaps mirrored, into [16][height · width · pixel] bytes, from which
 * gatherBytes or gatherFloats then takes rows 0 to 15. What lies past an image's edge is 0.
 * @param pixel bytes of one pixel; @param rows as in gatherBytes
 * @param choices u32[16]: 0: row and 1: column of the crop in the image padded by `crop` on each side, 2: 1 to mirror; a byte each
 */
export function augment(
  data: usize, rows: usize, count: i32, height: i32, width: i32, pixel: i32, crop: i32, choices: usize, out: usize,
): void {
  const rowBytes = width * pixel;
  for (let lane = 0; lane < min(count, 16); lane++) {
    const image = data + <usize>load<u32>(rows + (<usize>lane << 2)) * <usize>(height * rowBytes);
    const choice = choices + (<usize>lane << 2);
    const down = <i32>load<u8>(choice) - crop;
    const right = <i32>load<u8>(choice, 1) - crop;
    const mirror = load<u8>(choice, 2) != 0;
    const begin = max(0, -right), end = min(width, width - right);
    for (let y = 0; y < height; y++, out += rowBytes) {
      const from = y + down;
      if (from < 0 || from >= height || begin >= end) {
        memory.fill(out, 0, rowBytes);
        continue;
      }
      const row = image + <usize>(from * rowBytes);
      if (!mirror) {
        memory.fill(out, 0, begin * pixel);
        memory.copy(out + begin * pixel, row + (begin + right) * pixel, (end - begin) * pixel);
        memory.fill(out + end * pixel, 0, (width - end) * pixel);
        continue;
      }
      for (let x = 0; x < width; x++) {
        const to = out + (width - 1 - x) * pixel;
        const source = x + right;
        if (source < 0 || source >= width) memory.fill(to, 0, pixel);
        else memory.copy(to, row + source * pixel, pixel);
      }
    }
  }
}

/** Zeros around an image of one panel, at its first byte. Rows and columns in bytes. */
export function clearFrame(panel: usize, height: i32, row: usize, top: i32, bottom: i32, left: usize, right: usize): void {
  memory.fill(panel, 0, <usize>top * row);
  let at = panel + <usize>top * row;
  for (let y = 0; y < height; y++, at += row) {
    memory.fill(at, 0, left);
    memory.fill(at + row - right, 0, right);
  }
  memory.fill(at, 0, <usize>bottom * row);
}
