/** Runs an experiment: every run that the store does not hold, in the order of the plan, and the report after each. */
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { DecodedCache } from '../data/cache';
import { buildReport } from '../lottery/report';
import { ExperimentError, type Experiment, type ParsedExperiment } from '../shared/experiment';
import { plural, placeName, studyName } from '../shared/format';
import type { JobToHost } from '../shared/messages';
import type { ExperimentStatus, Report } from '../shared/report';
import type { RunNode, RunRecord } from '../shared/run';
import { DeviceLostError, MemoryLimitError, type Executor } from '../training/trainer';
import type { Place } from './attempt';
import { evaluateEarlier, unevaluated } from './earlierRuns';
import { executorSources, type ExecutorName, type ExecutorSource, type ReadyExecutor } from './executors';
import { StoreError } from './files';
import { StoreLock, type LockHolder } from './lock';
import { writeDefinition } from './modelDefinition';
import { prepare, readExperiment, type Prepared } from './prepare';
import { Runner, type RunnerParts } from './runner';
import { Settlement } from './settlement';
import { RunStore } from './store';
import { Paths } from './studies/paths';
import type { Loss, Succession } from './succession';
import { besideFirst, runTogether } from './together';
import { ProgressTracker } from './tracker';
import { measureWorth } from './worth';
import { readWorth, worthOf, worthRuns, type RunWorth } from './worthFile';

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
  /** Taken where the experiment says "auto", instead of measuring. */
  readonly preferred?: ExecutorName;
  /** Those there are; left out: all of this version. */
  readonly executors?: readonly ExecutorSource[];
}

/** A data set, and the network that trains on it. */
type Site = Pick<RunnerParts, 'network' | 'outputLayer' | 'data' | 'initial' | 'source'>;

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
  const prepared = await prepare(parsed, experimentPath, new DecodedCache(path.join(storeDirectory, 'cache')));
  signal?.throwIfAborted();
  const settlement = new Settlement({
    prepared,
    experimentPath,
    storeDirectory,
    sources: options.executors ?? executorSources,
    preferred: options.preferred,
    tell: message => {
      emit({ type: 'log', level: 'info', message });
    },
  });
  await settlement.check();
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
    const succession = await settlement.settle(store, stop);
    return await new ExperimentJob(prepared, succession, store, emit, stop).work();
  } finally {
    await lock.release();
  }
}

function waitingFor(holder: LockHolder | null, directory: string): string {
  const who = holder ? `process ${holder.pid} on ${holder.host.split(' ')[0]!}, since ${holder.startedAt}` : 'unknown';
  return `another job works on the store ${directory} (${who}): waiting until it is done`;
}

class ExperimentJob {
  private readonly experiment: Experiment;
  private readonly records = new Map<string, RunRecord>();
  private readonly worths = new Map<string, RunWorth>();
  private readonly running = new Set<string>();
  private readonly paths: Paths;
  private nodes: readonly RunNode[];
  private tracker: ProgressTracker;
  private executor: Executor | null = null;
  private reportedAt = 0;
  /** The last report that is being written. */
  private written: Promise<void> = Promise.resolve();

  constructor(
    private readonly prepared: Prepared,
    private readonly succession: Succession,
    private readonly store: RunStore,
    private readonly emit: (event: JobEvent) => void,
    private readonly signal: AbortSignal,
  ) {
    this.experiment = { ...prepared.experiment, executor: succession.executor };
    this.nodes = prepared.planFor({ executor: succession.current });
    this.tracker = new ProgressTracker(this.experiment, this.nodes);
    this.paths = new Paths(store, this.experiment.stability?.points ?? 0);
  }

  async work(): Promise<Report> {
    try {
      await this.store.writeExperiment(this.experiment);
      await writeDefinition(this.store.directory, this.experiment.name, this.prepared.definition);
      while (!(await this.computeMissing()));
      return await this.publish(this.failures().length > 0 ? 'failed' : 'done', this.failureSummary());
    } catch (error) {
      return await this.giveUp(error);
    } finally {
      await this.executor?.close();
    }
  }

  /** @returns false where a device was lost on the way: the next executor goes on */
  private async computeMissing(): Promise<boolean> {
    const missing = await this.plan();
    const { found } = this.succession;
    if (missing.length === 0 && !(this.isUnfinished() && found.usable)) return true;
    try {
      if (found.usable) await this.compute(missing, found);
      else await this.handOver({ kind: 'missing', message: found.reason }, missing);
      return found.usable;
    } catch (error) {
      if (!(error instanceof DeviceLostError) || this.signal.aborted) throw error;
      await this.handOver(error, missing);
      return false;
    }
  }

