/** Panels that compare two checkpoints, and their return after a reload of the window. */
import * as vscode from 'vscode';
import { CompareSession } from './compareSession';
import type { InspectorServices } from './editors';
import { InspectorPage } from './pages';
import { subjectOf } from './subjects';

export const comparisonType = 'winningTicket.comparison';

export class ComparisonPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly pages = new Set<InspectorPage>();
  private readonly registration: vscode.Disposable;

  constructor(private readonly services: InspectorServices) {
    this.registration = vscode.window.registerWebviewPanelSerializer(comparisonType, this);
  }

  dispose(): void {
    this.registration.dispose();
  }

  active(): InspectorPage | null {
    return [...this.pages].find(({ panel }) => panel.active) ?? null;
  }

  open(left: vscode.Uri, right: vscode.Uri): void {
    const title = `${subjectOf(left).name} ↔ ${subjectOf(right).name}`;
    const panel = vscode.window.createWebviewPanel(comparisonType, title, vscode.ViewColumn.Active);
    this.show(panel, left, right);
  }

  /** @param state what the page kept: whatever it is, only addresses of files are taken from it */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const [left, right] = [addressIn(state, 'left'), addressIn(state, 'right')];
    if (left && right) this.show(panel, left, right);
    else panel.dispose();
    return Promise.resolve();
  }

  private show(panel: vscode.WebviewPanel, left: vscode.Uri, right: vscode.Uri): void {
    const { extensionUri, process, log } = this.services;
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    const page = new InspectorPage({
      panel,
      extensionUri,
      log,
      session: post =>
        new CompareSession(
          process,
          subjectOf(left),
          subjectOf(right),
          { left: left.toString(), right: right.toString() },
          post,
        ),
      // two files: what is done with one has no meaning here
      perform: () => Promise.resolve(),
    });
    this.pages.add(page);
    panel.onDidDispose(() => {
      this.pages.delete(page);
    });
  }
}

function addressIn(state: unknown, side: 'left' | 'right'): vscode.Uri | null {
  if (typeof state !== 'object' || state === null) return null;
  const value: unknown = { ...state }[side as never];
  if (typeof value !== 'string') return null;
  try {
    return vscode.Uri.parse(value, true);
  } catch {
    return null;
  }
}
