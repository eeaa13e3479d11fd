/** Runs an experiment: every run that the store does not hold, in the order of the plan, and the report after each. */
import { performance } from 'node:perf_hooks';
import { buildReport } from '../lottery/report';
import type { ParsedExperiment } from '../shared/experiment';
import { plural } from '../shared/format';
import type { JobToHost } from '../shared/messages';
import type { ExperimentStatus, Report } from '../shared/report';
import type { RunNode, RunRecord } from '../shared/run';
import { MemoryLimitError, type Executor } from '../training/trainer';
import type { ReadyExecutor } from './executors';
import { StoreError } from './files';
import { StoreLock, type LockHolder } from './lock';
import { prepare, readExperiment, type Prepared } from './prepare';
import { Runner } from './runner';
import { RunStore } from './store';
import { ProgressTracker } from './tracker';

export type JobEvent = Exclude<JobToHost, { type: 'finished' }>;

export interface RunExperimentOptions {
  /** Paths in the experiment are relative to its folder. */
  readonly experimentPath: string;
  /** Its content, where it has been read already. */
  readonly parsed?: ParsedExperiment;
  /** The store itself: the folder that holds `runs/`. */
  readonly storeDirectory: string;
  readonly emit: (event: JobEvent) => void;
  readonly signal?: AbortSignal;
  /** Instead of the executor that the experiment names. */
  readonly executor?: ReadyExecutor;
}

const progressMilliseconds = 100;

/**
 * Computes what is missing; a finished experiment computes nothing.
 * @returns the report, also where runs failed (status 'failed'), where it was cancelled while it worked, and where the store
 * could not be written any more
 * @throws ExperimentError, DataError before anything was written; StoreError where the store cannot be used at all; the
 * signal's reason where it was aborted before the plan was made
 */
export async function runExperiment(options: RunExperimentOptions): Promise<Report> {
  const { experimentPath, storeDirectory, emit, signal } = options;
  const parsed = options.parsed ?? (await readExperiment(experimentPath));
  const prepared = await prepare(parsed, experimentPath, options.executor);
  signal?.throwIfAborted();
  const store = await RunStore.open(storeDirectory);
  // whoever loses the lock must stop: another job believes that it works alone
  const lost = new AbortController();
  const lock = await StoreLock.acquire(store.directory, {
    ...(signal && { signal }),
    onWait: holder => {
      emit({ type: 'log', level: 'info', message: waitingFor(holder, store.directory) });
    },
    onLost: () => {
      lost.abort(new StoreError(store.directory, `another job took over the store ${store.directory}: run again`));
    },
  });
  try {
    await store.clean();
    const stop = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
    return await new ExperimentJob(prepared, store, emit, stop).work();
  } finally {
    await lock.release();
  }
}

function waitingFor(holder: LockHolder | null, directory: string): string {
  const who = holder ? `process ${holder.pid} on ${holder.host.split(' ')[0]!}, since ${holder.startedAt}` : 'unknown';
  return `another job works on the store ${directory} (${who}): waiting until it is done`;
}

class ExperimentJob {
  private readonly records = new Map<string, RunRecord>();
  private readonly running = new Set<string>();
  private readonly tracker: ProgressTracker;
  private executor: Executor | null = null;
  private reportedAt = 0;

  constructor(
    private readonly prepared: Prepared,
    private readonly store: RunStore,
    private readonly emit: (event: JobEvent) => void,
    private readonly signal: AbortSignal,
  ) {
    this.tracker = new ProgressTracker(prepared.experiment, prepared.nodes);
  }

  async work(): Promise<Report> {
    try {
      await this.store.writeExperiment(this.prepared.experiment);
      const missing = await this.readRecords();
      if (missing.length > 0) await this.compute(missing);
      return await this.publish(this.failures().length > 0 ? 'failed' : 'done', this.failureSummary());
    } catch (error) {
      return await this.giveUp(error);
    } finally {
      await this.executor?.close();
    }
  }

  /** @returns the runs that are not there, each once, in order */
  private async readRecords(): Promise<RunNode[]> {
    const missing = new Map<string, RunNode>();
    for (const node of this.prepared.nodes) {
      if (this.records.has(node.key) || missing.has(node.key)) continue;
      const record = await this.store.readRun(node.key);
      if (record) this.finish(node, record);
      else missing.set(node.key, node);
    }
    return [...missing.values()];
  }

