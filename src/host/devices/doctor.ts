/** The doctor as the window has it: run with progress and a way to stop, its last answer kept. */
import * as vscode from 'vscode';
import type { Examination } from '../../shared/examination';
import { checkExamination, runDoctor } from './examination';
import type { DeviceSettings } from './settings';

const keptKey = 'winningTicket.examination';

export class Doctor {
  constructor(
    private readonly script: string,
    private readonly settings: DeviceSettings,
    private readonly memory: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** What was found last on this machine with these folders; null where nothing was. */
  kept(): Examination | null {
    const kept = this.memory.get<{ readonly environment?: unknown; readonly examination?: unknown }>(keptKey);
    return kept?.environment === this.environment ? checkExamination(kept.examination) : null;
  }

  /** Undefined where the person has stopped it. */
  async examine(): Promise<Examination | undefined> {
    const controller = new AbortController();
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: 'Looking for devices',
      cancellable: true,
    };
    const { environment } = this;
    try {
      const examination = await vscode.window.withProgress(options, (progress, token) => {
        token.onCancellationRequested(() => {
          controller.abort(new DOMException('Cancelled.', 'AbortError'));
        });
        return runDoctor({
          script: this.script,
          environment: this.settings.job().environment,
          signal: controller.signal,
          onExecutor: name => {
            progress.report({ message: name });
          },
          log: line => {
            this.log.info(`doctor: ${line}`);
          },
        });
      });
      await this.memory.update(keptKey, { environment, examination });
      return examination;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    }
  }

  /** What the answer depends on that a person can change. */
  private get environment(): string {
    return JSON.stringify(this.settings.job().environment);
  }
}
