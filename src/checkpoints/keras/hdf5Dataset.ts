/** One dataset: its type, shape, where its values lie, or why they cannot be read. */
import type { Hdf5Module } from 'h5wasm-module';
import { bytesPerElement } from '../dtypes';
import { readTextAttribute } from './hdf5Attributes';
import { readDatasetHeader, type DatasetHeader, type Superblock } from './hdf5Header';
import type { Hdf5Dataset, Hdf5Type } from './hdf5Protocol';
import type { Hdf5Reading } from './hdf5Reading';

/** A chunk is inflated as a whole. */
const mostChunkBytes = 48 * 2 ** 20;
/** H5Z_filter_t of what the library has built in: deflate, shuffle, Fletcher's checksum, szip, n-bit, scale and offset. */
const builtInFilters = 6;
const classNames = [
  'integers',
  'floating-point numbers',
  'times',
  'text',
  'bit fields',
  'opaque bytes',
  'records',
  'references',
  'an enumeration',
  'lists of any length',
  'arrays',
];

interface Place {
  readonly module: Hdf5Module;
  readonly file: bigint;
  readonly path: string;
  readonly address: number;
  readonly reading: Hdf5Reading;
  readonly superblock: Superblock | null;
}

export function describeDataset(place: Place): Hdf5Dataset {
  const { module, file, path, address, reading, superblock } = place;
  const metadata = module.get_dataset_metadata(file, `/${path}`);
  const shape = metadata.shape ?? [];
  const failed = (error: string, type: Hdf5Type | null = null): Hdf5Dataset => {
    return { path, address, shape, type, offset: null, error };
  };
  if (metadata.shape === null) return failed('it holds no values, not even a shape');
  if (!superblock || address < 0) return failed('where its header lies is not known to this version');
  let header: DatasetHeader;
  try {
    header = readDatasetHeader(reading.read, superblock, address);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed(`its header cannot be read: ${error.message}`);
  }
  const type = header.type ?? opaqueType(place, header);
  if (!type)
    return failed(`it holds ${classNames[metadata.type] ?? 'values of no known type'}, not numbers of a known size`);
  if (header.external)
    return failed('its values lie in other files, which are not opened: copy it with h5repack', type);
  if (header.layout === 'virtual') {
    return failed(
      'its values are put together from other datasets, which is not followed: copy it with h5repack',
      type,
    );
  }
  const bytes = shape.reduce((count, size) => count * size, bytesPerElement[type.dtype]);
  if (!header.written && bytes > 0) return failed('its values were never written', type);
  if (header.layout === 'chunked') {
    return { path, address, shape, type, offset: null, error: chunkError(place, metadata.chunks, type) };
  }
  const { offset } = header;
  if (offset !== null && bytes > 0) {
    if (offset + bytes > reading.size) {
      return failed(`its values end at byte ${offset + bytes} of ${reading.size}: cut short or damaged`, type);
    }
    return { path, address, shape, type, offset, error: null };
  }
  return { path, address, shape, type, offset: null, error: null };
}

/** Keras writes bfloat16 as two opaque bytes each, and an attribute that says so. */
function opaqueType({ module, file, path }: Place, { opaqueBytes }: DatasetHeader): Hdf5Type | null {
  if (opaqueBytes !== 2 || !module.get_attribute_names(file, `/${path}`).includes('dtype')) return null;
  const name = readTextAttribute(module, file, `/${path}`, 'dtype');
  return name === 'bfloat16' ? { dtype: 'BF16', bigEndian: false } : null;
}

function chunkError({ module, file, path }: Place, chunks: readonly number[] | null, type: Hdf5Type): string | null {
  for (const { id, name } of module.get_dataset_filters(file, `/${path}`)) {
    if (id < 1 || id > builtInFilters) {
      const called = name === '' ? '' : ` (${name.slice(0, 50)})`;
      return `its values are packed by filter ${id}${called}, which is not known here: save it without, or with gzip`;
    }
  }
  const bytes = (chunks ?? []).reduce((product, size) => product * size, bytesPerElement[type.dtype]);
  return bytes <= mostChunkBytes
    ? null
    : `its chunks are of ${bytes} bytes, and ${mostChunkBytes} are the most that are held: save it with smaller ones`;
}
