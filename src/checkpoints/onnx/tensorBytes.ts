/** Bytes of a tensor's values, little-endian and without gaps, however the file holds them. */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import type { Span } from './wire';

export interface TensorBytes {
  /** Where they lie as they are; null: they are put together. */
  readonly span: (Span & { readonly source: ByteSource }) | null;
  /** @param begin both at whole elements */
  read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
}

export class SpanBytes implements TensorBytes {
  readonly span: Span & { readonly source: ByteSource };

  constructor(source: ByteSource, { offset, length }: Span) {
    this.span = { source, offset, length };
  }

  read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const { source, offset } = this.span;
    return source.read(offset + begin, end - begin, signal);
  }
}

/** float_data and double_data in several pieces, or with a tag before every value. */
export class PieceBytes implements TensorBytes {
  readonly span = null;

  constructor(
    private readonly source: ByteSource,
    private readonly pieces: readonly (Span | readonly number[])[],
    private readonly width: 4 | 8,
  ) {}

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const out = new Uint8Array(end - begin);
    let start = 0;
    for (const piece of this.pieces) {
      const length = lengthOf(piece, this.width);
      const [from, to] = [Math.max(begin, start), Math.min(end, start + length)];
      if (from < to) out.set(await this.piece(piece, from - start, to - start, signal), from - begin);
      start += length;
    }
    return out;
  }

  private async piece(
    piece: Span | readonly number[],
    begin: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    if ('offset' in piece) return this.source.read(piece.offset + begin, end - begin, signal);
    const values = piece.slice(begin / this.width, end / this.width);
    return new Uint8Array((this.width === 4 ? Float32Array.from(values) : Float64Array.from(values)).buffer);
  }
}

/** Bytes of the values in a piece of fixed width. */
export function lengthOf(piece: Span | readonly number[], width: number): number {
  return 'offset' in piece ? piece.length : piece.length * width;
}

/** A place in the pieces of a field: that of the value of one index. */
interface Place {
  readonly piece: number;
  /** Bytes into it, or values where it is a list. */
  readonly within: number;
}

/** Values between two places that are remembered. */
const stride = 2 ** 16;
const windowBytes = 2 ** 16;
const longestVarint = 10;

/**
 * int32_data, int64_data and uint64_data: each value takes as many bytes as it needs, so that the place of one is known
 * only when those before it were read. Places are remembered on the way.
 */
export class VarintBytes implements TensorBytes {
  readonly span = null;
  private readonly places: Place[] = [{ piece: 0, within: 0 }];

  /**
   * @param width bytes that stay of each value
   * @param count values that there must be
   */
  constructor(
    private readonly source: ByteSource,
    private readonly pieces: readonly (Span | readonly number[])[],
    private readonly width: number,
    private readonly count: number,
  ) {}

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const { width, count } = this;
    const [first, last] = [begin / width, end / width];
    const out = new DataView(new ArrayBuffer(end - begin));
    let index = stride * Math.min(this.places.length - 1, Math.floor(first / stride));
    let { piece, within } = this.places[index / stride]!;
    for (; index < last && piece < this.pieces.length; piece++, within = 0) {
      const here = this.pieces[piece]!;
      while (within < here.length && index < last) {
        const reader = 'offset' in here ? await this.window(here, within, signal) : null;
        const start = within;
        const more = reader && 'offset' in here && start + reader.len < here.length ? longestVarint : 0;
        do {
          if (index % stride === 0 && index / stride === this.places.length) this.places.push({ piece, within });
          const value = reader ? this.next(reader) : (here as readonly number[])[within]!;
          if (index >= first) this.put(out, (index - first) * width, value);
          index++;
          within = reader ? start + reader.pos : within + 1;
        } while (index < last && (reader ? reader.pos + more < reader.len : within < here.length));
      }
      if (index === last && within < here.length) break;
    }
    if (index < last) this.fail(`${index} values, but its shape needs ${count}`);
    if (last === count && count > 0 && this.pieces.slice(piece).some((rest, i) => (i > 0 ? 0 : within) < rest.length)) {
      this.fail(`more values than the ${count} of its shape`);
    }
    return new Uint8Array(out.buffer);
  }

  private async window({ offset, length }: Span, within: number, signal?: AbortSignal): Promise<BinaryReader> {
    return new BinaryReader(await this.source.read(offset + within, Math.min(windowBytes, length - within), signal));
  }

  private next(reader: BinaryReader): number | bigint {
    try {
      return this.width === 8 ? BigInt(reader.int64()) : reader.int32();
    } catch {
      return this.fail('a value that does not end');
    }
  }

  private put(out: DataView, at: number, value: number | bigint): void {
    if (this.width === 8) out.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);
    else if (this.width === 4) out.setInt32(at, Number(value), true);
    else if (this.width === 2) out.setInt16(at, Number(value), true);
    else out.setInt8(at, Number(value));
  }

  private fail(what: string): never {
    throw new CheckpointError(this.source.name, `a tensor holds ${what}: damaged, export it again`);
  }
}
