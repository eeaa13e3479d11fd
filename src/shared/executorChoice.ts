/** How the executor of an experiment was chosen, and which devices were lost on the way: part of the report. */
import { formatCount } from './format';
import type { Method } from './report';

/** Steps a second, measured on the experiment's own model, data and recipe. */
export interface ExecutorSpeed {
  readonly dense: number;
  /** Under a mask as dense as that of the last level. */
  readonly sparse: number;
  /** Over all runs of the experiment, each at its density. */
  readonly mean: number;
}

export interface ExecutorCandidate {
  readonly executor: string;
  /** Absent where it cannot be used. */
  readonly device?: string;
  readonly speed?: ExecutorSpeed;
  /** Why it cannot be used, or why it was not measured. */
  readonly reason?: string;
}

export interface DeviceLoss {
  readonly executor: string;
  readonly device: string;
  /** 'missing': it cannot be used any more when the experiment is taken up again. */
  readonly kind: 'lost' | 'out-of-memory' | 'missing';
  /** In the words of the executor. */
  readonly message: string;
  /** The run that it was lost in, or before: computed anew by `next`. */
  readonly method: Method | 'prefix';
  readonly level: number;
  readonly replicate: number;
  /** The executor that went on. */
  readonly next: string;
}

export interface ExecutorChoice {
  /** Chosen at the first start; what is computed after a loss has another. */
  readonly executor: string;
  /** Why this one, as the end of a sentence: "named by the experiment". */
  readonly reason: string;
  /** In the order of their speed, those that were not measured last; empty where nothing was compared. */
  readonly candidates: readonly ExecutorCandidate[];
  /** In order. */
  readonly losses: readonly DeviceLoss[];
}

const lossWords: Readonly<Record<DeviceLoss['kind'], string>> = {
  lost: 'was lost',
  'out-of-memory': 'ran out of memory',
  missing: 'could not be used any more',
};

/** "the GPU ran out of memory in level 3; went on with wasm" */
export function describeLoss(loss: DeviceLoss): string {
  const { executor, kind, method, level, replicate, next } = loss;
  const device = executor === 'webgpu' || executor === 'tensorflow-gpu' ? 'the GPU' : executor;
  const run =
    method === 'prefix'
      ? 'the run to the rewind step'
      : [...(method === 'iterative' ? [] : [method]), level === 0 ? 'the dense run' : `level ${level}`].join(', ');
  const which = replicate > 0 ? `${run}, replicate ${replicate + 1}` : run;
  return `${device} ${lossWords[kind]} in ${which}; went on with ${next}`;
}

/** "wasm: 812 steps/s (1,031 dense, 645 at the last level's density)", or why there is no such figure. */
export function describeCandidate({ executor, device, speed, reason }: ExecutorCandidate): string {
  const name = device === undefined ? executor : `${executor} (${device})`;
  if (!speed) return `${name}: ${reason ?? 'not measured'}`;
  return `${name}: ${formatRate(speed.mean)} (${formatRate(speed.dense)} dense, ${formatRate(speed.sparse)} at the last level)`;
}

/** "1,031 steps/s"; slow ones with a digit more: "0.42 steps/s". */
export function formatRate(stepsPerSecond: number): string {
  const text = stepsPerSecond >= 10 ? formatCount(stepsPerSecond) : String(Number(stepsPerSecond.toPrecision(2)));
  return `${text} steps/s`;
}

/** The choice as lines of text: what was taken and why, each candidate, each loss. */
export function describeChoice({ executor, reason, candidates, losses }: ExecutorChoice): string[] {
  return [`${executor}: ${reason}`, ...candidates.map(describeCandidate), ...losses.map(describeLoss)];
}
