/** Snappy: https://github.com/google/snappy/blob/main/format_description.txt */

/** @throws Error unless the stream gives exactly `size` bytes */
export function unsnap(bytes: Uint8Array, size: number): Uint8Array {
  const damaged = (): Error => new Error('its Snappy stream is damaged');
  let at = 0;
  while (at < bytes.length && bytes[at]! >= 0x80) at++;
  at++; // the size, which is known
  const out = new Uint8Array(size);
  let end = 0;
  /** Little-endian, of one to four bytes. */
  const number = (width: number): number => {
    let value = 0;
    for (let i = 0; i < width; i++) value += (bytes[at + i] ?? 0) * 2 ** (8 * i);
    at += width;
    return value;
  };
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    if ((tag & 3) === 0) {
      const short = tag >> 2;
      const length = 1 + (short < 60 ? short : number(short - 59));
      if (length > bytes.length - at || length > size - end) throw damaged();
      out.set(bytes.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    const near = (tag & 3) === 1;
    const length = near ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const back = near ? (tag >> 5) * 256 + number(1) : number((tag & 3) === 2 ? 2 : 4);
    if (back === 0 || back > end || length > size - end || at > bytes.length) throw damaged();
    if (back >= length) out.copyWithin(end, end - back, end - back + length);
    else for (let i = 0; i < length; i++) out[end + i] = out[end + i - back]!;
    end += length;
  }
  if (end !== size) throw damaged();
  return out;
}
