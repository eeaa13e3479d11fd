/** What an experiment will cost, before anything is measured: good to a factor of two, said in words. Pure. */

export interface Workload {
  /** Of one example on the way forward: the number of weights in dense layers, many times that in convolutions. */
  readonly multiplyAdds: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly levels: number;
  /** Comparisons at every level, and replicates of the whole. */
  readonly comparisons: number;
  readonly replicates: number;
  readonly threads: number;
}

/** Useful multiply-adds of one thread a second: dense kernels of the wasm executor, two operations each. */
const multiplyAddsPerSecond = 20e9;
/** Below this density compressed rows are used and the cost falls with the density; they are half as fast. */
const switchDensity = 0.4;
/** What a step costs however few weights are left: batches, activations, barriers. */
const secondsPerStepAtLeast = 60e-6;
const roundRate = 0.2;

/** Seconds of the whole experiment: forward, weight gradient and input gradient each cost one pass over the kept weights. */
export function estimateSeconds(work: Workload): number {
  const dense = (3 * work.multiplyAdds * work.batchSize) / (multiplyAddsPerSecond * work.threads);
  let perStep = dense + secondsPerStepAtLeast;
  for (let level = 1; level <= work.levels; level++) {
    const density = (1 - roundRate) ** level;
    const share = density < switchDensity ? 2 * density : 1;
    perStep += (1 + work.comparisons) * (dense * Math.min(1, share) + secondsPerStepAtLeast);
  }
  // evaluations take about half as long again
  return 1.5 * perStep * work.steps * work.replicates;
}

/** "a few seconds", "about 40 s", "about a minute", "about 12 min", "about 3 h", "about 2 days". */
export function durationInWords(seconds: number): string {
  if (seconds < 10) return 'a few seconds';
  if (seconds < 55) return `about ${Math.ceil(seconds / 10) * 10} s`;
  if (seconds < 90) return 'about a minute';
  if (seconds < 55 * 60) return `about ${Math.round(seconds / 60)} min`;
  if (seconds < 90 * 60) return 'about an hour';
  if (seconds < 36 * 3600) return `about ${Math.round(seconds / 3600)} h`;
  return `about ${Math.round(seconds / 86_400)} days`;
}
