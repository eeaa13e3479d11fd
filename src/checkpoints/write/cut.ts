/** Which weights of a tensor go, decided chunk by chunk. */
import type { Checkpoint } from '../checkpoint';

export type Floats = Float32Array | Float64Array;

export interface Cut {
  /** Every chunk begins at a multiple of so many values. */
  readonly unit: number;
  /**
   * Chunks come in order, each once.
   * @param begin row-major position of values[0]
   * @param gone as long as the values and all 0; becomes 1 where a weight goes
   */
  mark(values: Floats, begin: number, gone: Uint8Array): void;
}

/** Values at once, about; readers promise 2²² in one piece. */
const chunkValues = 2 ** 20;
export const largestUnit = 2 ** 22;

/** @throws CheckpointError; the signal's reason */
export async function forEachChunk(
  checkpoint: Checkpoint,
  index: number,
  unit: number,
  signal: AbortSignal,
  visit: (values: Floats, begin: number) => void | Promise<void>,
): Promise<void> {
  const { count } = checkpoint.tensors[index]!;
  const step = unit * Math.max(1, Math.floor(chunkValues / unit));
  for (let begin = 0; begin < count; begin += step) {
    signal.throwIfAborted();
    await visit(await checkpoint.values(index, begin, Math.min(begin + step, count), signal), begin);
  }
}
