/** "Find Winning Ticket": from wherever the person stands to a running experiment. */
import path from 'node:path';
import * as vscode from 'vscode';
import { example, experimentSuffix } from './experimentFiles';
import { dataLabels, findDataFolders, type DataFolder } from './dataFolders';
import { askForExperiment, writeExperiment, type Subject } from './newExperiment';
import { isTrusted, searchExclude, ticketPattern, type Runner } from './runner';

const maximumListed = 50;

export class Find {
  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly runner: Runner,
  ) {}

  /** @param uri what a menu was opened on; left out: the active editor, else a list to choose from */
  async find(uri?: vscode.Uri): Promise<void> {
    const target = uri ?? activeUri();
    if (target && isExperimentFile(target)) await this.runner.run(target);
    else if (target && isModelFile(target)) await this.fromModel(target);
    else await this.choose();
  }

  /** Writes the built-in example into the window's folder, where it is not there yet, and runs it. */
  async tryExample(): Promise<void> {
    const folder = await chooseFolder();
    if (!folder || !(await isTrusted())) return;
    const uri = vscode.Uri.joinPath(folder.uri, `${example.name}${experimentSuffix}`);
    if (!(await exists(uri))) {
      // not copied as a file: the installed one may be read-only
      const text = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.extensionUri, example.file));
      await vscode.workspace.fs.writeFile(uri, text);
    }
    await this.openAndRun(uri);
  }

  async chooseModel(): Promise<void> {
    const chosen = await vscode.window.showOpenDialog({
      title: 'Choose a model: the model.json of a TensorFlow.js LayersModel',
      openLabel: 'Choose Model',
      filters: { 'TensorFlow.js model': ['json'] },
      canSelectMany: false,
    });
    if (chosen?.[0]) await this.fromModel(chosen[0]);
  }

  private async fromModel(model: vscode.Uri): Promise<void> {
    await this.ask({ kind: 'file', uri: model, folder: vscode.Uri.joinPath(model, '..') });
  }

  private async fromData(data: DataFolder): Promise<void> {
    const { directory } = data;
    const folder = vscode.workspace.getWorkspaceFolder(directory)?.uri ?? vscode.Uri.joinPath(directory, '..');
    await this.ask({ kind: 'data', data, folder });
  }

  private async fromBuiltin(): Promise<void> {
    const folder = await chooseFolder();
    if (folder) await this.ask({ kind: 'builtin', folder: folder.uri });
  }

  private async ask(subject: Subject): Promise<void> {
    if (!(await isTrusted())) return;
    const experiment = await askForExperiment(subject);
    if (experiment) await this.openAndRun(await writeExperiment(subject.folder, experiment));
  }

  private async openAndRun(uri: vscode.Uri): Promise<void> {
    await vscode.window.showTextDocument(uri, { preview: false });
    await this.runner.run(uri);
  }

  private async choose(): Promise<void> {
    if (!vscode.workspace.workspaceFolders?.length) return offerFolder();
    type Item = vscode.QuickPickItem & { readonly act?: () => Promise<unknown> };
    const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
    const [files, folders] = await Promise.all([
      vscode.workspace.findFiles(ticketPattern, searchExclude, maximumListed),
      findDataFolders(),
    ]);
    const relative = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri);
    const items: Item[] = [
      {
        label: '$(beaker) Built-in example',
        description: 'LeNet-300-100 on drawn digits',
        detail: 'Nothing to download; about a minute. Writes lenet-digits.ticket.json.',
        act: () => this.tryExample(),
      },
      {
        label: '$(library) Built-in model…',
        description: 'LeNet-300-100, SimpleCNN, Conv-2/4/6, ResNet, VGG',
        detail: 'Each with the recipe of the paper it is known from, in full or shortened.',
        act: () => this.fromBuiltin(),
      },
      {
        label: '$(symbol-structure) Choose a model file…',
        description: 'model.json of TensorFlow.js',
        act: () => this.chooseModel(),
      },
    ];
    if (folders.length > 0) items.push(separator('data found in this folder'));
    for (const data of folders) {
      items.push({
        label: `$(database) A built-in model on ${dataLabels[data.format]}`,
        description: relative(data.directory),
        act: () => this.fromData(data),
      });
    }
    if (files.length > 0) {
      items.unshift(
        separator('experiments'),
        ...files
          .sort((a, b) => a.fsPath.localeCompare(b.fsPath))
          .map(uri => ({
            label: `$(play) ${path.basename(uri.fsPath)}`,
            description: path.dirname(relative(uri)),
            act: () => this.openAndRun(uri),
          })),
        separator('new'),
      );
    }
    const chosen = await vscode.window.showQuickPick(items, {
      title: 'Find Winning Ticket',
      placeHolder: 'What to start from',
      matchOnDescription: true,
    });
    await chosen?.act?.();
  }
}

export const isExperimentFile = (uri: vscode.Uri): boolean => uri.path.endsWith(experimentSuffix);
const isModelFile = (uri: vscode.Uri): boolean => /(^|[/.-])model\.json$/.test(uri.path);

/** What the tab in front shows, whether as text or otherwise. */
export function activeUri(): vscode.Uri | undefined {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return undefined;
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    await offerFolder();
    return undefined;
  }
  if (folders.length === 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({ placeHolder: 'Folder for the experiment file and its results' });
}

async function offerFolder(): Promise<void> {
  const open = 'Open Folder';
  const answer = await vscode.window.showInformationMessage(
    'Winning Ticket keeps an experiment and its results in a folder, and none is open. Open a folder, an empty one will do, and run the command again.',
    open,
  );
  if (answer === open) await vscode.commands.executeCommand('workbench.action.files.openFolder');
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
