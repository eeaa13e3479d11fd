import { RandomAccessReader } from 'yauzl';
import type { ByteSource } from './checkpoint';

const blockBytes = 64 * 1024;

/**
 * A byte source as yauzl reads it. The directory comes in dozens of bytes at a time, so a block is kept and served from.
 */
export class ZipReader extends RandomAccessReader {
  private block: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };

  constructor(private readonly source: ByteSource) {
    super();
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    this.bytes(position, length).then(
      bytes => {
        target.set(bytes, offset);
        done(null);
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  private async bytes(position: number, length: number): Promise<Uint8Array> {
    const { start, bytes } = this.block;
    if (position < start || position + length > start + bytes.length) {
      const wanted = Math.max(length, Math.min(blockBytes, this.source.size - position));
      this.block = { start: position, bytes: await this.source.read(position, wanted) };
    }
    const from = position - this.block.start;
    return this.block.bytes.subarray(from, from + length);
  }
}
