/** Reads inputs that stay in files: any examples by number, or a whole split piece by piece. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DataError, type Split, type StoredInputs, type StoredPart } from './dataset';
import { interleave } from './numpyArrays';

/** Bytes that a pass over a split holds at a time. */
const pieceBytes = 4 * 2 ** 20;

/** @throws DataError where the file cannot be looked at */
export async function storedPart(
  file: string,
  place: Pick<StoredPart, 'offset' | 'stride' | 'count'>,
): Promise<StoredPart> {
  try {
    const { size, mtimeMs } = await stat(file);
    return { file, ...place, size, modified: mtimeMs };
  } catch (error) {
    throw new DataError(file, `cannot be read (${(error as Error).message})`);
  }
}

/** Holds the files open. Synchronous, for threads that have nothing else to do. */
export class StoredReader {
  private readonly handles: (number | null)[];
  /** Number of the first example of each part. */
  private readonly begins: readonly number[];
  /** Of records that are longer than their examples. */
  private scratch = new Uint8Array(0);

  constructor(private readonly stored: StoredInputs) {
    this.handles = stored.parts.map(() => null);
    let begin = 0;
    this.begins = stored.parts.map(({ count }) => (begin += count) - count);
  }

  /**
   * Reads examples of the split, in the order wanted. Neighbours in the file that are wanted one after another come in
   * one read.
   * @param examples their numbers in the split
   * @param out [examples × bytesPerExample]
   * @throws DataError where a file is gone, is another one than was loaded, or cannot be read
   */
  read(examples: ArrayLike<number>, out: Uint8Array): void {
    const { bytesPerExample, planes, rows, type } = this.stored;
    for (let i = 0; i < examples.length;) {
      const first = rows ? rows[examples[i]!]! : examples[i]!;
      const part = this.partOf(first);
      const end = this.begins[part]! + this.stored.parts[part]!.count;
      let length = 1;
      while (i + length < examples.length && first + length < end) {
        const next = examples[i + length]!;
        if ((rows ? rows[next]! : next) !== first + length) break;
        length++;
      }
      const target = out.subarray(i * bytesPerExample, (i + length) * bytesPerExample);
      this.readRun(part, first - this.begins[part]!, length, target);
      i += length;
    }
    if (planes === 1) return;
    const values = type === 'uint8' ? out : new Float32Array(out.buffer, out.byteOffset, out.byteLength / 4);
    const width = type === 'uint8' ? bytesPerExample : bytesPerExample / 4;
    interleave(values, examples.length, planes, width / planes);
  }

  /** Reads the last example of each file. @throws DataError as `read` */
  check(): void {
    const example = new Uint8Array(this.stored.bytesPerExample);
    for (const [part, { count }] of this.stored.parts.entries()) {
      if (count > 0) this.readRun(part, count - 1, 1, example);
    }
  }

  close(): void {
    for (const handle of this.handles) if (handle !== null) closeSync(handle);
    this.handles.fill(null);
  }

  private partOf(example: number): number {
    let part = this.begins.length - 1;
    while (this.begins[part]! > example) part--;
    return part;
  }

  private readRun(part: number, first: number, length: number, out: Uint8Array): void {
    const { file, offset, stride } = this.stored.parts[part]!;
    const { bytesPerExample } = this.stored;
    const handle = (this.handles[part] ??= this.open(part));
    const begin = offset + first * stride;
    if (stride === bytesPerExample) {
      readFully(file, handle, out, begin);
      return;
    }
    const most = Math.max(1, Math.floor(pieceBytes / stride));
    for (let at = 0; at < length; at += most) {
      const some = Math.min(most, length - at);
      const span = (some - 1) * stride + bytesPerExample;
      if (this.scratch.length < span) this.scratch = new Uint8Array(span);
      readFully(file, handle, this.scratch.subarray(0, span), begin + at * stride);
      for (let i = 0; i < some; i++) {
        const example = this.scratch.subarray(i * stride, i * stride + bytesPerExample);
        out.set(example, (at + i) * bytesPerExample);
      }
    }
  }

  private open(part: number): number {
    const { file, size, modified } = this.stored.parts[part]!;
    try {
      const handle = openSync(file, 'r');
      const now = fstatSync(handle);
      if (now.size === size && now.mtimeMs === modified) return handle;
      closeSync(handle);
    } catch (error) {
      throw new DataError(file, `cannot be read (${(error as Error).message}); it is read while the model trains`);
    }
    throw new DataError(file, 'was changed since it was loaded; run again, and leave it alone while the model trains');
  }
}

function readFully(file: string, handle: number, out: Uint8Array, position: number): void {
  for (let done = 0; done < out.length;) {
    let read: number;
    try {
      read = readSync(handle, out, done, out.length - done, position + done);
    } catch (error) {
      throw new DataError(file, `cannot be read (${(error as Error).message})`);
    }
    if (read === 0) throw new DataError(file, `ends at byte ${position + done}: it was cut short while it was read`);
    done += read;
  }
}

/** Values of an example. */
export function featuresOf({ count, inputs, stored }: Split): number {
  return stored ? stored.bytesPerExample / (stored.type === 'uint8' ? 1 : 4) : inputs.length / Math.max(1, count);
}

/**
 * All inputs of a split in order: at once where they are in memory, else in pieces of whole examples, each valid until the
 * next is asked for.
 * @throws DataError
 */
export function* inputPieces({ count, inputs, stored }: Split): Generator<Uint8Array | Float32Array> {
  if (!stored) {
    yield inputs;
    return;
  }
  const { bytesPerExample, type } = stored;
  const most = Math.max(1, Math.floor(pieceBytes / bytesPerExample));
  const bytes = new Uint8Array(Math.min(most, count) * bytesPerExample);
  const reader = new StoredReader(stored);
  try {
    for (let first = 0; first < count; first += most) {
      const examples = Uint32Array.from({ length: Math.min(most, count - first) }, (_, i) => first + i);
      const piece = bytes.subarray(0, examples.length * bytesPerExample);
      reader.read(examples, piece);
      yield type === 'uint8' ? piece : new Float32Array(piece.buffer, 0, piece.byteLength / 4);
    }
  } finally {
    reader.close();
  }
}
