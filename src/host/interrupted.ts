/** Experiments that this window was running when it was closed, reloaded or crashed: they are offered to go on. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentIndex } from './experimentIndex';
import type { JobService } from './jobService';
import type { Results } from './results';
import { refKey, refOfReport, type ExperimentRef } from './store';
import { runsDone, stateOf } from './treeModel';

const memoryKey = 'winningTicket.atWork';
const setting = 'resumeInterrupted';

export class Interrupted implements vscode.Disposable {
  private readonly disposables: vscode.Disposable[];
  /** Keys of the experiments that were at work when the window was last open. */
  private readonly left: Set<string>;
  private readonly atWork = new Set<string>();

  constructor(
    jobs: JobService,
    private readonly index: ExperimentIndex,
    private readonly results: Results,
    private readonly memory: vscode.Memento,
  ) {
    const remembered = memory.get<unknown>(memoryKey);
    this.left = new Set(Array.isArray(remembered) ? remembered.filter(key => typeof key === 'string') : []);
    this.disposables = [
      jobs.onEvent(({ type, live }) => {
        const key = refKey(live.ref);
        if (type === 'started') this.atWork.add(key);
        else if (type === 'ended') this.atWork.delete(key);
        else return;
        this.left.delete(key);
        this.remember();
      }),
      index.onDidChange(() => {
        this.look();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.look();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private remember(): void {
    void this.memory.update(memoryKey, [...this.left, ...this.atWork]);
  }

  /** A job may still be saving when the window is back: it is interrupted once its lock is gone. */
  private look(): void {
    if (this.left.size === 0 || !vscode.workspace.isTrusted) return;
    for (const key of this.left) {
      const ref = refOfReport(path.join(key, 'report.json'));
      const entry = ref && this.index.entry(ref);
      if (!entry || stateOf(entry) !== 'interrupted') continue;
      this.left.delete(key);
      this.remember();
      if (entry.report) void this.offer(entry.ref, runsDone(entry.report));
    }
  }

  private async offer(ref: ExperimentRef, place: string): Promise<void> {
    const configuration = vscode.workspace.getConfiguration('winningTicket');
    const wanted: unknown = configuration.get(setting);
    if (wanted === 'never') return;
    if (wanted !== 'automatically') {
      const resume = 'Resume';
      const always = 'Always Resume';
      const words = `${ref.name} was interrupted at ${place}. Resume goes on where it stopped.`;
      const answer = await vscode.window.showInformationMessage(words, resume, 'Not Now', always);
      if (answer !== resume && answer !== always) return;
      if (answer === always) await this.wantAlways(configuration);
    }
    await this.results.resume(ref);
  }

  /** Where the settings cannot be written it goes on this time, at least. */
  private async wantAlways(configuration: vscode.WorkspaceConfiguration): Promise<void> {
    try {
      await configuration.update(setting, 'automatically', vscode.ConfigurationTarget.Global);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      void vscode.window.showWarningMessage(`The setting winningTicket.${setting} was not written: ${words}`);
    }
  }
}
