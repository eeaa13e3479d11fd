/** Writes small Parquet files: the encodings, codecs and page versions that writers use, each where a test wants it. */
import { brotliCompressSync, gzipSync } from 'node:zlib';

export interface ParquetColumn {
  /** Names from the outermost, e.g. ['image', 'bytes']. */
  readonly path: readonly string[];
  readonly type: 'boolean' | 'int32' | 'int64' | 'float' | 'double' | 'bytes';
  /** UTF-8 text, or unsigned integers. */
  readonly annotation?: 'text' | 'unsigned';
  /** null: no value, and then the column is optional. */
  readonly values: readonly (number | string | Uint8Array | null)[];
  readonly dictionary?: boolean;
}

export interface ParquetOptions {
  readonly codec?: 'none' | 'snappy' | 'gzip' | 'brotli' | 'zstandard';
  readonly pageVersion?: 1 | 2;
  readonly rowsPerGroup?: number;
  readonly rowsPerPage?: number;
  readonly notes?: Readonly<Record<string, string>>;
}

const types = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6 };
const codecNumbers = { none: 0, snappy: 1, gzip: 2, brotli: 4, zstandard: 6 };
const thrift = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 };

type Field = readonly [id: number, value: Thrift];
type Thrift =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly struct: readonly Field[] }
  | { readonly structs: readonly (readonly Field[])[] }
  | { readonly texts: readonly string[] }
  | { readonly i32s: readonly number[] };

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

const zigzag = (value: number): number[] => varint(value >= 0 ? 2 * value : -2 * value - 1);

function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...varint(bytes.length), ...bytes];
}

function listHead(size: number, type: number): number[] {
  return size < 15 ? [(size << 4) | type] : [0xf0 | type, ...varint(size)];
}

function encodeStruct(fields: readonly Field[]): number[] {
  let last = 0;
  const out: number[] = [];
  for (const [id, value] of fields) {
    const [type, bytes] = encode(value);
    out.push(((id - last) << 4) | type);
    for (const byte of bytes) out.push(byte);
    last = id;
  }
  return [...out, 0];
}

function encode(value: Thrift): [type: number, bytes: number[]] {
  if ('i32' in value) return [thrift.i32, zigzag(value.i32)];
  if ('i64' in value) return [thrift.i64, zigzag(value.i64)];
  if ('bool' in value) return [value.bool ? thrift.true : thrift.false, []];
  if ('text' in value) return [thrift.binary, text(value.text)];
  if ('struct' in value) return [thrift.struct, encodeStruct(value.struct)];
  if ('structs' in value) {
    return [thrift.list, [...listHead(value.structs.length, thrift.struct), ...value.structs.flatMap(encodeStruct)]];
  }
  if ('texts' in value)
    return [thrift.list, [...listHead(value.texts.length, thrift.binary), ...value.texts.flatMap(text)]];
  return [thrift.list, [...listHead(value.i32s.length, thrift.i32), ...value.i32s.flatMap(zigzag)]];
}

function plain(type: ParquetColumn['type'], values: readonly (number | string | Uint8Array)[]): Buffer {
  if (type === 'boolean') {
    const bits = Buffer.alloc(Math.ceil(values.length / 8));
    for (const [i, value] of values.entries()) bits[i >> 3]! |= Number(value) << (i & 7);
    return bits;
  }
  return Buffer.concat(
    values.map(value => {
      if (type === 'bytes') {
        const bytes = typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        return Buffer.concat([length, bytes]);
      }
      const out = Buffer.alloc(type === 'int32' || type === 'float' ? 4 : 8);
      if (type === 'int32') out.writeInt32LE(Number(value) | 0);
      else if (type === 'int64') out.writeBigInt64LE(BigInt(Number(value)));
      else if (type === 'float') out.writeFloatLE(Number(value));
      else out.writeDoubleLE(Number(value));
      return out;
    }),
  );
}

