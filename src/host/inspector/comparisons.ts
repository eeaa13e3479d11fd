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

  /** @param names what the sides are to a person, where their file names do not say it */
  open(left: vscode.Uri, right: vscode.Uri, names?: readonly [left: string, right: string]): void {
    const title = `${subjectOf(left, names?.[0]).name} ↔ ${subjectOf(right, names?.[1]).name}`;
    const panel = vscode.window.createWebviewPanel(comparisonType, title, vscode.ViewColumn.Active);
    this.show(panel, left, right, names);
  }

  /** @param state what the page kept: whatever it is, only addresses of files and their names are taken from it */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const [left, right] = [addressIn(state, 'left'), addressIn(state, 'right')];
    const [leftName, rightName] = [nameIn(state, 'leftName'), nameIn(state, 'rightName')];
    if (left && right) this.show(panel, left, right, leftName && rightName ? [leftName, rightName] : undefined);
    else panel.dispose();
    return Promise.resolve();
  }

  private show(
    panel: vscode.WebviewPanel,
    left: vscode.Uri,
    right: vscode.Uri,
    names?: readonly [left: string, right: string],
  ): void {
    const { extensionUri, process, log } = this.services;
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    const page = new InspectorPage({
      panel,
      extensionUri,
      log,
      session: post =>
        new CompareSession(
          process,
          subjectOf(left, names?.[0]),
          subjectOf(right, names?.[1]),
          { left: left.toString(), right: right.toString(), leftName: names?.[0] ?? '', rightName: names?.[1] ?? '' },
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

const mostName = 200;

function nameIn(state: unknown, side: 'leftName' | 'rightName'): string | null {
  const value = fieldOf(state, side);
  return typeof value === 'string' && value !== '' ? value.slice(0, mostName) : null;
}

function addressIn(state: unknown, side: 'left' | 'right'): vscode.Uri | null {
  const value = fieldOf(state, side);
  if (typeof value !== 'string') return null;
  try {
    return vscode.Uri.parse(value, true);
  } catch {
    return null;
  }
}

function fieldOf(state: unknown, name: string): unknown {
  if (typeof state !== 'object' || state === null) return undefined;
  return (state as Readonly<Record<string, unknown>>)[name];
}
