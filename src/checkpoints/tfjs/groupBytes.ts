/** The shards of a group as one run of bytes, in which a weight may begin in one file and end in another. */
import type { ByteSource, RawRange } from '../checkpoint';
import { CheckpointError } from '../checkpointError';

/** A shard that was opened, or why it was not. */
export type Shard = { readonly path: string } & (
  { readonly source: ByteSource; readonly error: null } | { readonly source: null; readonly error: string }
);

/** A shard with its place in the group. */
type Segment = Shard & { readonly begin: number; readonly end: number };

interface Layout {
  /** Ascending. There are gaps where shards are shorter than they should be. */
  readonly segments: readonly Segment[];
  /** From where no byte has a known place, and why. */
  readonly lost: { readonly from: number; readonly why: string } | null;
}

export class GroupBytes {
  private readonly layout: Layout;

  /** @param needed bytes of all weights of the group; null where only their values tell */
  constructor(
    private readonly file: string,
    shards: readonly Shard[],
    needed: number | null,
  ) {
    this.layout = regularly(shards, needed) ?? oneAfterAnother(shards, needed);
  }

  /** To the end of the last shard that has a place. */
  get size(): number {
    return this.layout.segments.at(-1)?.end ?? 0;
  }

  /** Why these bytes cannot be read, or null. */
  problem(begin: number, length: number): string | null {
    if (length === 0) return null;
    const { segments, lost } = this.layout;
    const end = begin + length;
    let at = begin;
    let last: Segment | null = null;
    for (let i = this.segmentAt(begin); i < segments.length && at < end; i++) {
      const segment = segments[i]!;
      if (segment.begin > at) break;
      if (segment.end <= at) continue;
      if (segment.error !== null) return segment.error;
      at = segment.end;
      last = segment;
    }
    if (at >= end) return null;
    if (lost && end > lost.from) return lost.why;
    const shard = last ?? segments[this.segmentAt(begin)];
    const where = `bytes ${begin} to ${end} of its group`;
    return shard
      ? `${shard.path} is cut short: of ${where} there are none from ${at}`
      : `its group names no shard that holds ${where}`;
  }

  /** Null where the bytes lie in several files, or are not there. */
  range(begin: number, length: number): RawRange | null {
    const segment = this.layout.segments[this.segmentAt(begin)];
    if (!segment?.source || begin + length > segment.end) return null;
    return { source: segment.source, offset: begin - segment.begin, length };
  }

  /** @throws CheckpointError where some of it is not there */
  async read(begin: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const problem = this.problem(begin, length);
    if (problem !== null) throw new CheckpointError(this.file, problem);
    const one = this.range(begin, length);
    if (one) return one.source.read(one.offset, length, signal);
    const bytes = new Uint8Array(length);
    let done = 0;
    for (const part of this.parts(begin, length)) {
      bytes.set(await part.source.read(part.offset, part.length, signal), done);
      done += part.length;
    }
    return bytes;
  }

  /** Of bytes that can be read: where they lie, in order. */
  parts(begin: number, length: number): RawRange[] {
    const parts: RawRange[] = [];
    for (let i = this.segmentAt(begin), at = begin; at < begin + length; i++) {
      const { source, begin: start, end } = this.layout.segments[i]!;
      const many = Math.min(end, begin + length) - at;
      if (source && many > 0) parts.push({ source, offset: at - start, length: many });
      at += many;
    }
    return parts;
  }

  /** The last one that begins at or before the byte; one of no bytes only where none follows. */
  private segmentAt(byte: number): number {
    const { segments } = this.layout;
    let [low, high] = [0, segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (segments[middle]!.begin <= byte) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/**
 * Converters cut a group into shards of one size, only the last is shorter, so that where one is missing or cut short the
 * others keep their places. Null where all is there, or where sizes could be others: either the last one is as long as the
 * rule makes it, or those before it are.
 */
function regularly(shards: readonly Shard[], needed: number | null): Layout | null {
  if (needed === null || sizeOf(shards) >= needed) return null;
  const before = shards.slice(0, -1).map(({ source }) => source?.size ?? 0);
  const size = Math.max(0, ...before);
  const ofLast = needed - before.length * size;
  if (size === 0 || ofLast <= 0 || ofLast > size) return null;
  if (shards.at(-1)!.source?.size !== ofLast && !before.every(bytes => bytes === size)) return null;
  const segments = shards.map((shard, i): Segment => {
    const begin = i * size;
    const whole = i === shards.length - 1 ? ofLast : size;
    return { ...shard, begin, end: begin + (shard.source?.size ?? whole) };
  });
  return { segments, lost: null };
}

function oneAfterAnother(shards: readonly Shard[], needed: number | null): Layout {
  const short = shards.length > 1 && needed !== null && sizeOf(shards) < needed;
  const segments: Segment[] = [];
  let at = 0;
  for (const shard of shards) {
    if (shard.source === null) return { segments, lost: { from: at, why: shard.error } };
    segments.push({ ...shard, begin: at, end: at + shard.source.size });
    at += shard.source.size;
    // where the first one begins is certain, but not whether it is whole
    if (short) return { segments, lost: { from: at, why: shortOf(shards, needed) } };
  }
  return { segments, lost: null };
}

function shortOf(shards: readonly Shard[], needed: number): string {
  const missing = shards.find(({ error }) => error !== null);
  return (
    missing?.error ??
    `its shards have ${sizeOf(shards)} bytes together and the weights ${needed}: which shard is cut short cannot be told`
  );
}

function sizeOf(shards: readonly Shard[]): number {
  return shards.reduce((bytes, { source }) => bytes + (source?.size ?? 0), 0);
}