/** Runs where values repeat eight times or more, else groups of eight packed values. */
export function hybrid(values: readonly number[], width: number): Buffer {
  const out: number[] = [];
  const littleEndian = (value: number, bytes: number): number[] =>
    Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
  for (let at = 0; at < values.length;) {
    let run = 1;
    while (at + run < values.length && values[at + run] === values[at]) run++;
    if (run >= 8 || at + run === values.length) {
      out.push(...varint(2 * run), ...littleEndian(values[at]!, Math.ceil(width / 8)));
      at += run;
      continue;
    }
    out.push(...varint(3));
    let bits = 0n;
    for (let i = 0; i < 8; i++) bits |= BigInt(values[at + i] ?? 0) << BigInt(i * width);
    for (let i = 0; i < width; i++) out.push(Number((bits >> BigInt(8 * i)) & 0xffn));
    at += 8;
  }
  return Buffer.from(out);
}

/** Literals, and copies of what stands up to 2,047 bytes before. */
export function snap(bytes: Uint8Array): Buffer {
  const out: number[] = varint(bytes.length);
  let literal: number[] = [];
  const flush = (): void => {
    for (let at = 0; at < literal.length; at += 300) {
      const piece = literal.slice(at, at + 300);
      if (piece.length <= 60) out.push((piece.length - 1) << 2);
      else out.push(61 << 2, (piece.length - 1) & 0xff, (piece.length - 1) >> 8);
      out.push(...piece);
    }
    literal = [];
  };
  for (let at = 0; at < bytes.length;) {
    const back = [1, 4, 8].find(distance => at >= distance && sameAt(bytes, at, at - distance, 8));
    if (back === undefined) {
      literal.push(bytes[at++]!);
      continue;
    }
    flush();
    let length = 8;
    while (length < 60 && at + length < bytes.length && bytes[at + length] === bytes[at + length - back]) length++;
    if (length < 12) out.push(1 | ((length - 4) << 2), back);
    else out.push(2 | ((length - 1) << 2), back, 0);
    at += length;
  }
  flush();
  return Buffer.from(out);
}

function sameAt(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    if (one + i >= bytes.length || bytes[one + i] !== bytes[other + i]) return false;
  }
  return true;
}

function compress(codec: NonNullable<ParquetOptions['codec']>, bytes: Buffer): Buffer {
  if (codec === 'snappy') return snap(bytes);
  if (codec === 'gzip') return gzipSync(bytes);
  return codec === 'brotli' ? brotliCompressSync(bytes) : bytes;
}