  /**
   * Plans with what the store holds: runs of executors that were lost since stay.
   * @returns the runs to do, each once, in order: not those that need a run that has failed
   */
  private async plan(): Promise<RunNode[]> {
    const { current, earlier } = this.succession;
    const kept = new Set<string>();
    for (const key of earlier.kept) if (await this.read(key)) kept.add(key);
    this.nodes = this.prepared.planFor({ executor: current, earlier: { ...earlier, kept } });
    this.tracker = new ProgressTracker(this.experiment, this.nodes);
    const missing = new Map<string, RunNode>();
    const failed = new Set<string>();
    for (const node of this.nodes) {
      const record = await this.read(node.key);
      if (record) this.tracker.finish(node, record);
      if (record?.status === 'failed' || node.needs.some(key => failed.has(key))) failed.add(node.key);
      if (record) continue;
      if (failed.has(node.key)) this.tracker.skip(node);
      // of several names that a run has, its first is the one that it is computed under
      else if (!missing.has(node.key)) missing.set(node.key, node);
    }
    await this.readWorths();
    await this.paths.read(this.nodes);
    return [...missing.values()];
  }

  /** Whether something is left to find out about runs that are done. */
  private isUnfinished(): boolean {
    const { nodes, records } = this;
    return (
      unevaluated(nodes, records).length > 0 ||
      this.unmeasured().length > 0 ||
      this.paths.due(nodes, records).length > 0
    );
  }

  private async readWorths(): Promise<void> {
    for (const { key } of this.unmeasured()) {
      const worth = await readWorth(this.store, key);
      if (worth) this.worths.set(key, worth);
    }
  }

  private async read(key: string): Promise<RunRecord | null> {
    const record = this.records.get(key) ?? (await this.store.readRun(key));
    if (record) this.records.set(key, record);
    return record;
  }

  /** First all there is to do on the experiment's own data set, then the second one: one executor at a time is open. */
  private async compute(missing: readonly RunNode[], ready: ReadyExecutor): Promise<void> {
    const { prepared } = this;
    const there = missing.filter(({ study }) => study?.kind === 'transfer');
    const here = missing.filter(node => !there.includes(node));
    if (here.length > 0 || this.isUnfinished()) {
      await this.computeRuns(here, prepared, ready);
      await this.lookBack();
    }
    if (prepared.transfer && there.length > 0) {
      await this.computeRuns(this.possible(there), prepared.transfer, ready);
    }
  }

  private async computeRuns(missing: readonly RunNode[], site: Site, ready: ReadyExecutor): Promise<void> {
    await this.executor?.close();
    const executor = (this.executor = await ready.create(site.data));
    await this.publish('running');
    for (let left = [...missing]; left.length > 0;) {
      this.signal.throwIfAborted();
      const together = executor.openTogether ? besideFirst(left, this.records) : left.slice(0, 1);
      await runTogether(executor, together, this.signal, (node, place, signal) =>
        this.computeOne(node, this.runnerAt(place, site), place.runs, signal),
      );
      left = this.possible(left.filter(node => !together.includes(node)));
      if (together.some(({ study }) => study?.kind === 'stability')) await this.measurePaths();
    }
  }

  private runnerAt(place: Place, site: Site): Runner {
    const { network, outputLayer, data, initial, source } = site;
    return new Runner({
      store: this.store,
      network,
      outputLayer,
      data,
      initial,
      ...(source && { source }),
      debug: process.env['WINNING_TICKET_DEBUG'] === '1',
      ...place,
    });
  }

  /** Finds out what is left about runs that are done, on the experiment's own data set. */
  private async lookBack(): Promise<void> {
    const { store, signal, prepared } = this;
    const executor = this.executor!;
    const { network, outputLayer, data } = prepared;
    await this.measurePaths();
    await evaluateEarlier(
      unevaluated(this.nodes, this.records),
      this.runnerAt({ executor, runs: 1 }, prepared),
      record => this.records.set(record.key, record),
      this.warn,
      signal,
    );
    await measureWorth(
      this.unmeasured(),
      { store, network, outputLayer, executor, data },
      { onWorth: worth => this.worths.set(worth.key, worth), tell: this.warn, signal },
    );
  }

  private async measurePaths(): Promise<void> {
    const { records, signal } = this;
    const { network, outputLayer, data } = this.prepared;
    const due = this.paths.due(this.nodes, records);
    if (due.length === 0) return;
    const parts = { network, outputLayer, data, executor: this.executor! };
    await this.paths.measure(due, records, parts, { tell: this.warn, signal });
    await this.publish('running');
  }

  private readonly warn = (message: string): void => {
    this.emit({ type: 'log', level: 'warn', message });
  };

  /** Without those that need a run that has failed. */
  private possible(missing: readonly RunNode[]): RunNode[] {
    const gone = new Set<string>();
    return missing.filter(node => {
      if (!node.needs.some(key => gone.has(key) || this.records.get(key)?.status === 'failed')) return true;
      gone.add(node.key);
      this.tracker.skip(node);
      return false;
    });
  }

  /** Finished levels of which it is not known what they are worth, where the experiment asks for it. */
  private unmeasured(): RunRecord[] {
    if (!this.experiment.worth) return [];
    return worthRuns(this.nodes, this.records).flatMap(({ key }) =>
      this.worths.has(key) ? [] : [this.records.get(key)!],
    );
  }

