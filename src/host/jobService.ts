/** The jobs at work: one process per experiment, what is known of each while it runs, and events for those who show it. */
import * as vscode from 'vscode';
import type { CurvePoint, Progress, Report } from '../shared/report';
import { JobProcess, type JobMessage, type JobOutcome, type JobSettings, type StopRequest } from './jobProcess';
import { refKey, type ExperimentRef } from './store';

/** An experiment at work, as far as it has come. */
export interface LiveExperiment {
  readonly ref: ExperimentRef;
  /** The experiment file it was started from. */
  readonly file: string;
  readonly report: Report | null;
  readonly progress: Progress | null;
  /** Evaluations that arrived from this job, by run. */
  readonly curves: ReadonlyMap<string, readonly CurvePoint[]>;
}

export type JobEvent =
  | { readonly type: 'started'; readonly live: LiveExperiment }
  | { readonly type: 'progress'; readonly live: LiveExperiment; readonly progress: Progress }
  | {
      readonly type: 'evaluation';
      readonly live: LiveExperiment;
      readonly run: string;
      readonly point: CurvePoint;
    }
  | { readonly type: 'report'; readonly live: LiveExperiment; readonly report: Report }
  | {
      readonly type: 'ended';
      readonly live: LiveExperiment;
      readonly outcome: JobOutcome;
      /** Ended by `end`: whoever did so knows, and what it has come to is not wanted. */
      readonly unwanted: boolean;
    };

interface Work extends LiveExperiment {
  report: Report | null;
  progress: Progress | null;
  readonly curves: Map<string, CurvePoint[]>;
  readonly process: JobProcess;
  unwanted: boolean;
}

export class JobService implements vscode.Disposable {
  private readonly works = new Map<string, Work>();
  private readonly failures = new Map<string, string>();
  private readonly emitter = new vscode.EventEmitter<JobEvent>();
  readonly onEvent = this.emitter.event;

  constructor(
    private readonly script: string,
    /** Asked for at each start. */
    private readonly settings: () => JobSettings,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get(ref: ExperimentRef): LiveExperiment | undefined {
    return this.works.get(refKey(ref));
  }

  all(): readonly LiveExperiment[] {
    return [...this.works.values()];
  }

  /** Why the last job of this experiment in this window failed; null where it did not. */
  failure(ref: ExperimentRef): string | null {
    return this.failures.get(refKey(ref)) ?? null;
  }

  /** Starts the job of an experiment file; one that is at work already is left alone. */
  start(file: string, ref: ExperimentRef, after?: Promise<void>): LiveExperiment {
    const key = refKey(ref);
    const present = this.works.get(key);
    if (present) return present;
    this.failures.delete(key);
    this.log.info(`${ref.name}: starts from ${file}`);
    const process = new JobProcess(
      {
        script: this.script,
        experimentPath: file,
        storeDirectory: ref.store,
        settings: this.settings(),
        ...(after && { after }),
      },
      {
        onMessage: message => {
          this.receive(work, message);
        },
        onEnd: outcome => {
          this.ended(work, outcome);
        },
      },
    );
    const work: Work = { ref, file, report: null, progress: null, curves: new Map(), process, unwanted: false };
    this.works.set(key, work);
    this.emitter.fire({ type: 'started', live: work });
    return work;
  }

  /** @returns false where it is not at work in this window */
  stop(ref: ExperimentRef, request: Exclude<StopRequest, 'leave'>): boolean {
    const work = this.works.get(refKey(ref));
    work?.process.stop(request);
    return work !== undefined;
  }

  /** Cancels it where it is at work, and waits until its process has gone; nobody is told of that. */
  async end(ref: ExperimentRef): Promise<void> {
    const work = this.works.get(refKey(ref));
    if (!work) return;
    work.unwanted = true;
    work.process.stop('cancel');
    await new Promise<void>(resolve => {
      const subscription = this.onEvent(({ type, live }) => {
        if (type !== 'ended' || refKey(live.ref) !== refKey(ref)) return;
        subscription.dispose();
        resolve();
      });
    });
  }

  dispose(): void {
    // the experiments stay "running" on disk: whoever opens the window next is offered to go on
    for (const work of this.works.values()) work.process.stop('leave');
    this.works.clear();
    this.emitter.dispose();
  }

  private receive(live: Work, message: JobMessage): void {
    switch (message.type) {
      case 'progress':
        live.progress = message.progress;
        this.emitter.fire({ type: 'progress', live, progress: message.progress });
        break;
      case 'evaluation': {
        const { run, point } = message;
        const curve = live.curves.get(run);
        if (curve) curve.push(point);
        else live.curves.set(run, [point]);
        this.emitter.fire({ type: 'evaluation', live, run, point });
        break;
      }
      case 'report': {
        const { report } = message;
        live.report = report;
        // what is finished lies in the store, whole
        for (const run of report.runs) if (run.status === 'done') live.curves.delete(run.key);
        this.emitter.fire({ type: 'report', live, report });
        break;
      }
      case 'log':
        this.log[message.level](`${live.ref.name}: ${message.message}`);
        break;
    }
  }

  private ended(live: Work, outcome: JobOutcome): void {
    const key = refKey(live.ref);
    if (this.works.get(key) !== live) return;
    this.works.delete(key);
    if (outcome.status === 'failed') this.failures.set(key, failureText(outcome, live.report));
    this.log[outcome.status === 'failed' ? 'error' : 'info'](
      `${live.ref.name}: ${outcome.status}${outcome.error ? `: ${outcome.error.message}` : ''}`,
    );
    this.emitter.fire({ type: 'ended', live, outcome, unwanted: live.unwanted });
  }
}

function failureText(outcome: JobOutcome, report: Report | null): string {
  return outcome.error?.message ?? report?.error ?? 'The job failed without saying why: see the log.';
}
