/** Keys and values of a GGUF file, shortened to what is shown. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
import { limits } from '../checkpoint';
import type { GgufCursor } from './cursor';

export interface GgufMetadata {
  /** In the order of the file; each key once. */
  readonly shown: readonly (readonly [string, string])[];
  /** Of single whole numbers. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** Of vocabularies and merges there may be hundreds of thousands. */
const shownItems = 8;
const shownBytes = 1000;
const maximumDepth = 16;
/** In one list: nobody writes lists in lists, each of which takes as long as a key. */
const maximumLists = 1000;
export const maximumKeys = 10_000;

const [textType, listType] = [8, 9];

interface Scalar {
  readonly bytes: number;
  readonly read: (cursor: GgufCursor) => number | bigint | boolean;
}
/** `gguf_metadata_value_type` */
const scalars: ReadonlyMap<number, Scalar> = new Map([
  [0, { bytes: 1, read: cursor => cursor.u8() }],
  [1, { bytes: 1, read: cursor => cursor.i8() }],
  [2, { bytes: 2, read: cursor => cursor.u16() }],
  [3, { bytes: 2, read: cursor => cursor.i16() }],
  [4, { bytes: 4, read: cursor => cursor.u32() }],
  [5, { bytes: 4, read: cursor => cursor.i32() }],
  [6, { bytes: 4, read: cursor => cursor.f32() }],
  [7, { bytes: 1, read: cursor => cursor.u8() !== 0 }],
  [10, { bytes: 8, read: cursor => cursor.u64() }],
  [11, { bytes: 8, read: cursor => cursor.i64() }],
  [12, { bytes: 8, read: cursor => cursor.f64() }],
] satisfies [number, Scalar][]);

/** @throws CheckpointError where a value is of no known kind or does not fit: what follows has no known place then */
export async function readMetadata(cursor: GgufCursor, count: number): Promise<GgufMetadata> {
  const shown = new Map<string, string>();
  const numbers = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const start = cursor.at;
    const { text: key, bytes } = await cursor.text('a key of the metadata', limits.nameLength);
    if (bytes > limits.nameLength) {
      cursor.at = start;
      cursor.fail(`a key of the metadata has ${bytes} bytes, and ${limits.nameLength} are the limit`);
    }
    if (shown.has(key)) cursor.fail(`the metadata holds the key ${JSON.stringify(key)} twice`);
    await cursor.need(4, 'the type of a value');
    const type = cursor.u32();
    const value = await readValue(cursor, type, 0, true);
    if (typeof value === 'number' || typeof value === 'bigint') numbers.set(key, Number(value));
    shown.set(key, String(value));
  }
  return { shown: [...shown], numbers };
}

/** @param wanted otherwise it is passed over, and null comes back */
async function readValue(
  cursor: GgufCursor,
  type: number,
  depth: number,
  wanted: boolean,
): Promise<string | number | bigint | boolean | null> {
  const scalar = scalars.get(type);
  if (scalar) {
    await cursor.need(scalar.bytes, 'a value of the metadata');
    return scalar.read(cursor);
  }
  if (type === textType) {
    const { text, bytes } = await cursor.text('a text of the metadata', wanted ? shownBytes : 0);
    return bytes > shownBytes ? `${text}…` : text;
  }
  if (type === listType) return readList(cursor, depth, wanted);
  return cursor.fail(`a value of type ${type}, which GGUF does not have`);
}

async function readList(cursor: GgufCursor, depth: number, wanted: boolean): Promise<string | null> {
  if (depth === maximumDepth) cursor.fail(`lists of the metadata are nested deeper than ${maximumDepth}`);
  await cursor.need(4 + cursor.sizeBytes, 'a list of the metadata');
  const type = cursor.u32();
  const count = cursor.size();
  const scalar = scalars.get(type);
  // a text has its length before it, a list its type too
  const least = scalar?.bytes ?? (type === textType ? cursor.sizeBytes : 4 + cursor.sizeBytes);
  if (count * least > cursor.left) {
    cursor.fail(`a list claims ${count} values of ${least} bytes or more, and ${cursor.left} bytes are left`);
  }
  if (!scalar && type !== textType && count > maximumLists) {
    cursor.fail(`a list of ${count} lists, and ${maximumLists} are the limit`);
  }
  const shown: string[] = [];
  const many = wanted ? Math.min(count, shownItems) : 0;
  for (let i = 0; i < many; i++) shown.push(String(await readValue(cursor, type, depth + 1, true)));
  if (scalar) cursor.skip((count - many) * least, 'a list of the metadata');
  else if (type === textType) await cursor.passTexts(count - many, 'a text of the metadata');
  else for (let i = many; i < count; i++) await readValue(cursor, type, depth + 1, false);
  if (!wanted) return null;
  return `[${shown.join(', ')}${count > many ? `, … ${count} values` : ''}]`;
}
