/** Runs an experiment: every run that the store does not hold, in the order of the plan, and the report after each. */
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { DecodedCache } from '../data/cache';
import { buildReport } from '../lottery/report';
import { ExperimentError, type Experiment, type ParsedExperiment } from '../shared/experiment';
import type { JobToHost } from '../shared/messages';
import type { ExperimentStatus, Report } from '../shared/report';
import type { RunNode, RunRecord } from '../shared/run';
import { DeviceLostError, type Executor } from '../training/trainer';
import { Afterwards } from './afterwards';
import type { Place } from './attempt';
import { DamagedRunError } from './care/damagedRun';
import { bytesOfRun, Space } from './care/space';
import { StoredRuns } from './care/storedRuns';
import { defaultCheckpointSeconds } from './checkpoints';
import { executorSources, type ExecutorName, type ExecutorSource, type ReadyExecutor } from './executors';
import { failureSummary, fieldOf, runName } from './failures';
import { StoreError } from './files';
import { Lanes } from './lanes';
import { StoreLock, type LockHolder } from './lock';
import { JobLog } from './logFile';
import { writeDefinition } from './modelDefinition';
import { statusOfStop } from './outcome';
import { prepare, readExperiment, type Prepared } from './prepare';
import { ProgressFile } from './progressFile';
import { reportParts } from './reportParts';
import { Runner, type RunnerParts } from './runner';
import { Settlement } from './settlement';
import { RunStore } from './store';
import type { Loss, Succession } from './succession';
import { runInGroups } from './together';
import { ProgressTracker } from './tracker';
import { WishWatch } from './wish';

export type JobEvent = Exclude<JobToHost, { type: 'finished' }>;

