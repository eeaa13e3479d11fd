/** The page that shows a sample of the data, and waits for a word. It goes when the questions are over. */
import * as vscode from 'vscode';
import type { HostToPreview, PreviewAnswer, PreviewState } from '../shared/previewMessages';
import { checkPreviewMessage } from './validate';
import { loadPage } from './webviews';

export class PreviewPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private state: PreviewState | null = null;
  private answer: (answer: PreviewAnswer) => void = () => undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Shows the sample and settles with what the person decides; closing the page is "cancel". */
  show(state: PreviewState): Promise<PreviewAnswer> {
    this.state = state;
    const decided = new Promise<PreviewAnswer>(resolve => (this.answer = resolve));
    if (this.panel) {
      this.panel.reveal();
      this.send();
    } else this.open();
    return decided;
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private open(): void {
    const title = 'Data Preview';
    const panel = vscode.window.createWebviewPanel('winningTicket.preview', title, vscode.ViewColumn.Active, {});
    this.panel = panel;
    panel.iconPath = vscode.Uri.joinPath(this.extensionUri, 'media', 'icon.png');
    panel.webview.onDidReceiveMessage(message => {
      const checked = checkPreviewMessage(message);
      if (!checked.ok) this.log.warn(`The preview sent a message that was left out: ${checked.problem}`);
      else if (checked.value.type === 'ready') this.send();
      else this.answer(checked.value.answer);
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.answer('cancel');
    });
    loadPage(panel.webview, this.extensionUri, 'preview', title);
  }

  private send(): void {
    if (!this.state) return;
    const message: HostToPreview = { type: 'show', state: this.state };
    void this.panel?.webview.postMessage(message);
  }
}
