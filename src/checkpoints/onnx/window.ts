import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { ByteSource } from '../checkpoint';
import type { Span } from './wire';

/** A tag and a varint, the longest that stands before content. */
const longestHead = 20;
/** Behind content that was skipped little is read at once, because the next content may follow soon. */
const shortWindow = 2 ** 12;
const longWindow = 2 ** 18;

/** The part of a file that is in memory: grows where it is read on and on. */
export class Window {
  start = 0;
  /** Where the field that was read last begins. */
  position = 0;
  private reader = new BinaryReader(new Uint8Array(0));
  private bytes: Uint8Array = new Uint8Array(0);
  private length = shortWindow / 2;

  constructor(private readonly source: ByteSource) {}

  private get end(): number {
    return this.start + this.bytes.length;
  }

  holdsField(at: number): boolean {
    return at >= this.start && at <= this.end && (at + longestHead <= this.end || this.end === this.source.size);
  }

  covers({ offset, length }: Span): boolean {
    return offset >= this.start && offset + length <= this.end;
  }

  bytesOf({ offset, length }: Span): Uint8Array {
    return this.bytes.subarray(offset - this.start, offset - this.start + length);
  }

  readerAt(at: number): BinaryReader {
    this.position = at;
    this.reader.pos = at - this.start;
    return this.reader;
  }

  load(at: number): Promise<void> {
    const onward = at >= this.start && at <= this.end;
    return this.read(at, onward ? Math.min(2 * this.length, longWindow) : shortWindow);
  }

  loadSpan({ offset, length }: Span): Promise<void> {
    return this.read(offset, Math.max(length, this.length));
  }

  private async read(at: number, length: number): Promise<void> {
    this.length = Math.min(length, longWindow);
    this.bytes = await this.source.read(at, Math.min(length, this.source.size - at));
    this.reader = new BinaryReader(this.bytes);
    this.start = at;
  }
}
