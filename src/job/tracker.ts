/** Follows the runs of an experiment and says where it stands. */
import { performance } from 'node:perf_hooks';
import type { Experiment } from '../shared/experiment';
import type { Progress } from '../shared/report';
import type { RunNode, RunRecord } from '../shared/run';
import { estimate, type Measured, type Remaining } from './progress';

interface AtWork {
  readonly node: RunNode;
  readonly runs: number;
  readonly since: number;
  /** Seconds that it had taken when it was cut off; 0 where it was not. */
  readonly secondsBefore: number;
  step: number;
}

export class ProgressTracker {
  private readonly measured: Measured[] = [];
  private readonly waiting = new Map<string, RunNode>();
  private readonly total: number;
  /** Steps of the finished runs that may stop early. */
  private readonly stoppable = { planned: 0, trained: 0 };
  private done = 0;
  /** The largest fraction told so far: an estimate that turns out too high does not go back. */
  private reached = 0;
  /** At work, by key. */
  private readonly current = new Map<string, AtWork>();

  constructor(
    private readonly experiment: Experiment,
    nodes: readonly RunNode[],
  ) {
    for (const node of nodes) this.waiting.set(node.key, node);
    this.total = this.waiting.size;
  }

  /**
   * @param runs side by side, which share the time
   * @param before where it was cut off, and the seconds it had taken until then; null: it begins
   */
  start(node: RunNode, runs: number, before: { readonly step: number; readonly seconds: number } | null): void {
    const { step, seconds } = before ?? { step: node.inputs.steps.from, seconds: 0 };
    this.current.set(node.key, { node, runs, since: performance.now(), secondsBefore: seconds, step });
  }

  step({ key }: RunNode, step: number): void {
    const current = this.current.get(key);
    if (current) current.step = step;
  }

  /** A run is done or has failed, now or long ago. */
  finish(node: RunNode, record: RunRecord): void {
    if (!this.waiting.delete(node.key)) return;
    this.done++;
    this.current.delete(node.key);
    if (record.status === 'failed') return;
    const steps = (record.stoppedAt ?? node.inputs.steps.to) - node.inputs.steps.from;
    this.measured.push({ density: node.density, steps, seconds: record.seconds.total });
    if (node.inputs.training.earlyStopping) {
      this.stoppable.planned += length(node);
      this.stoppable.trained += steps;
    }
  }

  /** A run that cannot be done, because one that it needs has failed. */
  skip(node: RunNode): void {
    if (this.waiting.delete(node.key)) this.done++;
  }

  progress(): Progress {
    const { experiment } = this;
    const measured = [...this.measured];
    const remaining: Remaining[] = [];
    for (const node of this.waiting.values()) {
      const density = node.density;
      const current = this.current.get(node.key);
      const trained = current ? current.step - node.inputs.steps.from : 0;
      if (current && trained > 0) {
        const seconds = current.secondsBefore + (performance.now() - current.since) / 1000 / current.runs;
        measured.push({ density, steps: trained, seconds });
      }
      const steps = Math.max(0, this.expectedLength(node) - trained);
      remaining.push({ density, steps, ...(current && { runs: current.runs }) });
    }
    const [current] = this.current.values();
    const { fraction, secondsLeft } = estimate(measured, remaining);
    this.reached = Math.max(this.reached, fraction);
    return {
      runsDone: this.done,
      runsTotal: this.total,
      ...(current && {
        run: {
          key: current.node.key,
          method: current.node.method === 'prefix' ? 'iterative' : current.node.method,
          ...(current.node.study && { study: current.node.study }),
          ...(current.node.sparsity !== undefined && { sparsity: current.node.sparsity }),
          level: current.node.level,
          replicate: current.node.replicate,
          step: current.step,
          steps: current.node.inputs.steps.to,
        },
      }),
      ...(this.current.size > 1 && { runsAtWork: this.current.size }),
      levels: experiment.pruning.levels,
      fraction: this.reached,
      secondsLeft,
    };
  }

  /** Runs that may stop early are taken to stop where those before them did, on average. */
  private expectedLength(node: RunNode): number {
    const { planned, trained } = this.stoppable;
    if (!node.inputs.training.earlyStopping || planned === 0) return length(node);
    return length(node) * (trained / planned);
  }
}

function length({ inputs }: RunNode): number {
  return inputs.steps.to - inputs.steps.from;
}
