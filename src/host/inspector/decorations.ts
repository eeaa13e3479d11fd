/** Beside a checkpoint in the explorer: its sparsity, once it has been counted. Nothing is read for it. */
import * as vscode from 'vscode';
import { formatCount, formatShare } from '../../shared/format';
import { badgeOf, readKnownFiles, withFile } from './sparsityCache';

const rememberedKey = 'winningTicket.sparsity';

export class SparsityDecorations implements vscode.FileDecorationProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChangeFileDecorations = this.emitter.event;
  private readonly registration: vscode.Disposable;

  constructor(private readonly memory: vscode.Memento) {
    this.registration = vscode.window.registerFileDecorationProvider(this);
  }

  dispose(): void {
    this.registration.dispose();
    this.emitter.dispose();
  }

  async remember(uri: vscode.Uri, prunable: number, zeros: number): Promise<void> {
    if (uri.scheme !== 'file') return;
    const { size, mtime: changed } = await vscode.workspace.fs.stat(uri);
    const known = withFile(this.known(), uri.toString(), { size, changed, prunable, zeros });
    await this.memory.update(rememberedKey, known);
    this.emitter.fire(uri);
  }

  async provideFileDecoration(uri: vscode.Uri): Promise<vscode.FileDecoration | undefined> {
    const known = this.known()[uri.toString()];
    if (!known || known.prunable === 0) return undefined;
    const now = await vscode.workspace.fs.stat(uri).then(
      stat => stat,
      () => null,
    );
    // numbers of a file that has changed since are worse than none
    if (now?.size !== known.size || now.mtime !== known.changed) return undefined;
    const { zeros, prunable } = known;
    return new vscode.FileDecoration(
      badgeOf(known),
      `${formatShare(zeros / prunable)} sparse: ${formatCount(zeros)} of ${formatCount(prunable)} prunable weights are 0`,
    );
  }

  private known() {
    return readKnownFiles(this.memory.get(rememberedKey));
  }
}
