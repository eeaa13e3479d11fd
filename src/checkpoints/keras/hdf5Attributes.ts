import type { Hdf5Module } from 'h5wasm-module';

/** A model's configuration takes some kilobytes a layer. */
const mostBytes = 16 * 2 ** 20;
const [stringClass, pointerBytes] = [3, 4];

/** Text; of a list its items, a line each. Null where it is none, or too long. */
export function readTextAttribute(module: Hdf5Module, file: bigint, path: string, name: string): string | null {
  const { type, size, vlen, total_size: count } = module.get_attribute_metadata(file, path, name);
  const bytes = size * count;
  if (type !== stringClass || !(bytes > 0 && bytes <= mostBytes)) return null;
  const pointer = module._malloc(bytes);
  if (pointer === 0) return null;
  try {
    if (module.get_attribute_data(file, path, name, BigInt(pointer)) < 0) return null;
    const texts: string[] = [];
    // a view is lost where memory grows
    const view = new DataView(module.HEAPU8.buffer, pointer, bytes);
    let left = mostBytes;
    for (let i = 0; i < count && left > 0; i++) {
      const at = vlen ? view.getUint32(i * pointerBytes, true) : pointer + i * size;
      const text = at === 0 ? '' : module.UTF8ToString(at, vlen ? left : size);
      left -= text.length;
      texts.push(text);
    }
    if (vlen) module.reclaim_vlen_memory(file, path, name, BigInt(pointer));
    return texts.join('\n');
  } finally {
    module._free(pointer);
  }
}