export interface RunExperimentOptions {
  /** Paths in the experiment are relative to its folder. */
  readonly experimentPath: string;
  /** Its content, where it has been read already. */
  readonly parsed?: ParsedExperiment;
  /** The store itself: the folder that holds `runs/`. */
  readonly storeDirectory: string;
  readonly emit: (event: JobEvent) => void;
  /** Its reason may be a `Stop`. Runs at work save how far they are before they stop. */
  readonly signal?: AbortSignal;
  /** How often runs at work save how far they are; 0: only when they are told to stop. Default 10. */
  readonly checkpointSeconds?: number;
  /** Most runs side by side, where the executor can share the processors; left out: one for each of them. */
  readonly parallel?: number;
  /** Bytes that the store may take, 0: any; left out: as the environment says. */
  readonly storeLimit?: number;
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
  const { experimentPath, storeDirectory, signal } = options;
  const parsed = options.parsed ?? (await readExperiment(experimentPath));
  const log = new JobLog(storeDirectory, parsed.name);
  const directory = path.join(storeDirectory, 'experiments', parsed.name);
  const progress = new ProgressFile(directory);
  const emit = (event: JobEvent): void => {
    log.event(event);
    if (event.type === 'progress') progress.show(event.progress);
    options.emit(event);
  };
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
  const { storeLimit: limitBytes } = options;
  const space = limitBytes === undefined ? undefined : new Space(storeDirectory, { limitBytes });
  const store = await RunStore.open(storeDirectory, space);
  log.start();
  // whoever loses the lock must stop: another job believes that it works alone
  const lost = new AbortController();
  const lock = await StoreLock.acquire(store.directory, {
    ...(signal && { signal }),
    experiment: parsed.name,
    onWait: holder => {
      emit({ type: 'log', level: 'info', message: waitingFor(holder, store.directory) });
    },
    onLost: () => {
      lost.abort(new StoreError(store.directory, `another job took over the store ${store.directory}: run again`));
    },
  });
  const wishes = await WishWatch.begin(directory);
  try {
    await store.clean();
    await store.migrate(message => {
      emit({ type: 'log', level: 'info', message });
    });
    const stop = AbortSignal.any([...(signal ? [signal] : []), lost.signal, wishes.signal]);
    const succession = await settlement.settle(store, stop);
    return await new ExperimentJob(
      prepared,
      succession,
      store,
      emit,
      stop,
      options.checkpointSeconds ?? defaultCheckpointSeconds,
      options.parallel,
    ).work();
  } catch (error) {
    log.fail(error);
    throw error;
  } finally {
    wishes.end();
    await progress.remove();
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
  private readonly running = new Set<string>();
  private readonly stored: StoredRuns;
  private readonly afterwards: Afterwards;
  private nodes: readonly RunNode[];
  private tracker: ProgressTracker;
  /** On the data set at hand. */
  private lanes: Lanes | null = null;
  private reportedAt = 0;
  /** The last report that is being written. */
  private written: Promise<void> = Promise.resolve();
  /** The last lines between networks that are being measured. */
  private measured: Promise<void> = Promise.resolve();

  constructor(
    private readonly prepared: Prepared,
    private readonly succession: Succession,
    private readonly store: RunStore,
    private readonly emit: (event: JobEvent) => void,
    private readonly signal: AbortSignal,
    private readonly checkpointSeconds: number,
    private readonly parallel: number | undefined,
  ) {
    this.experiment = { ...prepared.experiment, executor: succession.executor };
    this.nodes = prepared.planFor({ executor: succession.current });
    this.tracker = new ProgressTracker(this.experiment, this.nodes);
    const { experiment, records } = this;
    this.stored = new StoredRuns(store, records, this.warn, signal);
    this.afterwards = new Afterwards({ store, prepared, experiment, records, tell: this.warn, signal });
  }

  async work(): Promise<Report> {
    try {
      await this.store.writeExperiment(this.experiment);
      await writeDefinition(this.store.directory, this.experiment.name, this.prepared.definition);
      while (!(await this.computeMissing()));
      const failure = failureSummary(this.nodes, this.records);
      return await this.publish(failure === undefined ? 'done' : 'failed', failure);
    } catch (error) {
      return await this.giveUp(error);
    } finally {
      await this.stored.settle();
      await this.lanes?.close();
    }
  }

  /** @returns false where a device was lost on the way, or a run was found damaged: it goes on with another plan */
  private async computeMissing(): Promise<boolean> {
    const missing = await this.plan();
    const { found } = this.succession;
    if (missing.length === 0 && !(this.afterwards.isUnfinished(this.nodes) && found.usable)) return true;
    try {
      if (found.usable) await this.compute(missing, found);
      else await this.handOver({ kind: 'missing', message: found.reason }, missing);
      return found.usable;
    } catch (error) {
      if (this.signal.aborted) throw error;
      await this.stored.settle();
      if (error instanceof DamagedRunError) await this.stored.mend(error);
      else if (error instanceof DeviceLostError) await this.handOver(error, missing);
      else throw error;
      this.running.clear();
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
    for (const key of earlier.kept) if (await this.stored.read(key)) kept.add(key);
    this.nodes = this.prepared.planFor({ executor: current, earlier: { ...earlier, kept } });
    this.tracker = new ProgressTracker(this.experiment, this.nodes);
    const missing = new Map<string, RunNode>();
    const failed = new Set<string>();
    for (const node of this.nodes) {
      const record = await this.stored.read(node.key);
      if (record) this.tracker.finish(node, record);
      if (record?.status === 'failed' || node.needs.some(key => failed.has(key))) failed.add(node.key);
      if (record) continue;
      if (failed.has(node.key)) this.tracker.skip(node);
      // of several names that a run has, its first is the one that it is computed under
      else if (!missing.has(node.key)) missing.set(node.key, node);
    }
    await this.afterwards.read(this.nodes);
    return [...missing.values()];
  }

  /** First all there is to do on the experiment's own data set, then the second one: executors are open on one at a time. */
  private async compute(missing: readonly RunNode[], ready: ReadyExecutor): Promise<void> {
    const { prepared } = this;
    const there = missing.filter(({ study }) => study?.kind === 'transfer');
    const here = missing.filter(node => !there.includes(node));
    if (here.length > 0 || this.afterwards.isUnfinished(this.nodes)) {
      const lanes = await this.computeRuns(here, prepared, ready);
      if (this.afterwards.isUnfinished(this.nodes)) await this.lookBack(await lanes.whole());
    }
    if (prepared.transfer && there.length > 0) {
      await this.computeRuns(this.possible(there), prepared.transfer, ready);
    }
  }

  private async computeRuns(missing: readonly RunNode[], site: Site, ready: ReadyExecutor): Promise<Lanes> {
    await this.lanes?.close();
    const { warn: tell, parallel, signal } = this;
    if (missing.length > 0) {
      const parameters = site.network.parameters.reduce((sum, { size }) => sum + size, 0);
      await this.store.space.require(bytesOfRun(parameters));
    }
    const lanes = (this.lanes = new Lanes({ ready, data: site.data, parallel, tell }));
    await this.publish('running');
    const possible = (nodes: readonly RunNode[]): RunNode[] => this.possible(nodes);
    const compute = (node: RunNode, place: Place, stop: AbortSignal): Promise<void> =>
      this.computeOne(node, this.runnerAt(place, site), place.runs, stop);
    const onDone = async (nodes: readonly RunNode[], executor: Executor): Promise<void> => {
      if (nodes.some(({ study }) => study?.kind === 'stability')) await this.measurePaths(executor);
    };
    if (ready.processors !== undefined) await lanes.run(missing, signal, { possible, compute, onDone });
    else await runInGroups(await lanes.whole(), missing, signal, { possible, compute, onDone, records: this.records });
    return lanes;
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
      checkpointSeconds: this.checkpointSeconds,
      ...place,
    });
  }

