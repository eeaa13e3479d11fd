import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import type { ByteSource } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { checkRange } from './source';

const inputBytes = 256 * 1024;

/**
 * A deflated source as its content. Large ones are inflated as far as they are read, so that reading forward costs each
 * byte once and reading backwards starts again; no more is held than what is asked for and a few chunks.
 * @param packed raw deflate (RFC 1951)
 * @param size of the content, as its header claims it; more or less of it is an error when the end is reached
 */
export function inflatedSource(packed: ByteSource, size: number): ByteSource {
  let inflater: Inflater | null = null;
  /** One after the other: the inflater has one position. */
  let turn: Promise<unknown> = Promise.resolve();

  async function take(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (!inflater || inflater.position > offset || inflater.closed) {
      inflater?.close();
      inflater = new Inflater(packed, size);
    }
    await inflater.skip(offset - inflater.position, signal);
    const bytes = await inflater.take(length, signal);
    if (inflater.position === size) inflater.close();
    return bytes;
  }

  function inTurn(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const mine = turn.then(() => take(offset, length, signal));
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    name: packed.name,
    size,
    identity: `${packed.identity}:inflated`,
    async read(offset, length, signal) {
      checkRange({ name: packed.name, size }, offset, length);
      return inTurn(offset, length, signal);
    },
    beside: path => packed.beside(path),
    close() {
      inflater?.close();
      inflater = null;
      return Promise.resolve();
    },
  };
}

/** Inflates from the start on, never ahead of what is asked for by more than a few chunks. */
class Inflater {
  position = 0;
  closed = false;
  private readonly stream = createInflateRaw();
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly packed: ByteSource,
    private readonly size: number,
  ) {
    // a failure reaches the iterator as the stream's own error
    pipeline(Readable.from(input(packed), { objectMode: true, highWaterMark: 1 }), this.stream, () => undefined);
    this.chunks = this.stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async skip(length: number, signal?: AbortSignal): Promise<void> {
    for (let left = length; left > 0;) left -= (await this.next(left, signal)).length;
  }

  async take(length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const part = await this.next(length - done, signal);
      bytes.set(part, done);
      done += part.length;
    }
    if (length > 0 && this.position === this.size && (await this.more())) {
      throw this.fail(`it holds more than the ${this.size} bytes that its header claims`);
    }
    return bytes;
  }

  close(): void {
    this.closed = true;
    this.stream.destroy();
  }

  /** @returns up to `most` bytes, at least one */
  private async next(most: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (!(await this.more())) {
      throw this.fail(`it ends after ${this.position} bytes of the ${this.size} that its header claims`);
    }
    const part = this.rest.subarray(0, most);
    this.rest = this.rest.subarray(part.length);
    this.position += part.length;
    return part;
  }

  private async more(): Promise<boolean> {
    while (this.rest.length === 0) {
      let chunk: IteratorResult<Uint8Array>;
      try {
        chunk = await this.chunks.next();
      } catch (error) {
        throw error instanceof CheckpointError
          ? error
          : this.fail(`its deflated bytes are damaged (${error instanceof Error ? error.message : String(error)})`);
      }
      if (chunk.done) return false;
      this.rest = chunk.value;
    }
    return true;
  }

  private fail(reason: string): CheckpointError {
    this.close();
    return new CheckpointError(this.packed.name, reason);
  }
}

async function* input(packed: ByteSource): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < packed.size; offset += inputBytes) {
    yield await packed.read(offset, Math.min(inputBytes, packed.size - offset));
  }
}
