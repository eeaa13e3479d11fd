import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';

const windowBytes = 256 * 1024;
/** Vocabularies and merges of the largest models take 10 MB. */
const maximumStructure = 64 * 2 ** 20;

/** Reads the structure of a GGUF file from front to back, a window at a time, never past its end. */
export class GgufCursor {
  at = 0;
  private window: DataView = new DataView(new ArrayBuffer(0));
  private start = 0;

  /** @param wide lengths and counts are of 64 bits: from version 2 on */
  constructor(
    private readonly source: ByteSource,
    readonly littleEndian: boolean,
    readonly wide: boolean,
  ) {}

  /** @throws CheckpointError always; the offset is that of what is read */
  fail(reason: string): never {
    throw new CheckpointError(this.source.name, `at byte ${this.at}: ${reason}`);
  }

  get left(): number {
    return this.source.size - this.at;
  }

  /** The numbers below read from what was asked for here. @param what for the message, e.g. "a key" */
  async need(length: number, what: string): Promise<void> {
    if (this.has(length)) return;
    if (length > this.left)
      this.fail(`${what} takes ${length} bytes, and ${this.left} are left: the file is cut short`);
    if (this.at + length > maximumStructure) {
      this.fail(`its metadata and tensor list take more than ${maximumStructure / 2 ** 20} MB`);
    }
    const bytes = await this.source.read(this.at, Math.max(length, Math.min(windowBytes, this.left)));
    this.window = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.start = this.at;
  }

  /** @param what for the message */
  skip(length: number, what: string): void {
    if (length > this.left) this.fail(`${what} takes ${length} bytes, and ${this.left} are left`);
    this.at += length;
  }

  u8(): number {
    return this.window.getUint8(this.take(1));
  }

  i8(): number {
    return this.window.getInt8(this.take(1));
  }

  u16(): number {
    return this.window.getUint16(this.take(2), this.littleEndian);
  }

  i16(): number {
    return this.window.getInt16(this.take(2), this.littleEndian);
  }

  u32(): number {
    return this.window.getUint32(this.take(4), this.littleEndian);
  }

  i32(): number {
    return this.window.getInt32(this.take(4), this.littleEndian);
  }

  u64(): bigint {
    return this.window.getBigUint64(this.take(8), this.littleEndian);
  }

  i64(): bigint {
    return this.window.getBigInt64(this.take(8), this.littleEndian);
  }

  f32(): number {
    return this.window.getFloat32(this.take(4), this.littleEndian);
  }

  f64(): number {
    return this.window.getFloat64(this.take(8), this.littleEndian);
  }

  /** Bytes of a length or count. */
  get sizeBytes(): number {
    return this.wide ? 8 : 4;
  }

  /** A length or count; beyond 2⁵³ it is rounded, which is more than any file has. */
  size(): number {
    return this.wide ? Number(this.u64()) : this.u32();
  }

  /**
   * A text with its length before it.
   * @param longest bytes of it that are wanted; what is behind them is passed over
   * @returns with the bytes that it has in the file
   */
  async text(what: string, longest: number): Promise<{ text: string; bytes: number }> {
    await this.need(this.sizeBytes, what);
    const bytes = this.size();
    const wanted = Math.min(bytes, longest);
    if (bytes > this.left) this.fail(`${what} claims ${bytes} bytes, and ${this.left} are left`);
    await this.need(wanted, what);
    const from = this.at - this.start;
    const held = new Uint8Array(this.window.buffer, this.window.byteOffset + from, wanted);
    // a character that is cut off at the end is left out
    const text = new TextDecoder().decode(held, { stream: wanted < bytes });
    this.skip(bytes, what);
    return { text, bytes };
  }

  /** Passes over texts, hundreds of thousands of them: it waits for the file only, not for each. */
  async passTexts(count: number, what: string): Promise<void> {
    for (let i = 0; i < count; i++) {
      if (!this.has(this.sizeBytes)) await this.need(this.sizeBytes, what);
      this.skip(this.size(), what);
    }
  }

  private has(length: number): boolean {
    return this.at >= this.start && this.at + length <= this.start + this.window.byteLength;
  }

  private take(bytes: number): number {
    const place = this.at - this.start;
    this.at += bytes;
    return place;
  }
}
