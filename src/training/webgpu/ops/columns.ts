/** Sums over all pixels and examples, for each channel: in chunks of rows, which another kernel then takes in order. */
import { type Bound, type Dispatch, writes } from '../dispatch';
import type { Range } from '../memory';
import { sharedSums, sumOver } from '../wgsl/reduce';
import { u32 } from '../wgsl/text';
import type { Site } from './operation';

const threads = 256;
const mostChunks = 128;
const leastRows = 64;

export interface Chunks {
  /** vec2f [chunk][channel]. */
  readonly partial: Range;
  /** Pixels of a chunk. */
  readonly rows: number;
  /** WGSL: chunks that the batch at hand fills. */
  readonly count: string;
}

export function chunksOf(site: Site, pixels: number, channels: number): Chunks {
  const most = site.batch * pixels;
  const rows = Math.max(leastRows, Math.ceil(most / mostChunks));
  return {
    partial: site.scratch(Math.ceil(most / rows) * channels * 8),
    rows,
    count: `((step.count * ${u32(pixels)} + ${u32(rows - 1)}) / ${u32(rows)})`,
  };
}

interface Job {
  readonly label: string;
  readonly pixels: number;
  readonly channels: number;
  readonly bindings: readonly Bound[];
  readonly declarations: string;
  /**
   * WGSL statements that leave `result: vec2f` in the first threads of each channel. They have `begin`, `end` (rows of the
   * chunk), `channel`, `isChannel`, `from` as the thread's first row and `by` as its way to the next, and `total(…)`.
   */
  readonly body: (total: (value: string) => string, loop: (statements: string) => string) => string;
}

/** A workgroup for each chunk and block of channels, neighbouring threads on neighbouring channels. */
export function columnSums(site: Site, chunks: Chunks, job: Job): Dispatch {
  const { channels, pixels } = job;
  const width = channels <= 16 ? 16 : channels <= 32 ? 32 : 64;
  const blocks = Math.ceil(channels / width);
  const chunkCount = Math.ceil((site.batch * pixels) / chunks.rows);
  const loop = (statements: string): string => `if (isChannel) {
    for (var row = begin + lane / ${u32(width)}; row < end; row += ${u32(threads / width)}) {
      let i = row * ${u32(channels)} + channel;
      ${statements}
    }
  }`;
  return {
    label: job.label,
    bindings: [...job.bindings, writes('partial', chunks.partial, 'vec2f')],
    declarations: `${sharedSums('vec2f', threads)}\n${job.declarations}`,
    body: `let chunk = group / ${u32(blocks)};
  let channel = (group % ${u32(blocks)}) * ${u32(width)} + lane % ${u32(width)};
  let isChannel = channel < ${u32(channels)};
  let begin = chunk * ${u32(chunks.rows)};
  let end = min(begin + ${u32(chunks.rows)}, step.count * ${u32(pixels)});
  if (begin >= end) { return; }
  ${job.body(value => sumOver(value, threads, width), loop)}
  if (lane < ${u32(width)} && isChannel) { partial[chunk * ${u32(channels)} + channel] = result; }`,
    threads,
    groups: blocks * chunkCount,
  };
}
