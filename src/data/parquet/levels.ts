/** Parquet's hybrid of runs and packed bits, in which levels and places in a dictionary are written. */

/**
 * @param width bits of a value, 0 to 32
 * @returns exactly `count` values
 * @throws Error where the bytes hold fewer
 */
export function readHybrid(bytes: Uint8Array, width: number, count: number): Uint32Array {
  const out = new Uint32Array(count);
  if (width === 0) return out;
  if (width > 32) throw new Error(`a page packs values in ${width} bits`);
  const valueBytes = (width + 7) >> 3;
  let at = 0;
  for (let done = 0; done < count;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new Error('a page ends within its runs');
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const groups = Math.floor(header / 2);
    if (header % 2 === 0) {
      if (groups === 0 || at + valueBytes > bytes.length) throw new Error('a page ends within its runs');
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value += bytes[at + i]! * 2 ** (8 * i);
      at += valueBytes;
      const end = Math.min(count, done + groups);
      out.fill(value, done, end);
      done = end;
    } else {
      const values = Math.min(8 * groups, count - done);
      // writers may leave out the padding of the last group
      if (values === 0 || values * width > 8 * (bytes.length - at)) throw new Error('a page ends within its runs');
      unpack(bytes, at, width, out, done, values);
      at += groups * width;
      done += values;
    }
  }
  return out;
}

/** Least significant bit first. */
function unpack(bytes: Uint8Array, from: number, width: number, out: Uint32Array, to: number, values: number): void {
  let at = from;
  let held = 0;
  let bits = 0;
  const size = 2 ** width;
  for (let i = 0; i < values; i++) {
    // up to 39 bits: beyond what bit operations can do
    while (bits < width) {
      held += bytes[at++]! * 2 ** bits;
      bits += 8;
    }
    out[to + i] = held % size;
    held = Math.floor(held / size);
    bits -= width;
  }
}
