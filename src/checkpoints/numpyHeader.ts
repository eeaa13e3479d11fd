/** The header of .npy, versions 1.0 to 3.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import { limits, type ByteSource } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { bytesPerElement, type Dtype } from './dtypes';
import { parseLiteral, type Literal } from './numpyLiteral';

export const npyMagic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

export interface NpyHeader {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
  /** The first axis runs fastest in the file. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly count: number;
  /** Where the values begin, in bytes from the start of the source. */
  readonly dataStart: number;
}

/** Far above what a structured type of thousands of fields needs. */
const maximumHeaderBytes = 2 ** 20;

const dtypes: Readonly<Record<string, Dtype>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};

/** @throws CheckpointError where it is no array of plain numbers that lies wholly in the source */
export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const fail = (reason: string): never => {
    throw new CheckpointError(source.name, reason);
  };
  if (source.size < 10) fail(`${source.size} bytes are too few for a .npy array`);
  const start = await source.read(0, Math.min(12, source.size));
  if (!npyMagic.every((byte, i) => start[i] === byte)) fail('not a .npy array: it does not begin with \\x93NUMPY');
  const [major, minor] = [start[6]!, start[7]!];
  if (major < 1 || major > 3 || minor !== 0)
    fail(`version ${major}.${minor} of .npy is not known, only 1.0, 2.0 and 3.0`);
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const headerStart = major === 1 ? 10 : 12;
  if (source.size < headerStart) fail(`${source.size} bytes are too few for a .npy array`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > Math.min(maximumHeaderBytes, source.size - headerStart)) {
    fail(
      `its header claims ${length} bytes, but ${source.size - headerStart} follow (and ${maximumHeaderBytes} are the ` +
        'limit): it is cut short or damaged',
    );
  }
  const bytes = await source.read(headerStart, length);
  const described = readDescription(bytes, major, fail);
  const dataStart = headerStart + length;
  const size = described.count * bytesPerElement[described.dtype];
  if (!Number.isSafeInteger(size) || size > source.size - dataStart) {
    fail(
      `shape [${described.shape.join(', ')}] of ${described.dtype} needs ${size} bytes, but ` +
        `${source.size - dataStart} follow its header: it is cut short`,
    );
  }
  return { ...described, dataStart };
}

function readDescription(
  bytes: Uint8Array,
  major: number,
  fail: (reason: string) => never,
): Omit<NpyHeader, 'dataStart'> {
  let header: Literal;
  try {
    const text = new TextDecoder(major < 3 ? 'latin1' : 'utf-8', { fatal: true }).decode(bytes);
    header = parseLiteral(text);
  } catch (error) {
    return fail(`its header is no Python literal: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!(header instanceof Map)) return fail('its header is not a dictionary');
  const fields = header as ReadonlyMap<string, Literal>;
  const expected = ['descr', 'fortran_order', 'shape'];
  if ([...fields.keys()].sort().join() !== expected.join())
    return fail(`its header has not just ${expected.join(', ')}`);
  const fortranOrder = fields.get('fortran_order');
  const shape = fields.get('shape');
  if (typeof fortranOrder !== 'boolean') return fail('fortran_order is neither True nor False');
  if (!isShape(shape)) return fail('its shape is not a tuple of whole numbers ≥ 0');
  const { dtype, bigEndian } = readDtype(fields.get('descr'), fail);
  return { dtype, bigEndian, fortranOrder, shape, count: shape.reduce((count, size) => count * size, 1) };
}

function isShape(value: Literal | undefined): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length <= limits.rank &&
    value.every(size => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)
  );
}

function readDtype(descr: Literal | undefined, fail: (reason: string) => never): { dtype: Dtype; bigEndian: boolean } {
  if (Array.isArray(descr)) return fail('a structured array: save each field as an array of its own');
  if (typeof descr !== 'string') return fail('its descr is no type');
  const [, order, code = ''] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  if (code.startsWith('O')) {
    return fail('an array of Python objects: they are pickled, and nothing is executed here; save numbers instead');
  }
  const dtype = Object.hasOwn(dtypes, code) ? dtypes[code] : undefined;
  if (dtype === undefined) {
    const hint = /^V[12]$/.test(code) ? ' (bfloat16 and float8 lose their type in .npy: save as float32)' : '';
    return fail(`type ${JSON.stringify(descr.slice(0, 40))} is not one of numbers${hint}`);
  }
  return { dtype, bigEndian: order === '>' && bytesPerElement[dtype] > 1 };
}
