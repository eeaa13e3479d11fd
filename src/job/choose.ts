/** "auto": which of the executors that this machine has trains an experiment in the least time, by trying. */
import { performance } from 'node:perf_hooks';
import { formatRate, type ExecutorCandidate, type ExecutorChoice, type ExecutorSpeed } from '../shared/executorChoice';
import { formatSeconds } from '../shared/format';
import { isPlan, type Network } from '../training/network';
import { probe, type ExecutorSource, type ReadyExecutor } from './executors';
import { measure, type TrialLimits, type TrialSubject } from './trial';

/** The steps of an experiment by the density of the networks that take them. */
export interface Workload {
  readonly steps: number;
  /** Share of the prunable weights that is kept, above 0 to 1. */
  readonly density: number;
}

export interface ChooserInput {
  readonly sources: readonly ExecutorSource[];
  readonly network: Network;
  /** Made when something is measured. */
  readonly subject: () => TrialSubject;
  /** Of all runs; the smallest density is that of the subject's masks. */
  readonly workload: readonly Workload[];
  readonly signal?: AbortSignal | undefined;
  readonly tell: (message: string) => void;
}

export type Chosen = Omit<ExecutorChoice, 'losses'> & { readonly ready: ReadyExecutor };

/** Dense kernels above this density, compressed ones below, whose cost goes with the weights that are left. */
const compressedBelow = 0.4;
/** What all trials together may take before the next one begins. Whoever trains in less is not worth one. */
const trialSeconds = 5;
/** Whoever is begun gets this much at least. */
const leastPatience = 2;
/** Of steps, at each of the two densities. */
const measuredSeconds = 0.4;
/** An executor that needs this many times as long for a dense step as the best so far is given up. */
const hopeless = 5;

/**
 * Each executor trains the experiment's own recipe for 0.4 s dense and 0.4 s at the last level's density, five seconds in all;
 * the one with the shortest mean step over all runs is taken. Nothing is measured where only one can be used, and no other
 * where the first, which is there everywhere, is done with the whole experiment sooner than the trial would be.
 * @throws the reason of `signal` where that is aborted
 */
export async function chooseExecutor(input: ChooserInput): Promise<Chosen | null> {
  const { usable, candidates } = await findUsable(input);
  const [first] = usable;
  if (!first) return null;
  const take = (ready: ReadyExecutor, reason: string): Chosen => {
    const { name: executor } = ready;
    return { ready, executor, reason, candidates: ordered(candidates) };
  };
  if (usable.length === 1) return take(first, 'the only one that can train it on this machine');
  const steps = input.workload.reduce((sum, one) => sum + one.steps, 0);
  if (steps === 0) return take(first, 'nothing is trained, so none was measured');
  input.tell(`measuring which executor trains this fastest: ${usable.map(({ name }) => name).join(', ')}`);
  const trials = new Trials(input, candidates);
  for (const ready of usable) {
    await trials.try(ready);
    const left = trials.best ? steps / trials.best.speed.mean : Infinity;
    if (ready === first && left < trialSeconds) {
      return take(first, `all runs take it about ${formatSeconds(left)}: too short to measure the others`);
    }
  }
  const { best } = trials;
  return best ? take(best.ready, trials.reason()) : take(first, 'none could be measured');
}

/** Plain TensorFlow.js is the reference: it is left out where anything else can train the network. */
async function findUsable({ sources, network }: Pick<ChooserInput, 'sources' | 'network'>): Promise<{
  readonly usable: ReadyExecutor[];
  readonly candidates: Map<string, ExecutorCandidate>;
}> {
  const usable: ReadyExecutor[] = [];
  const candidates = new Map<string, ExecutorCandidate>();
  for (const source of sources) {
    const executor = source.name;
    if (source.reference && usable.length > 0) {
      candidates.set(executor, {
        executor,
        reason: 'the reference, which is slow: only where nothing else can be used',
      });
      continue;
    }
    const found = canTrain(source, network) ? await probe(source) : null;
    if (found?.usable) {
      usable.push(found);
      candidates.set(executor, { executor, device: found.device });
    } else {
      candidates.set(executor, { executor, reason: found?.reason ?? 'cannot train all layers of this model' });
    }
  }
  return { usable, candidates };
}

export function canTrain({ anyLayers }: ExecutorSource, network: Network): boolean {
  return anyLayers === true || isPlan(network);
}

class Trials {
  best: { readonly ready: ReadyExecutor; readonly speed: ExecutorSpeed } | null = null;
  private second: { readonly name: string; readonly speed: ExecutorSpeed } | null = null;
  private readonly began = performance.now();

  constructor(
    private readonly input: ChooserInput,
    private readonly candidates: Map<string, ExecutorCandidate>,
  ) {}

  async try(ready: ReadyExecutor): Promise<void> {
    const { name: executor, device } = ready;
    const left = trialSeconds - (performance.now() - this.began) / 1000;
    if (left < 0) {
      this.candidates.set(executor, { executor, device, reason: 'not measured: the trial had taken long enough' });
      return;
    }
    const bounds: TrialLimits = {
      measured: measuredSeconds,
      patience: Math.max(leastPatience, left),
      slow: this.best ? hopeless / this.best.speed.dense : Infinity,
    };
    const result = await measure(ready, this.input.subject, bounds, this.input.signal);
    if (!result.measured) {
      this.candidates.set(executor, { executor, device, reason: result.reason });
      return;
    }
    const speed = speedOver(this.input.workload, result);
    this.candidates.set(executor, { executor, device, speed });
    const { best } = this;
    if (!best || speed.mean > best.speed.mean) {
      if (best) this.second = { name: best.ready.name, speed: best.speed };
      this.best = { ready, speed };
    } else if (!this.second || speed.mean > this.second.speed.mean) this.second = { name: executor, speed };
  }

  reason(): string {
    const { mean } = this.best!.speed;
    const { second } = this;
    const beside = second ? `; ${second.name} does ${formatRate(second.speed.mean)}` : '';
    return `the fastest on this model and data: ${formatRate(mean)} on average over all runs${beside}`;
  }
}

/**
 * A step costs the same down to density 0.4, and from there on as much less in proportion as was measured at the last
 * level: so it is on the wasm executor, and executors that gain nothing from a mask measure the same at both ends.
 */
export function speedOver(
  workload: readonly Workload[],
  { dense, sparse }: Pick<ExecutorSpeed, 'dense' | 'sparse'>,
): ExecutorSpeed {
  const last = Math.min(...workload.map(({ density }) => density));
  const secondsAt = (density: number): number => {
    if (density >= compressedBelow || last >= compressedBelow) return density > last ? 1 / dense : 1 / sparse;
    const share = (density - last) / (compressedBelow - last);
    return share / dense + (1 - share) / sparse;
  };
  const steps = workload.reduce((sum, one) => sum + one.steps, 0);
  const seconds = workload.reduce((sum, one) => sum + one.steps * secondsAt(one.density), 0);
  return { dense, sparse, mean: steps / seconds };
}

function ordered(candidates: ReadonlyMap<string, ExecutorCandidate>): ExecutorCandidate[] {
  const mean = ({ speed }: ExecutorCandidate): number => speed?.mean ?? 0;
  return [...candidates.values()].sort((a, b) => mean(b) - mean(a));
}
