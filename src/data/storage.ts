/** Where the inputs of a data set lie while it is used: in memory, or, where they are larger than may be, in files. */
import { totalmem } from 'node:os';
import { readFile } from 'node:fs/promises';
import type { DecodedCache } from './cache';
import { DataError, type Split, type StoredInputs } from './dataset';
import { storedPart } from './stored';

export interface Storage {
  /** Keeps decoded examples between starts; null: nowhere. */
  readonly cache: DecodedCache | null;
  /** Bytes of inputs in memory at most, all splits together. */
  readonly memory: number;
}

/** Of inputs in memory where nothing is said: they lie there twice, once in the executor's own. */
const mostInMemory = 2 ** 30;
/** Of the machine's memory, or its container's. */
const shareOfMemory = 1 / 8;

export function defaultMemory(): number {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(mostInMemory, Math.floor(machine * shareOfMemory));
}

/** Inputs of a split that are made rather than read as they are. */
export interface MadeInputs {
  /** Names what they are made from, and how. */
  readonly key: string;
  readonly type: StoredInputs['type'];
  readonly count: number;
  readonly bytesPerExample: number;
  /** Hands over the bytes of all examples in order. */
  readonly make: (append: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
}

/**
 * Inputs from the cache, else made and put there.
 * @param where names the data in errors
 * @param resident whether they are to lie in memory
 * @throws DataError, and whatever `make` throws
 */
export async function storeInputs(
  where: string,
  made: MadeInputs,
  { cache, memory }: Storage,
  resident: boolean,
): Promise<Pick<Split, 'inputs' | 'stored'>> {
  const { key, type, count, bytesPerExample, make } = made;
  const bytes = count * bytesPerExample;
  if (!resident) {
    if (!cache) {
      throw new DataError(where, `has ${bytes} bytes of inputs once decoded; up to ${memory} can be held in memory`);
    }
    const file = (await cache.find(key, bytes)) ?? (await writeInto(where, cache, key, make));
    const part = await storedPart(file, { offset: 0, stride: bytesPerExample, count });
    return {
      inputs: type === 'uint8' ? new Uint8Array(0) : new Float32Array(0),
      stored: { type, bytesPerExample, planes: 1, parts: [part], rows: null },
    };
  }
  const inputs = (await readCached(cache, key, bytes)) ?? (await makeInMemory(made, bytes, cache));
  return { inputs: type === 'uint8' ? inputs : new Float32Array(inputs.buffer, inputs.byteOffset, bytes / 4) };
}

async function writeInto(where: string, cache: DecodedCache, key: string, make: MadeInputs['make']): Promise<string> {
  try {
    return await cache.write(key, make);
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof DataError) throw error;
    const reason = code === 'ENOSPC' ? 'the disk is full' : message;
    throw new DataError(path ?? where, `decoded examples cannot be kept (${reason}); make room, or use fewer`);
  }
}

async function readCached(cache: DecodedCache | null, key: string, bytes: number): Promise<Uint8Array | null> {
  const file = await cache?.find(key, bytes);
  if (file === undefined || file === null) return null;
  try {
    const content = await readFile(file);
    // deleted and written anew meanwhile, it would be of the same size
    return content.length >= bytes ? new Uint8Array(content.buffer, content.byteOffset, bytes) : null;
  } catch {
    return null;
  }
}

async function makeInMemory({ key, make }: MadeInputs, bytes: number, cache: DecodedCache | null): Promise<Uint8Array> {
  const inputs = new Uint8Array(bytes);
  let end = 0;
  await make(piece => {
    inputs.set(piece, end);
    end += piece.length;
    return Promise.resolve();
  });
  // only a second start would miss it: a full or write-protected disk is no reason to stop
  await cache?.write(key, append => append(inputs)).catch(() => undefined);
  return inputs;
}
