/** The custom editor of checkpoints: a page over one file, which is never written to. */
import * as vscode from 'vscode';
import type { InspectorAction } from '../../shared/inspectorView';
import { isModelFile } from '../modelFiles';
import type { SparsityDecorations } from './decorations';
import type { InspectorProcess } from './inspectorProcess';
import { InspectSession } from './inspectSession';
import { InspectorPage } from './pages';
import { subjectOf } from './subjects';

/** For files of formats that nobody else owns, and as an option for names that others use too. */
export const viewTypes = ['winningTicket.inspector', 'winningTicket.inspectorOption'] as const;

export interface InspectorServices {
  readonly extensionUri: vscode.Uri;
  readonly process: InspectorProcess;
  readonly decorations: SparsityDecorations;
  readonly log: vscode.LogOutputChannel;
}

export class InspectorEditors implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  private readonly pages = new Set<InspectorPage>();
  private readonly registration: vscode.Disposable;

  constructor(private readonly services: InspectorServices) {
    this.registration = vscode.Disposable.from(
      ...viewTypes.map(type =>
        vscode.window.registerCustomEditorProvider(type, this, { supportsMultipleEditorsPerDocument: true }),
      ),
    );
  }

  dispose(): void {
    this.registration.dispose();
  }

  /** The page in front; null where none is. */
  active(): InspectorPage | null {
    return [...this.pages].find(({ panel }) => panel.active) ?? null;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const { extensionUri, process, decorations, log } = this.services;
    const page = new InspectorPage({
      panel,
      extensionUri,
      log,
      session: post =>
        new InspectSession(process, { ...subjectOf(uri), actions: format => actionsFor(uri, format) }, post),
      perform: async action => {
        await vscode.commands.executeCommand(commands[action], uri);
      },
      onCounted: (prunable, zeros) => decorations.remember(uri, prunable, zeros),
    });
    this.pages.add(page);
    panel.onDidDispose(() => {
      this.pages.delete(page);
    });
  }
}

const commands = {
  compare: 'winningTicket.compareWith',
  prune: 'winningTicket.pruneCopy',
  find: 'winningTicket.find',
  reopenWith: 'workbench.action.reopenWithEditor',
} as const;

/** Copies are written only on this machine's disk, and models trained only from there; of a .json the format tells. */
function actionsFor(uri: vscode.Uri, format: string): readonly InspectorAction[] {
  if (uri.scheme !== 'file') return ['compare'];
  const isModel = uri.path.endsWith('.json') ? /tensorflow\.js.*layers/i.test(format) : isModelFile(uri.path);
  return isModel ? ['compare', 'prune', 'find'] : ['compare', 'prune'];
}
