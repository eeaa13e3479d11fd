/** A webview that shows a session: its page, its messages checked, and what a person asks for by its buttons. */
import * as vscode from 'vscode';
import { formatCount } from '../../shared/format';
import type { CopyFormat, HostToInspectorView, InspectorAction } from '../../shared/inspectorView';
import { loadPage } from '../webviews';
import { checkInspectorView } from './check';
import type { Session } from './session';

export interface PageOptions {
  readonly panel: vscode.WebviewPanel;
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  readonly session: (post: (message: HostToInspectorView) => void) => Session;
  readonly perform: (action: Exclude<InspectorAction, 'reopen' | 'showLog'>) => Promise<void>;
  readonly onCounted?: (prunable: number, zeros: number) => Promise<void>;
}

export class InspectorPage {
  readonly panel: vscode.WebviewPanel;
  private readonly session: Session;

  constructor(private readonly options: PageOptions) {
    const { panel, extensionUri } = options;
    this.panel = panel;
    this.session = options.session(message => {
      this.post(message);
    });
    const received = panel.webview.onDidReceiveMessage(message => {
      this.receive(message).catch((error: unknown) => {
        tellError(error, options.log);
      });
    });
    const shown = panel.onDidChangeViewState(() => {
      // a hidden page is gone; it says that it is ready when it is shown again
      if (!panel.visible) this.session.stop();
    });
    panel.onDidDispose(() => {
      this.session.stop();
      received.dispose();
      shown.dispose();
    });
    loadPage(panel.webview, extensionUri, 'inspector', panel.title);
  }

  copy(format: CopyFormat): void {
    this.post({ type: 'copy', format });
  }

  private post(message: HostToInspectorView): void {
    void this.panel.webview.postMessage(message);
  }

  private async receive(value: unknown): Promise<void> {
    const { log, perform, onCounted } = this.options;
    const checked = checkInspectorView(value);
    if (!checked.ok) {
      log.warn(`The inspector's page sent a message that was left out: ${checked.problem}`);
      return;
    }
    const message = checked.value;
    switch (message.type) {
      case 'ready':
        this.session.start();
        break;
      case 'visible':
        this.session.visible(message.tensors);
        break;
      case 'counted':
        await onCounted?.(message.prunable, message.zeros);
        break;
      case 'copy': {
        await vscode.env.clipboard.writeText(message.text);
        const words = `Copied ${formatCount(message.rows)} rows as ${message.format === 'csv' ? 'CSV' : 'Markdown'}.`;
        vscode.window.setStatusBarMessage(words, 4000);
        break;
      }
      case 'perform':
        if (message.action === 'reopen') this.session.start();
        else if (message.action === 'showLog') log.show();
        else await perform(message.action);
        break;
      case 'tile':
      case 'details':
      case 'maskTile':
      case 'nextDifference':
      case 'forget':
        this.session.receive(message);
        break;
    }
  }
}

export function tellError(error: unknown, log: vscode.LogOutputChannel): void {
  const message = error instanceof Error ? error.message : String(error);
  log.error(error instanceof Error ? error : message);
  void vscode.window.showErrorMessage(`Winning Ticket: ${message}`);
}
