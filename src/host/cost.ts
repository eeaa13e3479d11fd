/** What an experiment will take on this machine, in words. */
import { availableParallelism } from 'node:os';
import { durationInWords, estimateSeconds } from './estimate';
import type { Length } from './recipes';

const defaultBatchSize = 60;
/** More threads bring little to the networks that are estimated. */
const mostThreads = 8;

/** "about 3 min". @param multiplyAdds of one example @param controls comparisons at every level */
export function cost(multiplyAdds: number, { steps, levels, recipe }: Length, controls: number): string {
  return durationInWords(
    estimateSeconds({
      multiplyAdds,
      batchSize: recipe.training?.batchSize ?? defaultBatchSize,
      steps,
      levels,
      comparisons: controls,
      replicates: 1,
      threads: Math.min(mostThreads, availableParallelism()),
    }),
  );
}
