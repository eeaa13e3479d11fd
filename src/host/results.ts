/** What can be done with an experiment that is there: open, cancel, run again, copy, reveal, delete. */
import path from 'node:path';
import * as vscode from 'vscode';
import { withAllControls } from './experimentFiles';
import type { ExperimentIndex } from './experimentIndex';
import { TicketExport } from './exportTicket';
import type { ExperimentPanels } from './experimentPanels';
import type { PanelAction } from './experimentPanel';
import type { JobService } from './jobService';
import { reportMarkdown } from './markdown';
import { panelFile } from './panelFile';
import { isTrusted, type Runner } from './runner';
import { saveFile } from './saving';
import { experimentDirectory, reportPath, type ExperimentRef } from './store';
import { moveToTrash, purge, restore } from './trash';

export class Results {
  constructor(
    private readonly jobs: JobService,
    private readonly index: ExperimentIndex,
    private readonly panels: ExperimentPanels,
    private readonly runner: Runner,
    private readonly log: vscode.LogOutputChannel,
    private readonly extensionUri: vscode.Uri,
  ) {}

  /** A button of the panel. */
  async perform(action: PanelAction, ref: ExperimentRef): Promise<void> {
    switch (action) {
      case 'run':
        return this.rerun(ref);
      case 'cancel':
        this.jobs.cancel(ref);
        return;
      case 'addControls':
        return this.addControls(ref);
      case 'openExperiment':
        return this.openExperiment(ref);
      case 'openReport':
        return this.openReport(ref);
      case 'copyTable':
        return this.copyMarkdown(ref);
      case 'savePage':
        return this.savePage(ref);
      case 'exportTicket':
        return this.exportTicket(ref);
      case 'showLog':
        this.log.show(true);
        return;
    }
  }

  openPanel(ref: ExperimentRef): void {
    this.panels.open(ref);
  }

  cancel(ref: ExperimentRef): void {
    if (this.jobs.get(ref)) this.jobs.cancel(ref);
    else void vscode.window.showInformationMessage(`${ref.name} is not running in this window.`);
  }

  /** Computes only what the store does not hold yet. */
  async rerun(ref: ExperimentRef): Promise<void> {
    const file = await this.file(ref);
    if (file) await this.runner.run(file);
  }

  async openExperiment(ref: ExperimentRef): Promise<void> {
    const file = await this.file(ref);
    if (file) await vscode.window.showTextDocument(file, { preview: false });
  }

  async openReport(ref: ExperimentRef): Promise<void> {
    await vscode.window.showTextDocument(vscode.Uri.file(reportPath(ref)), { preview: true });
  }

  async copyMarkdown(ref: ExperimentRef): Promise<void> {
    const { report } = this.index.entry(ref);
    if (!report) {
      void vscode.window.showInformationMessage(`${ref.name} has no results to copy yet.`);
      return;
    }
    await vscode.env.clipboard.writeText(reportMarkdown(report));
    vscode.window.setStatusBarMessage(`Results of ${ref.name} copied as Markdown`, 4000);
  }

  /** A level as a file of another format. */
  async exportTicket(ref: ExperimentRef): Promise<void> {
    const { report } = this.index.entry(ref);
    if (!report) {
      void vscode.window.showInformationMessage(`${ref.name} has no results to export yet.`);
      return;
    }
    const script = vscode.Uri.joinPath(this.extensionUri, 'dist', 'cli.js').fsPath;
    await new TicketExport(script, this.log).ask(ref, report);
  }

  /** The panel as one file, for people without this extension. */
  async savePage(ref: ExperimentRef): Promise<void> {
    const { report } = this.index.entry(ref);
    if (!report) {
      void vscode.window.showInformationMessage(`${ref.name} has no results to save yet.`);
      return;
    }
    const folder = vscode.Uri.joinPath(this.extensionUri, 'dist', 'webview').fsPath;
    const saved = await saveFile(ref.name, 'html', path.dirname(ref.store), async () =>
      Buffer.from(await panelFile(ref, report, folder)),
    );
    if (!saved) return;
    const open = 'Open';
    const answer = await vscode.window.showInformationMessage(`Saved ${path.basename(saved.path)}`, open);
    if (answer === open) await vscode.env.openExternal(saved);
  }

  async reveal(ref: ExperimentRef): Promise<void> {
    const uri = vscode.Uri.file(experimentDirectory(ref));
    const inWindow = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
    await vscode.commands.executeCommand(inWindow ? 'revealInExplorer' : 'revealFileInOS', uri);
  }

  /** Moves the results aside, and removes them for good only when nobody wants them back. */
  async delete(ref: ExperimentRef): Promise<void> {
    if (this.jobs.get(ref)) {
      void vscode.window.showWarningMessage(`${ref.name} is running: cancel it before you delete its results.`);
      return;
    }
    if (this.index.entry(ref).elsewhere) {
      void vscode.window.showWarningMessage(
        `${ref.name} is running in another process: stop it before you delete its results.`,
      );
      return;
    }
    if (!(await isTrusted())) return;
    const trashed = await moveToTrash(ref);
    this.panels.close(ref);
    await this.index.reload(ref);
    const undo = 'Undo';
    const answer = await vscode.window.showInformationMessage(
      `Results of ${ref.name} deleted. The experiment file is kept.`,
      undo,
    );
    if (answer === undo) {
      await restore(trashed);
      await this.index.reload(ref);
    } else {
      await purge(trashed);
    }
  }

  private async addControls(ref: ExperimentRef): Promise<void> {
    const file = (await isTrusted()) ? await this.file(ref) : null;
    if (!file) return;
    const document = await vscode.workspace.openTextDocument(file);
    const text = document.getText();
    const edit = new vscode.WorkspaceEdit();
    edit.replace(
      file,
      new vscode.Range(document.positionAt(0), document.positionAt(text.length)),
      withAllControls(text),
    );
    if (await vscode.workspace.applyEdit(edit)) await this.runner.run(file);
  }

  /** The experiment's file; where it is not to be found, asks for it. */
  private async file(ref: ExperimentRef): Promise<vscode.Uri | null> {
    const file = await this.runner.fileOf(ref);
    if (file) return file;
    const choose = 'Choose File…';
    const answer = await vscode.window.showWarningMessage(
      `No experiment file (*.ticket.json) in this window has the name "${ref.name}". It may have been renamed or moved.`,
      choose,
    );
    if (answer !== choose) return null;
    const chosen = await vscode.window.showOpenDialog({ filters: { Experiment: ['ticket.json', 'json'] } });
    return chosen?.[0] ?? null;
  }
}