/** @param columns leaves in the order of the schema; those of one structure stand side by side */
export function parquetFile(columns: readonly ParquetColumn[], options: ParquetOptions = {}): Buffer {
  const { codec = 'none', pageVersion = 1, notes = {} } = options;
  const rows = columns[0]!.values.length;
  const { rowsPerGroup = Math.max(1, rows), rowsPerPage = Math.max(1, rows) } = options;
  let file = Buffer.from('PAR1');
  const groups: Field[][] = [];
  for (let first = 0; first < rows; first += rowsPerGroup) {
    const chunks: Field[][] = [];
    for (const column of columns) {
      const begin = file.length;
      const group = column.values.slice(first, first + rowsPerGroup);
      const { pages, dataStart } = chunk(column, group, codec, pageVersion, rowsPerPage);
      file = Buffer.concat([file, pages]);
      chunks.push([
        [2, { i64: begin }],
        [
          3,
          {
            struct: [
              [1, { i32: types[column.type] }],
              [2, { i32s: [0, 3, 8] }],
              [3, { texts: column.path }],
              [4, { i32: codecNumbers[codec] }],
              [5, { i64: group.length }],
              [6, { i64: pages.length }],
              [7, { i64: pages.length }],
              [9, { i64: begin + dataStart }],
              ...(dataStart > 0 ? [[11, { i64: begin }] as const] : []),
            ],
          },
        ],
      ]);
    }
    const size = Math.min(rowsPerGroup, rows - first);
    groups.push([
      [1, { structs: chunks }],
      [2, { i64: file.length }],
      [3, { i64: size }],
    ]);
  }
  const footer = Buffer.from(
    encodeStruct([
      [1, { i32: 2 }],
      [2, { structs: schemaOf(columns) }],
      [3, { i64: rows }],
      [4, { structs: groups }],
      ...(Object.keys(notes).length > 0
        ? [
            [
              5,
              {
                structs: Object.entries(notes).map(([key, value]): Field[] => [
                  [1, { text: key }],
                  [2, { text: value }],
                ]),
              },
            ] as const,
          ]
        : []),
    ]),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([file, footer, length, Buffer.from('PAR1')]);
}

/** Of structures one level deep; these are optional, as their members. */
function schemaOf(columns: readonly ParquetColumn[]): Field[][] {
  const tops = [...new Set(columns.map(({ path }) => path[0]!))];
  const elements: Field[][] = [
    [
      [4, { text: 'schema' }],
      [5, { i32: tops.length }],
    ],
  ];
  for (const top of tops) {
    const inside = columns.filter(({ path }) => path[0] === top);
    if (inside[0]!.path.length > 1) {
      elements.push([
        [3, { i32: 1 }],
        [4, { text: top }],
        [5, { i32: inside.length }],
      ]);
    }
    for (const column of inside) {
      const annotation: Field[] =
        column.annotation === undefined ? [] : [[6, { i32: column.annotation === 'text' ? 0 : 13 }]];
      elements.push([
        [1, { i32: types[column.type] }],
        [3, { i32: isOptional(column) ? 1 : 0 }],
        [4, { text: column.path.at(-1)! }],
        ...annotation,
      ]);
    }
  }
  return elements;
}

function isOptional({ path, values }: ParquetColumn): boolean {
  return path.length > 1 || values.includes(null);
}

function chunk(
  column: ParquetColumn,
  values: ParquetColumn['values'],
  codec: NonNullable<ParquetOptions['codec']>,
  version: 1 | 2,
  rowsPerPage: number,
): { pages: Buffer; dataStart: number } {
  const pages: Buffer[] = [];
  const there = values.filter(value => value !== null);
  const distinct = [...new Set(there)];
  if (column.dictionary === true) {
    const body = plain(column.type, distinct);
    const packed = compress(codec, body);
    const header: Field[] = [
      [1, { i32: 2 }],
      [2, { i32: body.length }],
      [3, { i32: packed.length }],
      [
        7,
        {
          struct: [
            [1, { i32: distinct.length }],
            [2, { i32: 0 }],
          ],
        },
      ],
    ];
    pages.push(Buffer.from(encodeStruct(header)), packed);
  }
  const dataStart = Buffer.concat(pages).length;
  for (let first = 0; first < values.length; first += rowsPerPage) {
    const rows = values.slice(first, first + rowsPerPage);
    const present = rows.filter(value => value !== null);
    const width = Math.max(1, 32 - Math.clz32(distinct.length - 1));
    const body =
      column.dictionary === true
        ? Buffer.concat([
            Buffer.of(width),
            hybrid(
              present.map(value => distinct.indexOf(value)),
              width,
            ),
          ])
        : plain(column.type, present);
    const encoding = column.dictionary === true ? 8 : 0;
    const most = column.path.length;
    const levels = isOptional(column)
      ? hybrid(
          rows.map(value => (value === null ? most - 1 : most)),
          32 - Math.clz32(most),
        )
      : Buffer.alloc(0);
    pages.push(...page(version, codec, rows.length, rows.length - present.length, encoding, levels, body));
  }
  return { pages: Buffer.concat(pages), dataStart };
}

function page(
  version: 1 | 2,
  codec: NonNullable<ParquetOptions['codec']>,
  rows: number,
  nulls: number,
  encoding: number,
  levels: Buffer,
  body: Buffer,
): Buffer[] {
  if (version === 1) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(levels.length);
    const whole = levels.length > 0 ? Buffer.concat([length, levels, body]) : body;
    const packed = compress(codec, whole);
    const header: Field[] = [
      [1, { i32: 0 }],
      [2, { i32: whole.length }],
      [3, { i32: packed.length }],
      [
        5,
        {
          struct: [
            [1, { i32: rows }],
            [2, { i32: encoding }],
            [3, { i32: 3 }],
            [4, { i32: 3 }],
          ],
        },
      ],
    ];
    return [Buffer.from(encodeStruct(header)), packed];
  }
  const packed = Buffer.concat([levels, compress(codec, body)]);
  const described: Field[] = [
    [1, { i32: rows }],
    [2, { i32: nulls }],
    [3, { i32: rows }],
    [4, { i32: encoding }],
    [5, { i32: levels.length }],
    [6, { i32: 0 }],
    [7, { bool: true }],
  ];
  const header: Field[] = [
    [1, { i32: 3 }],
    [2, { i32: levels.length + body.length }],
    [3, { i32: packed.length }],
    [8, { struct: described }],
  ];
  return [Buffer.from(encodeStruct(header)), packed];
}
