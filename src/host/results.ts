/** What can be done with an experiment that is there: open, cancel, run again, copy, reveal, delete. */
import path from 'node:path';
import * as vscode from 'vscode';
import { leaveWish, type Wish } from '../job/wish';
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
import { experimentDirectory, readReport, reportPath, type ExperimentRef } from './store';
import type { StoreQueues } from './storeQueues';
import { moveToTrash, purge, restore } from './trash';
import { stateOf } from './treeModel';

export class Results {
  constructor(
    private readonly jobs: JobService,
    private readonly index: ExperimentIndex,
    private readonly panels: ExperimentPanels,
    private readonly runner: Runner,
    private readonly log: vscode.LogOutputChannel,
    private readonly extensionUri: vscode.Uri,
    private readonly queues: StoreQueues,
  ) {}

  /** A button of the panel. */
  async perform(action: PanelAction, ref: ExperimentRef): Promise<void> {
    switch (action) {
      case 'run':
        return this.rerun(ref);
      case 'cancel':
        return this.cancel(ref);
      case 'pause':
        return this.pause(ref);
      case 'resume':
        return this.resume(ref);
      case 'prioritise':
        return this.prioritise(ref);
      case 'removeFromQueue':
        return this.removeFromQueue(ref);
      case 'cancelOnCluster':
        await vscode.commands.executeCommand('winningTicket.cancelOnCluster', { ref });
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

  async cancel(ref: ExperimentRef): Promise<void> {
    await this.stop(ref, 'cancel');
  }

  async pause(ref: ExperimentRef): Promise<void> {
    await this.stop(ref, 'pause');
  }

  /** A job of another process is left a wish. */
  private async stop(ref: ExperimentRef, wish: Wish): Promise<void> {
    if (this.jobs.stop(ref, wish)) return;
    if (!this.index.entry(ref).elsewhere) {
      void vscode.window.showInformationMessage(`${ref.name} is not running.`);
    } else if (await isTrusted()) {
      await leaveWish(experimentDirectory(ref), wish);
    }
  }

  /** Goes on bit for bit where it stopped: at once, or as the next where another is at work. */
  async resume(ref: ExperimentRef): Promise<void> {
    const now = stateOf(this.index.entry(ref));
    if (now === 'running' || now === 'elsewhere' || now === 'done') {
      // a notification that offers it stays, whatever happens meanwhile
      const how = {
        running: 'is running already',
        elsewhere: 'is running already, in another process',
        done: 'is done',
      };
      void vscode.window.showInformationMessage(`${ref.name} ${how[now]}.`);
      this.openPanel(ref);
      return;
    }
    const file = await this.file(ref);
    if (file) await this.runner.run(file, 'first');
  }

  async prioritise(ref: ExperimentRef): Promise<void> {
    if (await isTrusted()) await this.queues.moveToFront(ref);
  }

  /** What is measured of it is kept. */
  async removeFromQueue(ref: ExperimentRef): Promise<void> {
    if (await isTrusted()) await this.queues.remove(ref);
  }

  /** Computes everything anew; what was there can be had back until the message has gone. */
  async restart(ref: ExperimentRef): Promise<void> {
    const file = (await isTrusted()) && this.isIdle(ref) ? await this.file(ref) : null;
    if (!file) return;
    const restart = 'Restart';
    const options = { modal: true, detail: 'Its results are moved aside, and every run is computed anew.' };
    const title = `Restart ${ref.name} from nothing?`;
    if ((await vscode.window.showWarningMessage(title, options, restart)) !== restart) return;
    const earlier = await moveToTrash(ref);
    await this.index.reload(ref);
    await this.runner.run(file);
    const undo = 'Undo';
    const answer = await vscode.window.showInformationMessage(`${ref.name} starts from nothing.`, undo);
    if (answer !== undo) return purge(earlier);
    await this.queues.remove(ref);
    await this.jobs.end(ref);
    if (await readReport(ref)) await purge(await moveToTrash(ref));
    await restore(earlier);
    await this.index.reload(ref);
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
    if (!this.isIdle(ref)) return;
    if (!(await isTrusted())) return;
    await this.queues.remove(ref);
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

  /** Says why not, where a job is at work. */
  private isIdle(ref: ExperimentRef): boolean {
    const here = this.jobs.get(ref) !== undefined;
    if (!here && !this.index.entry(ref).elsewhere) return true;
    void vscode.window.showWarningMessage(
      `${ref.name} is running${here ? '' : ' in another process'}: cancel it before its results are moved away.`,
    );
    return false;
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
