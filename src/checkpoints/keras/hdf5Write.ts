/** Makes an HDF5 file in memory by its own library, in a thread of its own. */
import makeModule, { type Hdf5Module } from 'h5wasm-module';
import type { Hdf5Content } from './hdf5Protocol';

/** H5T_class_t */
const [integerClass, floatClass, stringClass] = [0, 1, 3];
/** H5F_ACC_TRUNC */
const anew = 2;
const path = '/new.h5';

/** @throws Error with the library's reason, or where there is no memory for it */
export async function writeHdf5({ groups, datasets }: Hdf5Content): Promise<Uint8Array> {
  const module = await makeModule({ noInitialRun: true, print: () => undefined, printErr: () => undefined });
  const file = module.open(path, anew, false, -1, -1);
  if (file < 0n) throw new Error('the HDF5 library cannot make a file');
  for (const group of groups) {
    if (group.path !== '/') module.create_group(file, group.path, false);
    for (const [name, text] of Object.entries(group.attributes)) writeText(module, file, group.path, name, text);
  }
  for (const { path: place, shape, data } of datasets) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const pointer = module._malloc(Math.max(1, bytes.length));
    if (pointer === 0) throw new Error('there is no memory for its values');
    module.HEAPU8.set(bytes, pointer);
    const [type, size] = data instanceof Float32Array ? [floatClass, 4] : [integerClass, 1];
    module.create_dataset(file, place, BigInt(pointer), {
      ...plain,
      type,
      size,
      shape: shape.map(BigInt),
      maxshape: shape.map(BigInt),
      chunks: null,
      compression: 0,
      compression_opts: [],
      track_order: false,
    });
    module._free(pointer);
  }
  if (module.close_file(file) < 0) throw new Error('the HDF5 library cannot end the file');
  return module.FS.readFile(path);
}

const plain = { vlen: false, signed: false, littleEndian: true } as const;

/** UTF-8 of any length; a list has one axis. */
function writeText(
  module: Hdf5Module,
  file: bigint,
  place: string,
  name: string,
  text: string | readonly string[],
): void {
  const isOne = typeof text === 'string';
  const shape = isOne ? [] : [BigInt(text.length)];
  const type = { ...plain, vlen: true, type: stringClass, size: 4, cset: 1, shape, maxshape: shape };
  module.create_vlen_str_attribute(file, place, name, isOne ? [text] : text, type);
}
