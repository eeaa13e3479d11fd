/** What a person sees of a running job outside its panel: a notification, the status bar, and the word at the end. */
import * as vscode from 'vscode';
import { formatProgress, plural } from '../shared/format';
import type { ExperimentIndex } from './experimentIndex';
import type { JobOutcome } from './jobProcess';
import type { JobEvent, JobService, LiveExperiment } from './jobService';
import type { ExperimentRef } from './store';
import type { Runner } from './runner';
import { statusGroups, statusItem } from './statusActions';
import { Throttle, viewMilliseconds } from './throttle';
import { runsDone } from './treeModel';

/** Not in the palette: a click on the item of the status bar. */
const menuCommand = 'winningTicket.statusMenu';

export class RunFeedback implements vscode.Disposable {
  private readonly status = vscode.window.createStatusBarItem(
    'winningTicket.status',
    vscode.StatusBarAlignment.Left,
    10,
  );
  private readonly disposables: { dispose(): unknown }[];

  constructor(
    private readonly jobs: JobService,
    private readonly index: ExperimentIndex,
    private readonly runner: Runner,
    private readonly show: (ref: ExperimentRef) => void,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.status.name = 'Winning Ticket';
    this.status.command = menuCommand;
    const status = new Throttle(viewMilliseconds, () => {
      this.updateStatus();
    });
    this.disposables = [
      this.status,
      status,
      index.onDidChange(() => {
        status.ask();
      }),
      vscode.commands.registerCommand(menuCommand, () => this.showMenu()),
      jobs.onEvent(event => {
        void vscode.commands.executeCommand('setContext', 'winningTicket.running', jobs.all().length > 0);
        if (event.type === 'started') void this.followInNotification(event.live);
        else if (event.type === 'ended' && !event.unwanted) void this.tellEnd(event.live, event.outcome);
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private updateStatus(): void {
    const item = statusItem(this.index.entries());
    if (!item) {
      this.status.hide();
      return;
    }
    this.status.text = item.text;
    this.status.tooltip = item.tooltip;
    this.status.accessibilityInformation = { label: item.label };
    this.status.show();
  }

  /** What can be done with the experiments that are at work, wait or have stopped. */
  private async showMenu(): Promise<void> {
    const items = statusGroups(this.index.entries()).flatMap(({ ref, title, actions }) => [
      { label: title, kind: vscode.QuickPickItemKind.Separator },
      ...actions.map(({ label, command }) => ({ label, description: ref.name, command, ref })),
    ]);
    const options = { title: 'Winning Ticket', placeHolder: 'What to do', matchOnDescription: true };
    const chosen = await vscode.window.showQuickPick(items, options);
    if (chosen && 'command' in chosen) {
      await vscode.commands.executeCommand(`winningTicket.${chosen.command}`, chosen.ref);
    }
  }

  private followInNotification(live: LiveExperiment): Thenable<void> {
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: live.ref.name, cancellable: true },
      (progress, token) =>
        new Promise<void>(resolve => {
          let reached = 0;
          const report = (): void => {
            const percent = 100 * (live.progress?.fraction ?? 0);
            progress.report({ message: formatProgress(live.progress), increment: Math.max(0, percent - reached) });
            reached = Math.max(reached, percent);
          };
          const follow = (event: JobEvent): void => {
            if (event.live !== live) return;
            if (event.type === 'progress') report();
            if (event.type !== 'ended') return;
            subscription.dispose();
            resolve();
          };
          const subscription = this.jobs.onEvent(follow);
          token.onCancellationRequested(() => {
            progress.report({ message: 'stopping' });
            this.jobs.stop(live.ref, 'cancel');
          });
          report();
        }),
    );
  }

  private async tellEnd(live: LiveExperiment, outcome: JobOutcome): Promise<void> {
    const { ref, report } = live;
    if (outcome.status === 'failed') return this.tellFailure(live, outcome);
    const done = report?.runs.filter(run => run.status === 'done').length ?? 0;
    const showReport = 'Show Report';
    if (outcome.status === 'paused') {
      const resume = 'Resume';
      const words = `${ref.name} is paused${report ? ` at ${runsDone(report)}` : ''}. Resume goes on where it stopped.`;
      const answer = await vscode.window.showInformationMessage(words, resume);
      if (answer === resume) await vscode.commands.executeCommand('winningTicket.resume', ref);
      return;
    }
    const text =
      outcome.status === 'cancelled'
        ? `${ref.name} was cancelled. ${plural(done, 'finished run')} ${done === 1 ? 'is' : 'are'} kept: run again to continue.`
        : `${ref.name}: ${report?.verdict.summary ?? 'done'}`;
    if ((await vscode.window.showInformationMessage(text, showReport)) === showReport) this.show(ref);
  }

  private async tellFailure(live: LiveExperiment, outcome: JobOutcome): Promise<void> {
    const message = this.jobs.failure(live.ref) ?? '';
    if (outcome.error?.field !== undefined) {
      await this.runner.showError(message, vscode.Uri.file(live.file), outcome.error.field);
      return;
    }
    const showLog = 'Show Log';
    const answer = await vscode.window.showErrorMessage(`${live.ref.name}: ${message}`, showLog);
    if (answer === showLog) this.log.show();
  }
}
