/** "Find Winning Ticket": from wherever the person stands to a running experiment. */
import path from 'node:path';
import * as vscode from 'vscode';
import { example, experimentSuffix } from './experimentFiles';
import type { DataConfig } from '../shared/dataConfig';
import { placeOf } from './dataSearch';
import { formatNames } from './dataWords';
import type { Describer } from './describeProcess';
import { findData } from './findData';
import { isModelFile, modelFilters, modelPattern, whyNotHere } from './modelFiles';
import { askForExperiment, writeExperiment, type Subject } from './newExperiment';
import { PreviewPanel } from './previewPanel';
import { isTrusted, searchExclude, ticketPattern, type Runner } from './runner';

const maximumListed = 50;
/** Models that are listed: folders of checkpoints hold hundreds. */
const maximumModels = 12;

export interface FindServices {
  readonly extensionUri: vscode.Uri;
  readonly runner: Runner;
  readonly describer: Describer;
  readonly log: vscode.LogOutputChannel;
}

export class Find {
  constructor(private readonly services: FindServices) {}

  /** @param uri what a menu was opened on; left out: the active editor, else a list to choose from */
  async find(uri?: vscode.Uri): Promise<void> {
    const target = uri ?? activeUri();
    if (target && isExperimentFile(target)) await this.services.runner.run(target);
    else if (target && (uri || isModelFile(target.path))) await this.fromModel(target);
    else await this.choose();
  }

  /** Writes the built-in example into the window's folder, where it is not there yet, and runs it. */
  async tryExample(): Promise<void> {
    const folder = await chooseFolder();
    if (!folder || !(await isTrusted())) return;
    const uri = vscode.Uri.joinPath(folder.uri, `${example.name}${experimentSuffix}`);
    if (!(await exists(uri))) {
      // not copied as a file: the installed one may be read-only
      const text = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.services.extensionUri, example.file));
      await vscode.workspace.fs.writeFile(uri, text);
    }
    await this.openAndRun(uri);
  }

  async chooseModel(): Promise<void> {
    const chosen = await vscode.window.showOpenDialog({
      title: 'Choose a model: Keras, ONNX, TensorFlow.js, or weights of PyTorch that fit a built-in model',
      openLabel: 'Choose Model',
      filters: modelFilters,
      canSelectMany: false,
    });
    if (chosen?.[0]) await this.fromModel(chosen[0]);
  }

  private async fromModel(model: vscode.Uri): Promise<void> {
    const problem = whyNotHere(model.scheme, path.posix.basename(model.path));
    if (problem !== null) {
      void vscode.window.showErrorMessage(problem);
      return;
    }
    await this.ask({ kind: 'file', uri: model, folder: vscode.Uri.joinPath(model, '..') });
  }

  private async fromData(config: DataConfig): Promise<void> {
    const place = vscode.Uri.file(placeOf(config));
    const folder = vscode.workspace.getWorkspaceFolder(place)?.uri ?? vscode.Uri.joinPath(place, '..');
    await this.ask({ kind: 'data', config, folder });
  }

  private async fromBuiltin(): Promise<void> {
    const folder = await chooseFolder();
    if (folder) await this.ask({ kind: 'builtin', folder: folder.uri });
  }

  private async ask(subject: Subject): Promise<void> {
    if (!(await isTrusted())) return;
    const { extensionUri, describer, log } = this.services;
    const experiment = await askForExperiment(subject, { describer, preview: new PreviewPanel(extensionUri, log) });
    if (experiment) await this.openAndRun(await writeExperiment(subject.folder, experiment));
  }

  private async openAndRun(uri: vscode.Uri): Promise<void> {
    await vscode.window.showTextDocument(uri, { preview: false });
    await this.services.runner.run(uri);
  }

  private async choose(): Promise<void> {
    const [first] = vscode.workspace.workspaceFolders ?? [];
    if (!first) return offerFolder();
    const problem = whyNotHere(first.uri.scheme, `The folder ${first.name}`);
    if (problem !== null) {
      void vscode.window.showErrorMessage(problem);
      return;
    }
    type Item = vscode.QuickPickItem & { readonly act?: () => Promise<unknown> };
    const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
    const [files, models, data] = await Promise.all([
      vscode.workspace.findFiles(ticketPattern, searchExclude, maximumListed),
      vscode.workspace.findFiles(modelPattern, searchExclude, maximumModels),
      findData(),
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
        detail: 'Fitted to your data, each with the recipe of the paper it is known from, in full or shortened.',
        act: () => this.fromBuiltin(),
      },
      {
        label: '$(symbol-structure) Choose a model file…',
        description: 'Keras, ONNX, TensorFlow.js, PyTorch',
        act: () => this.chooseModel(),
      },
    ];
    if (models.length > 0) items.push(separator('models found in this folder'));
    for (const uri of byPath(models)) {
      items.push({
        label: `$(symbol-structure) ${path.basename(uri.fsPath)}`,
        description: path.dirname(relative(uri)),
        act: () => this.fromModel(uri),
      });
    }
    if (data.length > 0) items.push(separator('data found in this folder'));
    for (const config of data) {
      items.push({
        label: `$(database) A built-in model on ${path.basename(placeOf(config))}`,
        description: `${formatNames[config.format]} · ${relative(vscode.Uri.file(placeOf(config)))}`,
        act: () => this.fromData(config),
      });
    }
    if (files.length > 0) {
      items.unshift(
        separator('experiments'),
        ...byPath(files).map(uri => ({
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

const byPath = (uris: readonly vscode.Uri[]): vscode.Uri[] =>
  [...uris].sort((a, b) => a.fsPath.localeCompare(b.fsPath));

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
