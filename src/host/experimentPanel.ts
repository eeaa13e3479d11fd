/** The panel of one experiment: sends it the state, forwards what the job says, answers what it asks. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunEvaluation } from '../shared/evaluation';
import type { HostToPanel, PanelToHost, SavedFile } from '../shared/messages';
import type { CurvePoint, Report } from '../shared/report';
import { describeCluster } from './clusterStatus';
import type { ExperimentIndex } from './experimentIndex';
import type { JobEvent, JobService } from './jobService';
import { MaskAnswers } from './maskAnswers';
import { savedBytes } from './savedFile';
import { saveFile } from './saving';
import { readCurve, readEvaluation, refKey, type ExperimentRef } from './store';
import { stateOf } from './treeModel';
import { checkPanelMessage } from './validate';
import { loadPage } from './webviews';

/** What a person can do from the panel. */
export type PanelAction = Exclude<PanelToHost['type'], 'ready' | 'curves' | 'evaluations' | 'mask' | 'save'>;

export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  readonly jobs: JobService;
  readonly index: ExperimentIndex;
  readonly log: vscode.LogOutputChannel;
  readonly perform: (action: PanelAction, ref: ExperimentRef) => Promise<void>;
}

export class ExperimentPanel {
  private readonly disposables: vscode.Disposable[];
  private readonly masks: MaskAnswers;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly ref: ExperimentRef,
    private readonly services: PanelServices,
  ) {
    const { extensionUri, jobs, index, log } = services;
    const key = refKey(ref);
    this.masks = new MaskAnswers(ref.store, () => this.report());
    this.disposables = [
      panel.webview.onDidReceiveMessage(message => {
        const checked = checkPanelMessage(message);
        if (checked.ok) this.answer(checked.value).catch(tellError);
        else log.warn(`The panel of ${ref.name} sent a message that was left out: ${checked.problem}`);
      }),
      jobs.onEvent(event => {
        if (refKey(event.live.ref) === key) this.forward(event);
      }),
      index.onDidChange(changed => {
        // while a job is at work, its own events say what changes
        if (!jobs.get(ref) && (!changed || refKey(changed) === key)) this.sendState();
      }),
    ];
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    panel.onDidDispose(() => {
      vscode.Disposable.from(...this.disposables).dispose();
    });
    loadPage(panel.webview, extensionUri, 'experiment', panel.title);
  }

  private async answer(message: PanelToHost): Promise<void> {
    if (message.type === 'ready') this.sendState();
    else if (message.type === 'curves') this.post({ type: 'curves', curves: await this.curves(message.runs) });
    else if (message.type === 'evaluations') {
      this.post({ type: 'evaluations', evaluations: await this.evaluations(message.runs) });
    } else if (message.type === 'mask') this.post(await this.masks.answer(message));
    else if (message.type === 'save') await this.save(message.file);
    else await this.services.perform(message.type, this.ref);
  }

  private async save(file: SavedFile): Promise<void> {
    await saveFile(file.name, file.kind, path.dirname(this.ref.store), () => savedBytes(file));
  }

  private forward(event: JobEvent): void {
    if (event.type === 'progress') this.post({ type: 'progress', progress: event.progress });
    else if (event.type === 'evaluation') this.post({ type: 'evaluation', run: event.run, point: event.point });
    else this.sendState();
  }

  private sendState(): void {
    const { index, jobs } = this.services;
    const entry = index.entry(this.ref);
    const live = jobs.get(this.ref);
    const unreadable =
      entry.problem === null ? null : `report.json cannot be read: ${entry.problem}. Run again to write it anew.`;
    this.post({
      type: 'state',
      name: this.ref.name,
      running: live !== undefined || entry.elsewhere === true,
      report: this.report(),
      progress: live?.progress ?? entry.progress ?? null,
      error: live ? null : (entry.failure ?? unreadable),
      ...(entry.queued !== undefined && { queued: entry.queued }),
      ...(stateOf(entry) === 'cluster' && entry.cluster && { away: describeCluster(entry.cluster) }),
    });
  }

  private report(): Report | null {
    return this.services.jobs.get(this.ref)?.report ?? this.services.index.entry(this.ref).report;
  }

  /** From the store; of a run at work, what has arrived where that is more. */
  private async curves(runs: readonly string[]): Promise<Record<string, readonly CurvePoint[]>> {
    const curves: Record<string, readonly CurvePoint[]> = {};
    for (const run of runs) {
      const stored = await readCurve(this.ref.store, run);
      const arrived = this.services.jobs.get(this.ref)?.curves.get(run) ?? [];
      curves[run] = arrived.length > stored.length ? arrived : stored;
    }
    return curves;
  }

  private async evaluations(runs: readonly string[]): Promise<Record<string, RunEvaluation | null>> {
    const evaluations: Record<string, RunEvaluation | null> = {};
    for (const run of runs) evaluations[run] = await readEvaluation(this.ref.store, run);
    return evaluations;
  }

  private post(message: HostToPanel): void {
    // a hidden panel is not there to listen: it asks for the whole state when it is shown again
    void this.panel.webview.postMessage(message);
  }
}

function tellError(error: unknown): void {
  void vscode.window.showErrorMessage(`Winning Ticket: ${error instanceof Error ? error.message : String(error)}`);
}
