/** The list of tensors of a GGUF file, and what is wrong with single ones. */
import { limits } from '../checkpoint';
import type { GgufCursor } from './cursor';
import { ggmlTypes, unknownType, type GgmlType } from './ggmlTypes';

export interface GgufEntry {
  readonly name: string;
  /** Outputs first, as PyTorch has it: GGUF names the axis first that runs fastest. */
  readonly shape: readonly number[];
  /** Null where it is not known. */
  readonly type: GgmlType | null;
  /** From where the data begin. */
  readonly offset: number;
  readonly bytes: number;
  readonly error: string | null;
}

/** @throws CheckpointError where an entry does not fit into the file: the next has no known place then */
export async function readTensorInfos(cursor: GgufCursor, count: number): Promise<readonly GgufEntry[]> {
  const entries: GgufEntry[] = [];
  for (let i = 0; i < count; i++) {
    const start = cursor.at;
    const { text: name, bytes } = await cursor.text('the name of a tensor', limits.nameLength);
    if (bytes > limits.nameLength) {
      cursor.at = start;
      cursor.fail(`the name of a tensor has ${bytes} bytes, and ${limits.nameLength} are the limit`);
    }
    await cursor.need(4, `tensor ${JSON.stringify(name)}`);
    const rank = cursor.u32();
    if (rank > limits.rank)
      cursor.fail(`tensor ${JSON.stringify(name)} has ${rank} axes, and ${limits.rank} are the limit`);
    await cursor.need(rank * cursor.sizeBytes + 12, `tensor ${JSON.stringify(name)}`);
    const shape = Array.from({ length: rank }, () => cursor.size()).reverse();
    const type = cursor.u32();
    entries.push(entryOf(name, shape, type, Number(cursor.u64())));
  }
  return entries;
}

function entryOf(name: string, shape: readonly number[], number: number, offset: number): GgufEntry {
  const type = ggmlTypes.get(number) ?? null;
  if (!type) return { name, shape, type, offset, bytes: 0, error: unknownType(number) };
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = (count / type.values) * type.bytes;
  const bad = (error: string): GgufEntry => ({ name, shape, type, offset, bytes: 0, error });
  // also what is no count: rounded, infinite
  if (!Number.isSafeInteger(count) || !(bytes <= Number.MAX_SAFE_INTEGER)) {
    return bad(`its shape [${shape.join(', ')}] is beyond all memory`);
  }
  const row = shape.at(-1) ?? 1;
  if (row % type.values !== 0) {
    return bad(`rows of ${row} values are no multiple of the ${type.values} in a block of ${type.name}`);
  }
  return { name, shape, type, offset, bytes, error: type.kind === 'listed' ? type.why : null };
}

/**
 * Each name once, and errors where tensors do not lie where they can.
 * @param dataBytes from where the data begin to the end of the file
 */
export function checkPlaces(entries: readonly GgufEntry[], alignment: number, dataBytes: number): GgufEntry[] {
  const counts = new Map<string, number>();
  for (const { name } of entries) counts.set(name, (counts.get(name) ?? 0) + 1);
  const wrong = new Map<GgufEntry, string>();
  let end = 0;
  let before = '';
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    const { offset, bytes, name } = entry;
    if (offset % alignment !== 0) wrong.set(entry, `its offset ${offset} is no multiple of the alignment ${alignment}`);
    else if (offset + bytes > dataBytes) {
      wrong.set(entry, `it ends at byte ${offset + bytes} of ${dataBytes} bytes of data: the file is cut short`);
      continue;
    } else if (offset < end && bytes > 0)
      wrong.set(entry, `it overlaps ${JSON.stringify(before)} (byte ${offset} of the data)`);
    if (offset + bytes > end) [end, before] = [offset + bytes, name];
  }
  const seen = new Set<string>();
  return entries.flatMap(entry => {
    if (seen.has(entry.name)) return [];
    seen.add(entry.name);
    const twice = counts.get(entry.name)! > 1 ? 'its name stands more than once in the file' : null;
    return [{ ...entry, error: entry.error ?? twice ?? wrong.get(entry) ?? null }];
  });
}
