/** The order of examples: a pure function of the step. */
import { Random } from '../shared/random';

/** Where a step stands: its epoch, its place in the epoch's order, and how many examples it takes (the last batch may be smaller). */
export interface Batch {
  readonly epoch: number;
  readonly position: number;
  readonly count: number;
}

export function batchAt(step: number, examples: number, batchSize: number): Batch {
  const batches = Math.ceil(examples / batchSize);
  const epoch = Math.floor(step / batches);
  const position = (step - epoch * batches) * batchSize;
  return { epoch, position, count: Math.min(batchSize, examples - position) };
}

/** Writes the order of the examples in an epoch into `order`; a seed of null leaves them in their own order. */
export function fillOrder(order: Uint32Array, seed: number | null, epoch: number): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  if (seed !== null) new Random(seed, 'order', epoch).shuffle(order);
}
