import type { FileHandle } from 'node:fs/promises';

/** What lies between two values that go is read and written back where it is no more than this: fewer, larger accesses. */
const nearBytes = 16 * 1024;
const spanBytes = 4 * 2 ** 20;

/** Bytes [begin, end) of a file. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** What writers work in; those that take turns share one. */
export function writeBuffer(): Uint8Array {
  return new Uint8Array(spanBytes);
}

/** Sets values of a file to zero bytes. */
export class ZeroWriter {
  private readonly spans: Span[] = [];

  constructor(
    private readonly file: FileHandle,
    private readonly buffer: Uint8Array,
  ) {}

  /** What was written to, in the order in which it was. */
  get touched(): readonly Span[] {
    return this.spans;
  }

  /** @param offsets ascending, multiples of `valueBytes` apart */
  async zero(offsets: Float64Array, valueBytes: number): Promise<void> {
    for (let begin = 0; begin < offsets.length;) {
      const start = offsets[begin]!;
      let end = begin + 1;
      while (
        end < offsets.length &&
        offsets[end]! - offsets[end - 1]! <= nearBytes &&
        offsets[end]! + valueBytes - start <= spanBytes
      ) {
        end++;
      }
      await this.zeroSpan(offsets.subarray(begin, end), valueBytes);
      begin = end;
    }
  }

  private view(valueBytes: number): { [index: number]: number } {
    const { buffer } = this.buffer;
    if (valueBytes === 4) return new Int32Array(buffer);
    if (valueBytes === 2) return new Int16Array(buffer);
    return valueBytes === 8 ? new Float64Array(buffer) : this.buffer;
  }

  private async zeroSpan(offsets: Float64Array, valueBytes: number): Promise<void> {
    const start = offsets[0]!;
    const length = offsets.at(-1)! + valueBytes - start;
    const bytes = this.buffer.subarray(0, length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.file.read(bytes, done, length - done, start + done);
      if (bytesRead === 0) throw new RangeError(`values at byte ${start + done}, behind the end of the copy`);
      done += bytesRead;
    }
    const values = this.view(valueBytes);
    for (let i = 0; i < offsets.length; i++) values[(offsets[i]! - start) / valueBytes] = 0;
    await writeAll(this.file, bytes, start);
    this.spans.push({ begin: start, end: start + length });
  }
}

export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
