/** Learning rate and order of examples: pure functions of the step. */
import type { ScheduleInSteps } from '../shared/experiment';
import { Random } from '../shared/random';

/** Learning rate at a step counted from 0. Warm-up rises linearly from 0, as in open_lth: the first step has rate 0. */
export function learningRate(base: number, schedule: ScheduleInSteps, step: number, totalSteps: number): number {
  const warm = schedule.warmup > 0 ? Math.min(1, step / schedule.warmup) : 1;
  switch (schedule.name) {
    case 'constant':
      return base * warm;
    case 'multi-step': {
      const passed = schedule.milestones.filter(milestone => milestone <= step).length;
      return base * warm * schedule.factor ** passed;
    }
    case 'cosine': {
      const length = Math.max(1, totalSteps - schedule.warmup);
      const done = Math.min(1, Math.max(0, step - schedule.warmup) / length);
      return warm * (schedule.minimum + (base - schedule.minimum) * 0.5 * (1 + Math.cos(Math.PI * done)));
    }
  }
}

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
