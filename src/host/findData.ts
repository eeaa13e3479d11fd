/** Data to train on: what lies in the window's folders, and what a person points at. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { DataConfig } from '../shared/dataConfig';
import { dataIn, dataPattern, imagePattern } from './dataSearch';
import { searchExclude } from './runner';

const maximumFiles = 1_000;
/** Images come in thousands; these are enough to see how their folders lie. */
const maximumImages = 4_000;
/** Data sets that are listed. */
const maximumFound = 16;

/** With absolute paths. @param within a folder; left out: all folders of the window */
export async function findData(within?: vscode.Uri): Promise<DataConfig[]> {
  const search = (pattern: string, most: number): Thenable<vscode.Uri[]> =>
    vscode.workspace.findFiles(within ? new vscode.RelativePattern(within, pattern) : pattern, searchExclude, most);
  const [files, images] = await Promise.all([search(dataPattern, maximumFiles), search(imagePattern, maximumImages)]);
  const local = [...files, ...images].filter(({ scheme }) => scheme === 'file');
  return dataIn(local.map(({ fsPath }) => fsPath)).slice(0, maximumFound);
}

/** Asks for a folder; what is in it, or undefined where the person left or nothing is, which is said. */
export async function chooseDataFolder(): Promise<DataConfig[] | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      title: 'Folder with data to train on',
      openLabel: 'Choose Data',
    })) ?? [];
  return folder && orSaid(await findData(folder), folder);
}

export async function chooseDataFile(): Promise<DataConfig[] | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: 'File with data to train on',
      openLabel: 'Choose Data',
      filters: {
        'Tables and arrays': ['csv', 'tsv', 'gz', 'npz', 'npy', 'parquet', 'safetensors'],
        'All files': ['*'],
      },
    })) ?? [];
  if (!file) return undefined;
  const folder = vscode.Uri.joinPath(file, '..');
  const beside = await vscode.workspace.fs.readDirectory(folder);
  const files = beside.map(([name]) => path.join(folder.fsPath, name));
  const all = dataIn(files).filter(config => config.format !== 'images');
  // an array or a table may belong to others beside it, so they are looked for together
  const own = all.filter(config => JSON.stringify(config).includes(JSON.stringify(file.fsPath)));
  return orSaid(own.length > 0 ? own : dataIn([file.fsPath]), file);
}

function orSaid(found: DataConfig[], place: vscode.Uri): DataConfig[] | undefined {
  if (found.length > 0) return found;
  void vscode.window.showErrorMessage(
    `${place.fsPath} holds no data that can be used here. Choose the files of MNIST or CIFAR (binary version), a .npz or .npy ` +
      'with its labels beside it, a .csv or .parquet with a column of classes, or a folder with a folder of PNG or JPEG files for each class.',
  );
  return undefined;
}
