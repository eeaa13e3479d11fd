/** Two or more experiments in one panel: which, and the page that draws them. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { ComparisonToHost, HostToComparison } from '../shared/messages';
import type { ExperimentIndex } from './experimentIndex';
import { savedBytes } from './savedFile';
import { saveFile } from './saving';
import { refKey, type ExperimentRef } from './store';
import { sortEntries } from './treeModel';
import { checkComparisonMessage, mostCompared } from './validate';
import { loadPage } from './webviews';

export interface ComparisonServices {
  readonly extensionUri: vscode.Uri;
  readonly index: ExperimentIndex;
  readonly log: vscode.LogOutputChannel;
  readonly openPanel: (ref: ExperimentRef) => void;
}

export class ExperimentComparison {
  constructor(private readonly services: ComparisonServices) {}

  /** @param given experiments that were selected; with fewer than two a person chooses */
  async compare(given: readonly ExperimentRef[]): Promise<void> {
    const refs = given.length >= 2 ? given : await this.choose(given);
    if (!refs) return;
    if (refs.length > mostCompared) {
      void vscode.window.showInformationMessage(
        `The first ${mostCompared} of ${refs.length} experiments are compared.`,
      );
    }
    this.open(refs.slice(0, mostCompared));
  }

  private async choose(given: readonly ExperimentRef[]): Promise<readonly ExperimentRef[] | null> {
    const entries = sortEntries(this.services.index.entries()).filter(entry => entry.report !== null);
    if (entries.length < 2) {
      void vscode.window.showInformationMessage('Two experiments with results are needed to compare them.');
      return null;
    }
    const keys = new Set(given.map(refKey));
    const chosen = await vscode.window.showQuickPick(
      entries.map(({ ref, report, folder }) => ({
        label: ref.name,
        description: report?.verdict.summary ?? '',
        detail: folder ?? '',
        picked: keys.has(refKey(ref)),
        ref,
      })),
      { title: 'Compare Experiments', placeHolder: 'Two or more', canPickMany: true },
    );
    if (!chosen || chosen.length === 0) return null;
    if (chosen.length === 1) {
      void vscode.window.showInformationMessage('Choose two experiments or more to compare them.');
      return null;
    }
    return chosen.map(({ ref }) => ref);
  }

  private open(refs: readonly ExperimentRef[]): void {
    const { extensionUri, index, log } = this.services;
    const title = `Compare ${refs.map(({ name }) => name).join(', ')}`;
    const panel = vscode.window.createWebviewPanel('winningTicket.experiments', title, vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    const keys = new Set(refs.map(refKey));
    const send = (): void => {
      const message: HostToComparison = {
        type: 'experiments',
        experiments: refs.map(ref => ({
          name: ref.name,
          place: path.dirname(ref.store),
          report: index.entry(ref).report,
        })),
      };
      void panel.webview.postMessage(message);
    };
    const answer = async (message: ComparisonToHost): Promise<void> => {
      if (message.type === 'ready') send();
      else if (message.type === 'save') {
        const { file } = message;
        await saveFile(file.name, file.kind, path.dirname(refs[0]!.store), () => savedBytes(file));
      } else {
        const ref = refs[message.index];
        if (ref) this.services.openPanel(ref);
      }
    };
    const disposables = [
      panel.webview.onDidReceiveMessage(message => {
        const checked = checkComparisonMessage(message);
        if (!checked.ok) {
          log.warn(`The comparison sent a message that was left out: ${checked.problem}`);
          return;
        }
        answer(checked.value).catch((error: unknown) => {
          void vscode.window.showErrorMessage(
            `Winning Ticket: ${error instanceof Error ? error.message : String(error)}`,
          );
        });
      }),
      index.onDidChange(changed => {
        if (!changed || keys.has(refKey(changed))) send();
      }),
    ];
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    panel.onDidDispose(() => {
      vscode.Disposable.from(...disposables).dispose();
    });
    loadPage(panel.webview, extensionUri, 'compare', title);
  }
}
