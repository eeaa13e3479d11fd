/** "Export Ticket…": asks for level, format and place, and lets the command line write and check it in a process of its own. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { Report } from '../shared/report';
import { writeByCli } from './cliWriting';
import { exportArguments, exportPath, formatChoices, levelChoices } from './exportChoices';
import { isTrusted } from './runner';
import type { ExperimentRef } from './store';

const title = 'Export Ticket';
/** The page that asked takes the focus back when the first list closes, which would close the second. */
const stay = { ignoreFocusOut: true, matchOnDescription: true } as const;

export class TicketExport {
  constructor(
    private readonly script: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  async ask(ref: ExperimentRef, report: Report): Promise<void> {
    if (!(await isTrusted())) return;
    const levels = levelChoices(report);
    if (levels.length === 0) {
      void vscode.window.showInformationMessage(`${ref.name} has no finished level to export yet.`);
      return;
    }
    const level = await vscode.window.showQuickPick(levels, {
      ...stay,
      title: `${title} of ${ref.name} (1/3)`,
      placeHolder: 'Which level of the iterative series',
    });
    if (!level) return;
    const format = await vscode.window.showQuickPick(formatChoices, {
      ...stay,
      title: `${title} of ${ref.name} (2/3)`,
      placeHolder: 'For whom',
    });
    if (!format) return;
    const out = await vscode.window.showSaveDialog({
      title: `${title} of ${ref.name} (3/3)`,
      saveLabel: 'Export',
      defaultUri: vscode.Uri.file(exportPath(ref, level.level, format)),
    });
    if (!out) return;
    if (out.scheme !== 'file') throw new Error('A ticket can be written only to a folder of this machine.');
    const written = await writeByCli({
      script: this.script,
      log: this.log,
      out,
      title: 'Exporting',
      arguments: exists => exportArguments(ref, level.level, format, out.fsPath, exists),
    });
    if (written) await tellWritten(out);
  }
}

async function tellWritten(out: vscode.Uri): Promise<void> {
  const name = path.basename(out.fsPath);
  const show = 'Show';
  const answer = await vscode.window.showInformationMessage(`${name} is written, read back and compared.`, show);
  if (answer !== show) return;
  const inWindow = vscode.workspace.getWorkspaceFolder(out) !== undefined;
  await vscode.commands.executeCommand(inWindow ? 'revealInExplorer' : 'revealFileInOS', out);
}
