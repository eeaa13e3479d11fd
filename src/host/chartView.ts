/** The small live chart under the tree: the running experiment, else the one selected in the tree, else the newest. */
import * as vscode from 'vscode';
import { formatProgress } from '../shared/format';
import type { HostToSidebar } from '../shared/messages';
import { describeCluster } from './clusterStatus';
import type { ExperimentIndex } from './experimentIndex';
import type { JobService } from './jobService';
import type { ExperimentRef } from './store';
import { sortEntries, stateOf, type ExperimentEntry } from './treeModel';
import { checkSidebarMessage } from './validate';
import { loadPage } from './webviews';

const sendMilliseconds = 250;

export interface ChartServices {
  readonly extensionUri: vscode.Uri;
  readonly jobs: JobService;
  readonly index: ExperimentIndex;
  readonly log: vscode.LogOutputChannel;
  readonly open: (ref: ExperimentRef) => void;
}

export class ChartView implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private selected: ExperimentRef | null = null;
  private timer: NodeJS.Timeout | undefined;
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly services: ChartServices) {
    const sendSoon = (): void => {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.send();
      }, sendMilliseconds);
    };
    this.disposables = [
      vscode.window.registerWebviewViewProvider('winningTicket.chart', this),
      services.jobs.onEvent(sendSoon),
      services.index.onDidChange(sendSoon),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  select(ref: ExperimentRef | null): void {
    this.selected = ref;
    this.send();
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    view.webview.onDidReceiveMessage(message => {
      const checked = checkSidebarMessage(message);
      if (!checked.ok) {
        this.services.log.warn(`The chart sent a message that was left out: ${checked.problem}`);
      } else if (checked.value.type === 'ready') {
        this.send();
      } else {
        const ref = this.shown();
        if (ref) this.services.open(ref);
      }
    });
    view.onDidDispose(() => {
      this.view = undefined;
    });
    loadPage(view.webview, this.services.extensionUri, 'sidebar', 'Winning Ticket');
  }

  private shown(): ExperimentRef | null {
    const { index, jobs } = this.services;
    return jobs.all()[0]?.ref ?? this.selected ?? sortEntries(index.entries())[0]?.ref ?? null;
  }

  private send(): void {
    const ref = this.shown();
    const live = ref && this.services.jobs.get(ref);
    const run = live?.progress?.run?.key;
    const entry = ref && this.services.index.entry(ref);
    const away = entry && placeOf(entry);
    const message: HostToSidebar = {
      type: 'state',
      name: ref?.name ?? null,
      running: live !== undefined && live !== null,
      report: ref ? (live?.report ?? entry?.report ?? null) : null,
      progress: live?.progress ?? null,
      curve: (run === undefined ? undefined : live?.curves.get(run)) ?? [],
      ...(away !== null && { away }),
    };
    void this.view?.webview.postMessage(message);
  }
}

/** Where it is at work, and how far; null where it is in this window, or nowhere. */
function placeOf(entry: ExperimentEntry): string | null {
  const state = stateOf(entry);
  if (state === 'elsewhere') return entry.progress ? formatProgress(entry.progress) : 'runs in another process';
  return state === 'cluster' && entry.cluster ? describeCluster(entry.cluster) : null;
}