  /**
   * The run at work, or the first that is missing, is computed by the next executor.
   * @throws ExperimentError, DeviceLostError where there is none
   */
  private async handOver(loss: Loss, missing: readonly RunNode[]): Promise<void> {
    const { executor: wanted } = this.prepared.experiment;
    const { name } = this.succession.current;
    // whoever names an executor can be asked as long as nothing is at work
    if (loss.kind === 'missing' && wanted === name) {
      throw new ExperimentError('executor', `"${name}" cannot be used: ${loss.message}`);
    }
    await this.executor?.close().catch(() => undefined);
    this.executor = null;
    const at = missing.find(({ key }) => this.running.has(key)) ?? missing[0]!;
    this.running.clear();
    const finished = this.nodes.flatMap(({ key }) => (this.records.has(key) ? [key] : []));
    const what = await this.succession.handOver(loss, at, finished);
    if (what === null) throw loss instanceof Error ? loss : new ExperimentError('executor', loss.message);
    this.emit({ type: 'log', level: 'warn', message: `${what}. ${loss.message}` });
  }

  /** @param runs side by side */
  private async computeOne(node: RunNode, runner: Runner, runs: number, signal: AbortSignal): Promise<void> {
    this.running.add(node.key);
    this.tracker.start(node, runs);
    this.sendProgress(true);
    const record = await runner.run(
      node,
      {
        onStep: step => {
          this.tracker.step(node, step);
          this.sendProgress(false);
        },
        onEvaluation: point => {
          this.tracker.step(node, point.step);
          this.emit({ type: 'evaluation', run: node.key, point });
          this.sendProgress(false);
        },
      },
      signal,
    );
    this.finish(node, record);
    if (record.status === 'failed') {
      this.emit({ type: 'log', level: 'warn', message: `${nameOf(node)} failed: ${record.error ?? ''}` });
    }
    this.sendProgress(true);
    await this.publish('running');
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
    const nodes = new Map(this.nodes.map(node => [node.key, node]));
    return [...nodes.values()].flatMap(node => {
      const record = this.records.get(node.key);
      return record?.status === 'failed' ? [{ node, error: record.error ?? 'failed' }] : [];
    });
  }

  private failureSummary(): string | undefined {
    const failures = this.failures();
    if (failures.length === 0) return undefined;
    const skipped = new Set(this.nodes.flatMap(({ key }) => (this.records.has(key) ? [] : [key]))).size;
    const list = failures.map(({ node, error }) => `${nameOf(node)}: ${error}`).join('; ');
    const others = skipped > 0 ? ` ${plural(skipped, 'run')} that needed it could not be done.` : '';
    return `${plural(failures.length, 'run')} failed. ${list}.${others}`;
  }

  /** Writes the report as far as it goes and sends it. */
  private async publish(status: ExperimentStatus, error?: string, errorField?: string): Promise<Report> {
    const report = this.report(status, error, errorField);
    // runs side by side end in any order, reports are written in theirs
    const written = this.written.then(() => this.store.writeReport(report));
    this.written = written.catch(() => undefined);
    await written;
    this.emit({ type: 'report', report });
    return report;
  }

  /** What is stored stays; the report says how far it went, on disk too if that is still possible. */
  private async giveUp(error: unknown): Promise<Report> {
    this.running.clear();
    const reason: unknown = this.signal.aborted ? this.signal.reason : error;
    const failed = reason instanceof StoreError || !this.signal.aborted;
    const field = failed ? fieldOf(reason) : undefined;
    const words = reason instanceof Error ? reason.message : String(reason);
    const message = field === undefined || words.startsWith(field) ? words : `${field}: ${words}`;
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
    const { data, dataDescription, modelDescription, transfer } = this.prepared;
    const { experiment, nodes, records, running } = this;
    const { current, choice } = this.succession;
    const worth = this.experiment.worth && worthOf(worthRuns(nodes, records), this.worths);
    const computed = [...records.values()].find(one => one.executor === current.name);
    return buildReport({
      experiment,
      nodes,
      records,
      running,
      status,
      ...(error !== undefined && { error }),
      ...(errorField !== undefined && { errorField }),
      ...(data.task === 'regression' && { task: data.task }),
      ...(data.labelNames && { labelNames: data.labelNames }),
      inputShape: data.inputShape,
      executor: current.name,
      device: this.executor?.device ?? computed?.device ?? '',
      executorChoice: choice,
      dataDescription,
      modelDescription,
      paths: this.paths.measured,
      ...(transfer && { transferDescription: transfer.dataDescription }),
      ...(worth && { worth }),
    });
  }
}

/** The field of the experiment file to change. */
function fieldOf(error: unknown): string | undefined {
  if (error instanceof MemoryLimitError) return 'training.batchSize';
  return error instanceof ExperimentError ? error.field : undefined;
}

function nameOf(node: RunNode): string {
  const what = withoutReplicate(node);
  return node.replicate > 0 ? `${what}, replicate ${node.replicate + 1}` : what;
}

function withoutReplicate({ method, level, sparsity, inputs, study }: RunNode): string {
  if (method === 'prefix') return `the run to rewind step ${inputs.steps.to}`;
  return study
    ? studyName(study, { method, level })
    : `${method}, ${placeName({ level, ...(sparsity !== undefined && { sparsity }) })}`;
}
