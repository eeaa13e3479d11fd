/** NumPy: .npy with one array, .npz (zip of .npy) with several. */
import type { TensorInfo } from '../shared/inspection';
import {
  limits,
  type ByteSource,
  type Checkpoint,
  type FormatReader,
  type RawRange,
  type StoredPlaces,
} from './checkpoint';
import { CheckpointError } from './checkpointError';
import { bytesPerElement } from './dtypes';
import { npyMagic, readNpyHeader, type NpyHeader } from './numpyHeader';
import { readNpyValues, runsAsIs } from './numpyValues';
import { describeTensor, guessConvention, type Convention } from './roles';
import { openZip, zipSignature, type Zip } from './zip';

export const npyReader: FormatReader = {
  name: 'NumPy (.npy)',
  recognises: head => npyMagic.every((byte, i) => head[i] === byte),
  async open(source) {
    const header = await readNpyHeader(source);
    const rest = source.size - header.dataStart - header.count * bytesPerElement[header.dtype];
    const notes = rest > 0 ? [`${rest} bytes after the array are left out`] : [];
    const name = source.name.replace(/^.*[\\/]/, '').replace(/\.npy$/i, '');
    const array: NpyArray = {
      source,
      raw: rawOf(header, { source, offset: 0 }),
      places: placesOf(header, { source, offset: 0 }),
      header,
      info: describe(name, header, 'torch'),
    };
    return checkpointOf('NumPy (.npy)', source, [array], notes);
  },
};

export const npzReader: FormatReader = {
  name: 'NumPy (.npz)',
  async recognises(head, source) {
    if (!zipSignature.every((byte, i) => head[i] === byte)) return false;
    return (await openZip(source)).entries.some(({ name }) => name.endsWith('.npy'));
  },
  async open(source) {
    const zip = await openZip(source);
    const arrays = zip.entries.filter(({ name }) => name.endsWith('.npy'));
    if (arrays.some(({ name }) => name.length > limits.nameLength)) {
      throw new CheckpointError(
        source.name,
        `it names an array with more than ${limits.nameLength} characters: damaged`,
      );
    }
    const others = zip.entries.length - arrays.length;
    const notes = others > 0 ? [`${others} entries of the archive are no arrays: left out`] : [];
    const convention = guessConvention(arrays.map(({ name }) => name.slice(0, -4)));
    const read: NpyArray[] = [];
    const seen = new Set<string>();
    for (const { name } of arrays) {
      if (seen.has(name)) continue;
      seen.add(name);
      read.push(await readEntry(source, zip, name, convention));
    }
    return checkpointOf('NumPy (.npz)', source, read, notes);
  },
};

interface NpyArray {
  readonly info: TensorInfo;
  readonly header: NpyHeader | null;
  /** The .npy file: the source itself, or an entry of it. Null where it cannot be read. */
  readonly source: ByteSource | null;
  readonly raw: RawRange | null;
  readonly places: StoredPlaces | null;
}

async function readEntry(file: ByteSource, zip: Zip, entry: string, convention: Convention): Promise<NpyArray> {
  const name = entry.slice(0, -4);
  try {
    const source = await zip.source(entry);
    const header = await readNpyHeader(source);
    // what inflated the header is not kept for every array
    await source.close();
    const range = await zip.raw(entry);
    const info = describe(name, header, convention);
    return { source, raw: range && rawOf(header, range), places: range && placesOf(header, range), header, info };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const reason = error.message.replace(`${file.name}: `, '');
    const info = describeTensor({ name, dtype: 'unknown', shape: [], bytes: 0, convention, error: reason });
    return { source: null, raw: null, places: null, header: null, info };
  }
}

function rawOf(header: NpyHeader, file: { readonly source: ByteSource; readonly offset: number }): RawRange | null {
  if (header.bigEndian || !runsAsIs(header)) return null;
  const length = header.count * bytesPerElement[header.dtype];
  return { source: file.source, offset: file.offset + header.dataStart, length };
}

/** Of any order of bytes and axes. */
function placesOf(header: NpyHeader, file: { readonly source: ByteSource; readonly offset: number }): StoredPlaces {
  const valueBytes = bytesPerElement[header.dtype];
  const strides = new Array<number>(header.shape.length);
  const order = header.shape.map((_, axis) => axis);
  let step = valueBytes;
  for (const axis of header.fortranOrder ? order : order.reverse()) {
    strides[axis] = step;
    step *= header.shape[axis]!;
  }
  return { source: file.source, offset: file.offset + header.dataStart, valueBytes, strides };
}

function describe(name: string, { dtype, shape, count }: NpyHeader, convention: Convention): TensorInfo {
  return describeTensor({ name, dtype, shape, bytes: count * bytesPerElement[dtype], convention });
}

function checkpointOf(
  format: string,
  source: ByteSource,
  arrays: readonly NpyArray[],
  notes: readonly string[],
): Checkpoint {
  return {
    format,
    tensors: arrays.map(({ info }) => info),
    metadata: [],
    notes,
    bytes: source.size,
    raw: index => arrays[index]!.raw,
    places: index => arrays[index]!.places,
    async values(index, begin, end, signal) {
      const { source: file, header, info } = arrays[index]!;
      if (!file || !header)
        throw new CheckpointError(source.name, `array ${JSON.stringify(info.name)}: ${info.error!}`);
      return readNpyValues(file, header, begin, end, signal);
    },
    async close() {
      for (const { source: file } of arrays) if (file !== source) await file?.close();
      await source.close();
    },
  };
}