  private async compute(missing: readonly RunNode[]): Promise<void> {
    const { plan, outputLayer, initial, data } = this.prepared;
    this.executor = await this.prepared.executor.create(data);
    const { store, executor } = this;
    const runner = new Runner({
      store,
      network: plan,
      outputLayer,
      executor,
      data,
      initial,
      debug: process.env['WINNING_TICKET_DEBUG'] === '1',
    });
    await this.publish('running');
    for (const node of missing) {
      this.signal.throwIfAborted();
      if (node.needs.some(key => this.records.get(key)?.status !== 'done')) {
        this.tracker.skip(node);
        continue;
      }
      await this.computeOne(node, runner);
      await this.publish('running');
    }
  }

  private async computeOne(node: RunNode, runner: Runner): Promise<void> {
    this.running.add(node.key);
    this.tracker.start(node);
    this.sendProgress(true);
    const record = await runner.run(
      node,
      {
        onStep: step => {
          this.tracker.step(step);
          this.sendProgress(false);
        },
        onEvaluation: point => {
          this.tracker.step(point.step);
          this.emit({ type: 'evaluation', run: node.key, point });
          this.sendProgress(false);
        },
      },
      this.signal,
    );
    this.finish(node, record);
    if (record.status === 'failed') {
      this.emit({ type: 'log', level: 'warn', message: `${nameOf(node)} failed: ${record.error ?? ''}` });
    }
    this.sendProgress(true);
  }

  private finish(node: RunNode, record: RunRecord): void {
    this.running.delete(node.key);
    this.records.set(node.key, record);
    this.tracker.finish(node, record);
  }

  private sendProgress(now: boolean): void {
    if (!now && performance.now() - this.reportedAt < progressMilliseconds) return;
    this.reportedAt = performance.now();
    this.emit({ type: 'progress', progress: this.tracker.progress() });
  }

  private failures(): { node: RunNode; error: string }[] {
    const nodes = new Map(this.prepared.nodes.map(node => [node.key, node]));
    return [...nodes.values()].flatMap(node => {
      const record = this.records.get(node.key);
      return record?.status === 'failed' ? [{ node, error: record.error ?? 'failed' }] : [];
    });
  }

  private failureSummary(): string | undefined {
    const failures = this.failures();
    if (failures.length === 0) return undefined;
    const skipped = new Set(this.prepared.nodes.map(({ key }) => key)).size - this.records.size;
    const list = failures.map(({ node, error }) => `${nameOf(node)}: ${error}`).join('; ');
    const others = skipped > 0 ? ` ${plural(skipped, 'run')} that needed it could not be done.` : '';
    return `${plural(failures.length, 'run')} failed. ${list}.${others}`;
  }

  /** Writes the report as far as it goes and sends it. */
  private async publish(status: ExperimentStatus, error?: string, errorField?: string): Promise<Report> {
    const report = this.report(status, error, errorField);
    await this.store.writeReport(report);
    this.emit({ type: 'report', report });
    return report;
  }

  /** What is stored stays; the report says how far it went, on disk too if that is still possible. */
  private async giveUp(error: unknown): Promise<Report> {
    this.running.clear();
    const reason: unknown = this.signal.aborted ? this.signal.reason : error;
    const failed = reason instanceof StoreError || !this.signal.aborted;
    const field = failed && reason instanceof MemoryLimitError ? 'training.batchSize' : undefined;
    const message = [field, reason instanceof Error ? reason.message : String(reason)].filter(Boolean).join(': ');
    const [status, why] = failed ? (['failed', message] as const) : (['cancelled', undefined] as const);
    try {
      return await this.publish(status, why, field);
    } catch {
      // the first trouble is the one to tell
      const report = this.report(status, why, field);
      this.emit({ type: 'report', report });
      return report;
    }
  }

  private report(status: ExperimentStatus, error?: string, errorField?: string): Report {
    const { experiment, data, nodes, dataDescription, modelDescription, executor } = this.prepared;
    const { records, running } = this;
    return buildReport({
      experiment,
      nodes,
      records,
      running,
      status,
      ...(error !== undefined && { error }),
      ...(errorField !== undefined && { errorField }),
      ...(data.task === 'regression' && { task: data.task }),
      executor: executor.name,
      device: this.executor?.device ?? records.values().next().value?.device ?? '',
      dataDescription,
      modelDescription,
    });
  }
}

function nameOf({ method, level, replicate, inputs }: RunNode): string {
  const what = method === 'prefix' ? `the run to rewind step ${inputs.steps.to}` : `${method}, level ${level}`;
  return replicate > 0 ? `${what}, replicate ${replicate + 1}` : what;
}
