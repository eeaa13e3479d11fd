/** All experiments of the window: what lies in the stores of its folders, and what the jobs at work say. */
import * as vscode from 'vscode';
import type { Clusters } from './cluster';
import type { JobService } from './jobService';
import type { StoreQueues } from './storeQueues';
import { mostExperiments, type StoreWatch } from './storeWatch';
import { isAtWork, readProgress, readReport, refKey, reportPath, type ExperimentRef } from './store';
import type { ExperimentEntry } from './treeModel';

const debounceMilliseconds = 150;
const followMilliseconds = 1000;
const loadsAtOnce = 8;

type Stored = Pick<ExperimentEntry, 'ref' | 'report' | 'problem' | 'changed' | 'elsewhere' | 'progress'>;

export class ExperimentIndex implements vscode.Disposable {
  private readonly stored = new Map<string, Stored>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly emitter = new vscode.EventEmitter<ExperimentRef | undefined>();
  /** Fires with the experiment that changed; undefined: any may have. */
  readonly onDidChange = this.emitter.event;
  private readonly disposables: { dispose(): unknown }[] = [this.emitter];

  constructor(
    private readonly jobs: JobService,
    private readonly queues: StoreQueues,
    private readonly watch: StoreWatch,
    private readonly clusters: Pick<Clusters, 'of' | 'isSubmitted'>,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(
      // the command line writes to the same stores
      watch.onDidChange(({ ref, name }) => {
        if (name === 'report.json') this.reloadSoon(ref);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.scan()),
      jobs.onEvent(event => {
        const { ref } = event.live;
        if (event.type === 'report') {
          this.stored.set(refKey(ref), { ref, report: event.report, problem: null, changed: Date.now() });
          this.emitter.fire(ref);
        } else if (event.type === 'ended') {
          void this.reload(ref);
        } else if (event.type !== 'evaluation') {
          this.emitter.fire(ref);
        }
      }),
    );
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Looks through the folders of the window. */
  async scan(): Promise<void> {
    const refs = await this.watch.find('report.json');
    if (refs.length === mostExperiments) this.log.warn(`Only ${mostExperiments} experiments are listed.`);
    const keys = new Set(refs.map(refKey));
    for (const key of this.stored.keys()) if (!keys.has(key)) this.stored.delete(key);
    // before it is told what was interrupted: the queue goes on with its own
    await Promise.all(this.watch.allStores().map(store => this.queues.watch(store)));
    await forEach(refs, loadsAtOnce, ref => this.reload(ref));
    // also where none is left
    this.emitter.fire(undefined);
  }

  async reload(ref: ExperimentRef): Promise<void> {
    await this.load(ref);
    this.emitter.fire(ref);
  }

  /** Something that is kept elsewhere has changed. */
  refresh(): void {
    this.emitter.fire(undefined);
  }

  entries(): ExperimentEntry[] {
    const entries = [...this.stored.values()].map(stored => this.complete(stored));
    const others = [...this.jobs.all().map(({ ref }) => ref), ...this.queues.all()];
    const missing = new Map(others.map(ref => [refKey(ref), ref]));
    for (const [key, ref] of missing) if (!this.stored.has(key)) entries.push(this.entry(ref));
    return entries;
  }

  /** What is known of an experiment, also where that is nothing. */
  entry(ref: ExperimentRef): ExperimentEntry {
    return this.complete(this.stored.get(refKey(ref)) ?? { ref, report: null, problem: null, changed: Date.now() });
  }

  private complete(stored: Stored): ExperimentEntry {
    const { ref } = stored;
    const live = this.jobs.get(ref);
    const place = this.queues.place(ref);
    const cluster = this.clusters.of(ref);
    const folders = vscode.workspace.workspaceFolders ?? [];
    const folder =
      folders.length > 1 ? vscode.workspace.getWorkspaceFolder(vscode.Uri.file(reportPath(ref)))?.name : undefined;
    return {
      ...stored,
      ...(live ? { live: { progress: live.progress } } : {}),
      ...(place !== null && { queued: place }),
      ...(cluster && { cluster }),
      submitted: this.clusters.isSubmitted(ref),
      ...(folder === undefined ? {} : { folder }),
      failure: this.jobs.failure(ref),
    };
  }

  private async load(ref: ExperimentRef): Promise<void> {
    const key = refKey(ref);
    const result = await readReport(ref);
    if (!result) {
      this.stored.delete(key);
    } else if (result.ok) {
      const changed = await changedAt(ref);
      const running = result.value.status === 'running' && !this.jobs.get(ref);
      const elsewhere = running && (await isAtWork(ref, changed));
      this.stored.set(key, { ref, report: result.value, problem: null, changed, elsewhere });
      if (elsewhere) this.followSoon(ref, changed);
    } else {
      this.log.warn(`${reportPath(ref)} cannot be read: ${result.problem}`);
      this.stored.set(key, { ref, report: null, problem: result.problem, changed: await changedAt(ref) });
    }
  }

  /** How far the job of another process is; one that dies says nothing, so its lock is looked at too. */
  private followSoon(ref: ExperimentRef, changed: number): void {
    this.later(ref, followMilliseconds, async () => {
      const stored = this.stored.get(refKey(ref));
      if (!stored?.elsewhere || !(await isAtWork(ref, changed))) return this.reload(ref);
      this.stored.set(refKey(ref), { ...stored, progress: await readProgress(ref) });
      this.emitter.fire(ref);
      this.followSoon(ref, changed);
    });
  }

  private reloadSoon(ref: ExperimentRef): void {
    // a job of this window sends its reports itself
    if (this.jobs.get(ref)) return;
    this.later(ref, debounceMilliseconds, () => this.reload(ref));
  }

  private later(ref: ExperimentRef, milliseconds: number, act: () => Promise<void>): void {
    const key = refKey(ref);
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        void act();
      }, milliseconds),
    );
  }
}

async function forEach<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const work = async (): Promise<void> => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function changedAt(ref: ExperimentRef): Promise<number> {
  try {
    return (await vscode.workspace.fs.stat(vscode.Uri.file(reportPath(ref)))).mtime;
  } catch {
    return 0;
  }
}
