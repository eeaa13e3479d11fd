/** From where a tensor's values lie to the values. */
import type { ByteSource, RawRange, StoredPlaces } from '../checkpoint';
import { decode, isDtype } from '../dtypes';
import { elementCount, type Floats, TensorError, type TensorValues } from '../values/tensorValues';
import { dataFields, type ElementType, elementType, smallTypes } from './elementTypes';
import type { TensorRecord } from './records';
import { lengthOf, PieceBytes, SpanBytes, type TensorBytes, VarintBytes } from './tensorBytes';
import type { Span } from './wire';

/** Values of whole bytes. */
class PlainValues implements TensorValues {
  readonly places: StoredPlaces | null = null;

  constructor(
    private readonly type: ElementType,
    private readonly stored: TensorBytes,
    readonly bytes: number,
  ) {}

  get raw(): RawRange | null {
    return this.stored.span;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    const { dtype, bits } = this.type;
    if (!isDtype(dtype)) throw new RangeError(dtype);
    const width = bits / 8;
    return decode(dtype, await this.stored.read(begin * width, end * width, signal));
  }
}

/** Values of two or four bits: the first of a byte is in its lowest bits. */
class SmallValues implements TensorValues {
  readonly raw = null;
  readonly places = null;

  constructor(
    private readonly type: ElementType,
    private readonly stored: TensorBytes,
    readonly bytes: number,
  ) {}

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Floats> {
    const { bits, dtype } = this.type;
    const table = smallTypes.get(dtype)!;
    const each = 8 / bits;
    const first = Math.floor(begin / each);
    const bytes = await this.stored.read(first, Math.max(first, Math.ceil(end / each)), signal);
    return Float32Array.from({ length: end - begin }, (_, i) => {
      const place = begin + i;
      return table[(bytes[Math.floor(place / each) - first]! >> ((place % each) * bits)) & (table.length - 1)]!;
    });
  }
}

/**
 * @param external opens the file that a tensor names
 * @throws TensorError, CheckpointError: why its values cannot be read
 */
export async function valuesOf(
  record: TensorRecord,
  source: ByteSource,
  external: (location: string) => Promise<ByteSource>,
): Promise<TensorValues> {
  if (record.damage !== null) throw new TensorError(record.damage);
  const type = elementType(record.type);
  if (!type) throw new TensorError(`data type ${record.type} is not known to ONNX of 2025`);
  if (record.dims.some(size => size < 0)) throw new TensorError(`its shape is none: [${record.dims.join(', ')}]`);
  const count = elementCount(record.dims);
  if (type.dtype === 'STRING') throw new TensorError('it holds text, no numbers');
  if (!type.decoded) throw new TensorError(`values of type ${type.dtype} are not decoded`);
  if (record.isSegment)
    throw new TensorError('it is a segment of a tensor in parts, which no exporter writes: not read');
  const length = Math.ceil((count * type.bits) / 8);
  const stored = record.isExternal
    ? await externalBytes(record, length, external)
    : inlineBytes(record, type, length, count, source);
  return smallTypes.has(type.dtype) ? new SmallValues(type, stored, length) : new PlainValues(type, stored, length);
}

async function externalBytes(
  { external, dims }: TensorRecord,
  length: number,
  open: (location: string) => Promise<ByteSource>,
): Promise<TensorBytes> {
  const location = external?.get('location');
  if (location === undefined) throw new TensorError('its values are said to be in another file, which is not named');
  const offset = wholeNumber('offset', external?.get('offset') ?? '0');
  const claimed = external?.get('length');
  if (claimed !== undefined && wholeNumber('length', claimed) !== length) {
    throw new TensorError(
      `${shown(dims)} takes ${length} bytes, but ${claimed} are said to be in ${location.slice(0, 200)}`,
    );
  }
  const file = await open(location);
  if (offset + length > file.size) {
    throw new TensorError(
      `its values end at byte ${offset + length} of ${file.name}, which has ${file.size}: that file is cut short or of another model`,
    );
  }
  return new SpanBytes(file, { offset, length });
}

function wholeNumber(key: string, text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) {
    throw new TensorError(`the ${key} of its external data is no whole number: ${JSON.stringify(text.slice(0, 100))}`);
  }
  return value;
}

const shown = (dims: readonly number[]): string => `its shape [${dims.join(', ')}]`;

function inlineBytes(
  record: TensorRecord,
  type: ElementType,
  length: number,
  count: number,
  source: ByteSource,
): TensorBytes {
  const [field, ...others] = [...record.pieces.keys()];
  if (others.length > 0) throw new TensorError('it holds its values twice, in fields of several types');
  if (field === undefined) {
    if (length === 0) return new SpanBytes(source, { offset: 0, length: 0 });
    throw new TensorError(`it holds no values, though ${shown(record.dims)} needs ${count}: exported without weights?`);
  }
  const pieces = record.pieces.get(field)!;
  for (const piece of pieces) if ('offset' in piece) demandWithin(piece, source);
  if (field === dataFields.raw) {
    // of a field that is there twice, protobuf takes the last
    const span = pieces.at(-1) as Span;
    demandLength(span.length, length, record.dims);
    return new SpanBytes(source, span);
  }
  if (field !== type.field) throw new TensorError(`values of type ${type.dtype} do not belong into field ${field}`);
  if (field === dataFields.float || field === dataFields.double) {
    const width = field === dataFields.float ? 4 : 8;
    demandLength(
      pieces.reduce((sum, piece) => sum + lengthOf(piece, width), 0),
      length,
      record.dims,
    );
    const [only, ...more] = pieces;
    if (more.length === 0 && only && 'offset' in only) return new SpanBytes(source, only);
    return new PieceBytes(source, pieces, width);
  }
  return varints(record, pieces, type, length, source);
}

function varints(
  { dims }: TensorRecord,
  pieces: readonly (Span | number[])[],
  type: ElementType,
  length: number,
  source: ByteSource,
): TensorBytes {
  const width = Math.max(1, type.bits / 8);
  const stored = length / width;
  // from one byte to ten
  const most = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const least = pieces.reduce(
    (sum, piece) => sum + ('offset' in piece ? Math.ceil(piece.length / 10) : piece.length),
    0,
  );
  if (stored > most || stored < least) {
    throw new TensorError(`${shown(dims)} needs ${stored} values, but ${most} bytes of them are there`);
  }
  return new VarintBytes(source, pieces, width, stored);
}

function demandWithin({ offset, length }: Span, source: ByteSource): void {
  if (offset + length <= source.size) return;
  throw new TensorError(`its values end at byte ${offset + length} of ${source.size}: the file is cut short`);
}

function demandLength(has: number, needs: number, dims: readonly number[]): void {
  if (has !== needs) throw new TensorError(`${shown(dims)} takes ${needs} bytes, but ${has} are there: damaged`);
}
