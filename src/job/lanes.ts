/**
 * Runs side by side on an executor that can be created several times: each run in a lane, on an executor of its own with a
 * part of the processors. Bits do not depend on how many threads a run has, nor on what is at work beside it.
 */
import type { DataSet } from '../data/dataset';
import { formatBytes, plural } from '../shared/format';
import type { RunNode } from '../shared/run';
import type { Executor, MemoryPlan } from '../training/trainer';
import type { ReadyExecutor } from './executors';
import { LaneExecutors, sharing } from './laneExecutors';
import { availableMemory, runsThatFit } from './laneMemory';
import { byRemainingChain } from './remainingChain';
import type { RunWork } from './together';

export interface LanesParts {
  readonly ready: ReadyExecutor;
  readonly data: DataSet;
  /** Most runs side by side; left out: one for each processor, and never more. */
  readonly parallel?: number | undefined;
  /** Bytes that runs beside the first may take; asked for when that has taken its own. Default: what the machine has. */
  readonly available?: () => number;
  readonly tell: (message: string) => void;
}

interface Lane {
  readonly node: RunNode;
  readonly threads: number;
  /** At work together when it began. */
  readonly runs: number;
}

export class Lanes {
  private readonly executors: LaneExecutors;
  private readonly processors: number;
  /** By key of the run. */
  private readonly busy = new Map<string, Lane>();
  private most: number;
  /** Of the first session. */
  private plan: MemoryPlan | null = null;
  /** A lane is free, or the first has its memory. */
  private change: () => void = () => undefined;

  constructor(private readonly parts: LanesParts) {
    const { ready, data, parallel = Infinity } = parts;
    this.executors = new LaneExecutors(ready, data);
    this.processors = ready.processors ?? 1;
    this.most = Math.min(parallel, this.processors);
  }

  /** An executor with all processors, for what is done while no run is at work; it stays open. */
  async whole(): Promise<Executor> {
    const executor = await this.executors.take(undefined, 1);
    this.executors.give(executor, undefined);
    return executor;
  }

  close(): Promise<void> {
    return this.executors.close();
  }

  /**
   * Computes runs, each as soon as what it needs is there and a lane is free; of several first the one with the longest chain
   * of runs behind it. One that is alone has all processors.
   * @param nodes in the order of the plan; what else they need is done
   * @throws what the first of them throws, when all have stopped; the signal's reason
   */
  async run(nodes: readonly RunNode[], signal: AbortSignal, work: RunWork): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    let waiting = this.most > 1 ? byRemainingChain(nodes) : [...nodes];
    for (;;) {
      if (stop.aborted) waiting = [];
      waiting = work.possible(waiting);
      for (const lane of this.next(waiting)) {
        waiting = waiting.filter(node => node !== lane.node);
        this.busy.set(lane.node.key, lane);
        void this.work(lane, stop, work)
          .catch((error: unknown) => {
            failed.abort(error);
          })
          .finally(() => {
            this.busy.delete(lane.node.key);
            this.change();
          });
      }
      if (this.busy.size === 0) break;
      await new Promise<void>(resolve => (this.change = resolve));
    }
    stop.throwIfAborted();
  }

  /** Those that begin now. */
  private next(waiting: readonly RunNode[]): Lane[] {
    const unfinished = new Set([...waiting.map(({ key }) => key), ...this.busy.keys()]);
    const ready = waiting.filter(({ needs }) => !needs.some(key => unfinished.has(key)));
    const places = Math.min(ready.length, this.most - this.busy.size);
    const taken = [...this.busy.values()].reduce((sum, { threads }) => sum + threads, 0);
    const threads = Math.max(1, Math.floor((this.processors - taken) / places));
    const runs = this.busy.size + places;
    // how many fit is known when the first has its memory
    const now = this.plan ? places : Math.min(places, 1 - this.busy.size);
    return ready.slice(0, Math.max(0, now)).map(node => ({ node, threads, runs }));
  }

  private async work({ node, threads, runs }: Lane, stop: AbortSignal, { compute, onDone }: RunWork): Promise<void> {
    const own = threads < this.processors ? threads : undefined;
    const executor = await this.executors.take(own, this.most);
    try {
      const shared = sharing(executor, this.parts.ready.device, runs, ({ memory }) => {
        this.fit(memory);
      });
      await compute(node, { executor: shared, runs, threads: own }, stop);
      await onDone([node], shared);
    } finally {
      this.executors.give(executor, own);
    }
  }

  private fit(plan: MemoryPlan): void {
    if (this.plan) return;
    this.plan = plan;
    const { available = availableMemory, tell } = this.parts;
    const wanted = this.most;
    if (wanted === 1) return;
    const free = available();
    this.most = runsThatFit(plan, free, wanted);
    if (this.most < wanted) {
      tell(
        `${plural(this.most, 'run')} side by side instead of ${wanted}: each needs ${formatBytes(plan.total)} of memory, ` +
          `and ${formatBytes(free)} are free beside the first`,
      );
    }
    this.change();
  }
}
