/** Pickles put together opcode by opcode, sound or hostile, and the checkpoint files that PyTorch puts around them. */
import { concat, text, type ZipFixture, zipBytes } from './checkpoints';

/** A piece of a pickle that leaves one object on the stack. */
export class Piece {
  constructor(readonly bytes: Uint8Array) {}
}

export type Picklable =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Piece
  | readonly Picklable[]
  | { readonly [key: string]: Picklable };

const latin1 = (code: string): Uint8Array => Buffer.from(code, 'latin1');

function number(value: number): Uint8Array {
  const bytes = Buffer.alloc(9);
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
    bytes.write('J', 'latin1');
    bytes.writeInt32LE(value, 1);
    return bytes.subarray(0, 5);
  }
  if (Number.isSafeInteger(value)) return long(BigInt(value));
  bytes.write('G', 'latin1');
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function long(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(32);
  for (let i = 0, rest = BigInt.asUintN(256, value); i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return concat(Uint8Array.of(0x8a, 32), bytes);
}

/** What Python would write for it: arrays as tuples, objects as dicts. */
export function encode(value: Picklable): Uint8Array {
  if (value === null) return latin1('N');
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0x88 : 0x89);
  if (typeof value === 'number') return number(value);
  if (typeof value === 'bigint') return long(value);
  if (typeof value === 'string') return concat(latin1('X'), uint32(text(value).length), text(value));
  if (value instanceof Uint8Array) return concat(latin1('B'), uint32(value.length), value);
  if (value instanceof Piece) return value.bytes;
  if (Array.isArray(value)) return concat(latin1('('), ...value.map((item: Picklable) => encode(item)), latin1('t'));
  const items = Object.entries(value).flatMap(([key, item]) => [encode(key), encode(item)]);
  return concat(latin1('}('), ...items, latin1('u'));
}

export const piece = (...parts: readonly (string | Uint8Array)[]): Piece =>
  new Piece(concat(...parts.map(part => (typeof part === 'string' ? latin1(part) : part))));

export const uint32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const list = (...items: readonly Picklable[]): Piece => piece('](', ...items.map(encode), 'e');
export const named = (module: string, name: string): Piece => piece(`c${module}\n${name}\n`);
export const call = (module: string, name: string, ...args: readonly Picklable[]): Piece =>
  piece(named(module, name).bytes, encode(args), 'R');
export const persistent = (id: Picklable): Piece => piece(encode(id), 'Q');

export const pickle = (value: Picklable): Uint8Array => concat(Uint8Array.of(0x80, 2), encode(value), latin1('.'));

export interface TensorFixture {
  readonly key: string;
  /** e.g. "Float". */
  readonly type?: string;
  /** Values of the storage, as the pickle claims. */
  readonly count: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  /** Metadata of a view in the legacy format. */
  readonly view?: readonly Picklable[];
  readonly legacy?: boolean;
}

/** As a persistent id refers to it. */
export function storage(fixture: Omit<TensorFixture, 'shape'>): Piece {
  const { key, type = 'Float', count, view = null, legacy = false } = fixture;
  const id: Picklable[] = ['storage', named('torch', `${type}Storage`), key, 'cpu', count];
  return persistent(legacy ? [...id, view] : id);
}

/** A tensor as `torch.save` writes it; row-major where no strides are given. */
export function tensor(fixture: TensorFixture): Piece {
  const { shape, offset = 0 } = fixture;
  const rows = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const hooks = call('collections', 'OrderedDict');
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    storage(fixture),
    offset,
    shape,
    fixture.stride ?? rows,
    false,
    hooks,
  );
}

export const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** `torch.save` since 1.6. @param storages by their keys */
export function torchZip(
  root: Picklable,
  storages: Readonly<Record<string, Uint8Array>>,
  others: readonly ZipFixture[] = [],
): Uint8Array {
  return zipBytes([
    { name: 'archive/data.pkl', data: pickle(root) },
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
    ...others,
  ]);
}

/** `torch.save` before 1.6. @param storages key, count of values as the file claims, bytes */
export function torchLegacy(root: Picklable, storages: readonly (readonly [string, number, Uint8Array])[]): Uint8Array {
  const lengths = storages.map(([, count]) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(count));
    return bytes;
  });
  return concat(
    pickle(0x1950a86a20f9469cfc6cn),
    pickle(1001),
    pickle({ protocol_version: 1001, little_endian: true, type_sizes: { short: 2, int: 4, long: 4 } }),
    pickle(root),
    pickle(list(...storages.map(([key]) => key))),
    ...storages.flatMap(([, , data], i) => [lengths[i]!, data]),
  );
}
