/** Two checkpoints side by side: structure, and the values of the tensors that stand for each other. */
import type { Checkpoint } from '../../checkpoints/checkpoint';
import { CheckpointError } from '../../checkpoints/checkpointError';
import type { TensorComparison } from '../../shared/comparison';
import { ComparisonAccumulator } from '../../sparsity/compare';
import { matchTensors, type Match, type Matching } from '../../sparsity/pairing';
import { reordered } from './reordered';

export interface ComparedPair {
  readonly match: Match;
  /** null where `error` says why. */
  readonly comparison: TensorComparison | null;
  readonly error: string | null;
}

export interface Compared {
  readonly matching: Matching;
  /** In the order of `matching.pairs`. */
  readonly pairs: readonly ComparedPair[];
}

/** Values of each side at once. */
const chunk = 2 ** 20;
/** A tensor whose axes are reordered is held whole. */
const largestReordered = 2 ** 25;

/** @throws the signal's reason */
export async function compareCheckpoints(
  left: Checkpoint,
  right: Checkpoint,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Compared> {
  const matching = matchTensors(left.tensors, right.tensors);
  const pairs: ComparedPair[] = [];
  for (const [place, match] of matching.pairs.entries()) {
    onProgress(place, matching.pairs.length);
    try {
      pairs.push({ match, comparison: await comparePair(left, right, match, signal), error: null });
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      pairs.push({ match, comparison: null, error: error.message });
    }
  }
  return { matching, pairs };
}

async function comparePair(
  left: Checkpoint,
  right: Checkpoint,
  match: Match,
  signal: AbortSignal,
): Promise<TensorComparison> {
  const [a, b] = [left.tensors[match.left]!, right.tensors[match.right]!];
  const error = a.error ?? b.error;
  if (error !== null) throw new CheckpointError(a.error === null ? b.name : a.name, error);
  const other = await valuesInOrderOf(right, match, signal);
  const accumulator = new ComparisonAccumulator();
  for (let begin = 0; begin < a.count; begin += chunk) {
    signal.throwIfAborted();
    const end = Math.min(begin + chunk, a.count);
    accumulator.add(...(await Promise.all([left.values(match.left, begin, end, signal), other(begin, end)])));
  }
  return accumulator.result();
}

type Floats = Float32Array | Float64Array;

async function valuesInOrderOf(
  right: Checkpoint,
  { right: index, axes }: Match,
  signal: AbortSignal,
): Promise<(begin: number, end: number) => Floats | Promise<Floats>> {
  if (!axes) return (begin, end) => right.values(index, begin, end, signal);
  const { name, shape, count } = right.tensors[index]!;
  if (count > largestReordered) {
    throw new CheckpointError(
      name,
      `its axes are in another order, and more than ${largestReordered} values are not reordered`,
    );
  }
  const parts: Floats[] = [];
  for (let begin = 0; begin < count; begin += chunk) {
    signal.throwIfAborted();
    parts.push(await right.values(index, begin, Math.min(begin + chunk, count), signal));
  }
  const values = reordered(parts, shape, axes);
  return (begin, end) => values.subarray(begin, end);
}
