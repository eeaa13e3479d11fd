/** Columns of a Parquet file: the leaves of its schema, with what their values are. */
import { DataError } from '../dataset';
import { numberAt, structAt, textAt, type ThriftStruct } from './thrift';

export type PhysicalType = 'boolean' | 'int32' | 'int64' | 'int96' | 'float' | 'double' | 'bytes' | 'fixed';

const physicalTypes: readonly PhysicalType[] = [
  'boolean',
  'int32',
  'int64',
  'int96',
  'float',
  'double',
  'bytes',
  'fixed',
];

export interface Column {
  /** Place among the leaves, and so among the chunks of a row group. */
  readonly index: number;
  /** Names from the outermost: ["image", "bytes"] of a structure. */
  readonly path: readonly string[];
  readonly type: PhysicalType;
  /** Without a sign, of integers. */
  readonly unsigned: boolean;
  /** Numbers to compute with, text, or bytes of any kind; else what it is, for messages. */
  readonly content: 'number' | 'text' | 'bytes' | { readonly other: string };
  /** A value is there where its definition level is this; 0: always. */
  readonly maximumDefinition: number;
  /** Values of a row may be any number. */
  readonly repeated: boolean;
}

const mostDepth = 16;
const mostColumns = 100_000;
const longestName = 1024;
const repetition = { required: 0, optional: 1, repeated: 2 };

/** `ConvertedType` and fields of `LogicalType` that change what a value is, in words. */
const convertedOther: Readonly<Record<number, string>> = {
  5: 'a decimal',
  6: 'a date',
  7: 'a time',
  8: 'a time',
  9: 'a time',
  10: 'a time',
  20: 'BSON',
  21: 'an interval',
};
const logicalOther: Readonly<Record<number, string>> = {
  5: 'a decimal',
  6: 'a date',
  7: 'a time',
  8: 'a time',
  11: 'unknown',
  13: 'BSON',
  14: 'a UUID',
  15: 'a 16-bit float',
  16: 'a variant',
  17: 'a geometry',
  18: 'a geography',
};
const text = { converted: new Set([0, 4, 19]), logical: new Set([1, 4, 12]) };
const unsignedConverted = new Set([11, 12, 13, 14]);

/** @param elements of the schema, depth first. @throws DataError */
export function readSchema(file: string, elements: readonly ThriftStruct[] | undefined): readonly Column[] {
  const root = elements?.[0];
  if (!elements || !root) throw new DataError(file, 'is damaged: it has no schema; fetch it again');
  const columns: Column[] = [];
  let next = 1;
  const take = (count: number, path: readonly string[], definition: number, repeated: boolean): void => {
    if (path.length > mostDepth) throw new DataError(file, `its schema is nested deeper than ${mostDepth} levels`);
    for (let i = 0; i < count; i++) {
      const element = elements[next++];
      if (!element) throw new DataError(file, 'is damaged: its schema ends too early; fetch it again');
      const inside = [...path, (textAt(element, 4) ?? '').slice(0, longestName)];
      const kind = numberAt(element, 3) ?? repetition.required;
      const maximumDefinition = definition + (kind === repetition.required ? 0 : 1);
      const isRepeated = repeated || kind === repetition.repeated;
      const children = numberAt(element, 5) ?? 0;
      if (children > 0) take(children, inside, maximumDefinition, isRepeated);
      else columns.push(leaf(element, columns.length, inside, maximumDefinition, isRepeated));
      if (columns.length > mostColumns) throw new DataError(file, `has over ${mostColumns} columns`);
    }
  };
  take(numberAt(root, 5) ?? 0, [], 0, false);
  return columns;
}

function leaf(
  element: ThriftStruct,
  index: number,
  path: readonly string[],
  maximumDefinition: number,
  repeated: boolean,
): Column {
  const type = physicalTypes[numberAt(element, 1) ?? -1] ?? 'fixed';
  const converted = numberAt(element, 6) ?? -1;
  const logical = structAt(element, 10);
  const kind = logical?.findIndex(field => field !== undefined) ?? -1;
  const integer = logical && structAt(logical, 10);
  return {
    index,
    path,
    type,
    unsigned: unsignedConverted.has(converted) || integer?.[2] === false,
    content: contentOf(type, converted, kind),
    maximumDefinition,
    repeated,
  };
}

function contentOf(type: PhysicalType, converted: number, logical: number): Column['content'] {
  const other = logicalOther[logical] ?? convertedOther[converted];
  if (other !== undefined) return { other };
  if (type === 'int96') return { other: 'a time' };
  if (type === 'fixed') return { other: 'bytes of fixed length' };
  if (type !== 'bytes') return 'number';
  return text.converted.has(converted) || text.logical.has(logical) ? 'text' : 'bytes';
}
