/**
 * Walks a protobuf file field by field in small windows, so that what is skipped is never read.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type ByteSource, limits } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { Window } from './window';

/** Content of a field by its place in the file. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** What a message of one type does with its fields as they come. Fields that it does not know are skipped. */
export interface MessageHandler {
  varint?(field: number, value: number): void;
  /** float or double. */
  fixed?(field: number, value: number): void;
  /**
   * @param span ends behind the file where that is cut short
   * @returns what reads the message in it; 'text' or 'varints' to be given its content; nothing to skip it
   */
  delimited(field: number, span: Span): MessageHandler | 'text' | 'varints' | undefined;
  /** Cut behind `longestText` bytes. */
  text?(field: number, text: string): void;
  varints?(field: number, values: readonly number[]): void;
  /** @param cut the file ends before the message does */
  end?(cut: boolean): void;
  /** Damage within the message is its own affair; without this the whole file is refused. */
  damaged?(reason: string): void;
}

/** Thrown where bytes are no fields; the walker says where. */
export class Damage extends Error {}

/** Thrown where a file holds more than is read of any: nobody can take it upon itself. */
export class Excess extends Error {}

export const longestText = 2 ** 16;
/** Of messages in each other: protobuf's own limit. */
const deepest = 100;
/** What a reader keeps of a field takes more memory than its bytes in the file: graphs of 100,000 nodes have two million. */
const mostFields = 8_000_000;

interface Frame {
  readonly handler: MessageHandler;
  readonly end: number;
  /** Its message is longer than the file. */
  readonly cut: boolean;
}

/**
 * @param done ends the walk between two fields
 * @returns whether the file ends in the middle of a message
 * @throws CheckpointError where it is no protobuf, or its structure is beyond the limits
 */
export async function walk(source: ByteSource, root: MessageHandler, done = (): boolean => false): Promise<boolean> {
  const walker = new Walker(source, root);
  while (!done()) {
    if (walker.inWindow) {
      if (!walker.step()) break;
    } else await walker.load();
  }
  return walker.cut;
}

class Walker {
  cut = false;
  private at = 0;
  private fields = 0;
  private structure = 0;
  private readonly frames: Frame[];
  private readonly window: Window;
  /** Text or numbers that are wanted and were not in the window yet. */
  private wanted: { readonly handler: MessageHandler; readonly field: number; readonly as: 'text' | 'varints' } | null =
    null;
  private wantedSpan: Span = { offset: 0, length: 0 };

  constructor(
    private readonly source: ByteSource,
    root: MessageHandler,
  ) {
    this.window = new Window(source);
    this.frames = [{ handler: root, end: source.size, cut: false }];
  }

  /** The next step needs no reading. */
  get inWindow(): boolean {
    return this.wanted ? this.window.covers(this.wantedSpan) : this.window.holdsField(this.at);
  }

  load(): Promise<void> {
    return this.wanted ? this.window.loadSpan(this.wantedSpan) : this.window.load(this.at);
  }

  /** @returns false where there is nothing more */
  step(): boolean {
    if (this.wanted) {
      this.giveWanted();
      return true;
    }
    const frame = this.frames.at(-1);
    if (!frame) return false;
    try {
      if (this.at >= frame.end) {
        this.frames.pop();
        frame.handler.end?.(frame.cut);
      } else {
        this.count();
        this.field(frame);
      }
    } catch (error) {
      const reason = (error as Error).message;
      if (error instanceof Excess) this.refuse(reason, frame);
      this.damage(frame, reason);
    }
    return true;
  }

  private count(): void {
    if (++this.fields > mostFields) throw new Excess(`more than ${mostFields} fields`);
    if (this.structure > limits.structureBytes) {
      throw new Excess(`more than ${limits.structureBytes} bytes of names, nodes and other structure`);
    }
  }

  private field({ handler, end }: Frame): void {
    const reader = this.window.readerAt(this.at);
    const [field, type] = reader.tag();
    let value = 0;
    switch (type) {
      case WireType.Varint:
        value = Number(reader.int64());
        break;
      case WireType.Bit32:
        value = reader.float();
        break;
      case WireType.Bit64:
        value = reader.double();
        break;
      case WireType.LengthDelimited:
        value = Number(reader.uint64());
        break;
      case WireType.StartGroup:
      case WireType.EndGroup:
        throw new Damage(`field ${field} is a group, which ONNX has none of`);
    }
    const next = this.window.start + reader.pos;
    if (next > end) throw new Damage(`field ${field} ends behind its message`);
    this.structure += next - this.at;
    if (type === WireType.LengthDelimited) this.delimited(handler, field, { offset: next, length: value }, end);
    else {
      this.at = next;
      if (type === WireType.Varint) handler.varint?.(field, value);
      else handler.fixed?.(field, value);
    }
  }

  private delimited(handler: MessageHandler, field: number, span: Span, end: number): void {
    const behind = span.offset + span.length;
    const cut = behind > end;
    if (cut && end < this.source.size) {
      throw new Damage(`field ${field} claims ${span.length} bytes, but ${end - span.offset} are left of its message`);
    }
    this.cut ||= cut;
    const wanted = handler.delimited(field, span);
    this.at = cut ? end : behind;
    if (wanted === undefined) return;
    if (wanted === 'text' || wanted === 'varints') {
      const length = Math.min(span.length, end - span.offset, wanted === 'text' ? longestText : Infinity);
      this.structure += length;
      this.wanted = { handler, field, as: wanted };
      this.wantedSpan = { offset: span.offset, length };
      return;
    }
    if (this.frames.length >= deepest) throw new Damage(`messages lie in each other more than ${deepest} deep`);
    this.at = span.offset;
    this.frames.push({ handler: wanted, end: cut ? end : behind, cut });
  }

  private giveWanted(): void {
    const { handler, field, as } = this.wanted!;
    this.wanted = null;
    const bytes = this.window.bytesOf(this.wantedSpan);
    if (as === 'text') {
      handler.text?.(field, new TextDecoder().decode(bytes) + (bytes.length === longestText ? '…' : ''));
      return;
    }
    const reader = new BinaryReader(bytes);
    const values: number[] = [];
    try {
      while (reader.pos < reader.len) values.push(Number(reader.int64()));
    } catch (error) {
      this.damage(this.frames.at(-1)!, (error as Error).message);
      return;
    }
    handler.varints?.(field, values);
  }

  /** Goes on behind the innermost message that takes damage upon itself. */
  private damage(frame: Frame, reason: string): void {
    if (frame.end === this.source.size && this.source.size - this.at < 20) {
      // the last bytes of a file that is cut are no whole field
      this.cut = true;
      this.at = frame.end;
      return;
    }
    const index = this.frames.findLastIndex(({ handler }) => handler.damaged !== undefined);
    const taker = this.frames[index];
    if (!taker) this.refuse(reason, frame);
    this.frames.length = index;
    this.at = taker.end;
    taker.handler.damaged!(`damaged at byte ${this.window.position}: ${reason}`);
    taker.handler.end?.(taker.cut);
  }

  private refuse(reason: string, { end }: Frame): never {
    const where = `byte ${this.at} of a message that ends at byte ${end}`;
    throw new CheckpointError(
      this.source.name,
      `its structure cannot be read: ${reason} (at ${where}). It is damaged, or no ONNX file: export or download it again`,
    );
  }
}