  private async lookBack(executor: Executor): Promise<void> {
    await this.measurePaths(executor);
    await this.afterwards.lookBack(this.nodes, executor, this.runnerAt({ executor, runs: 1 }, this.prepared));
  }

  private async measurePaths(executor: Executor): Promise<void> {
    // lanes end in any order: the second finds measured what the first has
    const measured = this.measured.then(() => this.afterwards.measurePaths(this.nodes, executor));
    this.measured = measured.then(
      () => undefined,
      () => undefined,
    );
    if (await measured) await this.publish('running');
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
    await this.lanes?.close().catch(() => undefined);
    this.lanes = null;
    const at = missing.find(({ key }) => this.running.has(key)) ?? missing[0]!;
    this.running.clear();
    const finished = this.nodes.flatMap(({ key }) => (this.records.has(key) ? [key] : []));
    const what = await this.succession.handOver(loss, at, finished);
    if (what === null) throw loss instanceof Error ? loss : new ExperimentError('executor', loss.message);
    this.warn(`${what}. ${loss.message}`);
  }

  /** @param runs side by side */
  private async computeOne(node: RunNode, runner: Runner, runs: number, signal: AbortSignal): Promise<void> {
    this.running.add(node.key);
    const record = await this.stored.compute(node.key, signal, stop => this.train(node, runner, runs, stop));
    this.finish(node, record);
    if (record.status === 'failed') {
      this.warn(`${runName(node)} failed: ${record.error ?? ''}`);
    }
    this.sendProgress(true);
    await this.publish('running');
  }

  /** @param runs side by side */
  private train(node: RunNode, runner: Runner, runs: number, signal: AbortSignal): Promise<RunRecord> {
    return runner.run(
      node,
      {
        onBegin: before => {
          this.tracker.start(node, runs, before && { step: before.step, seconds: before.seconds.total });
          this.sendProgress(true);
          if (!before) return;
          // whoever follows this job has not seen the job before it
          for (const point of before.curve) this.emit({ type: 'evaluation', run: node.key, point });
          this.emit({ type: 'log', level: 'info', message: `${runName(node)} goes on from step ${before.step}` });
        },
        onUnsaved: reason => {
          this.warn(`how far ${runName(node)} is cannot be saved: ${reason}`);
        },
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
    const [status, why] = failed ? (['failed', message] as const) : ([statusOfStop(reason), undefined] as const);
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
    const { prepared, afterwards, experiment, nodes, records, running } = this;
    const { current, choice, found } = this.succession;
    const computed = [...records.values()].find(one => one.executor === current.name);
    return buildReport({
      ...reportParts(prepared, afterwards, nodes),
      experiment,
      nodes,
      records,
      running,
      status,
      ...(error !== undefined && { error }),
      ...(errorField !== undefined && { errorField }),
      executor: current.name,
      device: this.lanes && found.usable ? found.device : (computed?.device ?? ''),
      executorChoice: choice,
    });
  }
}
