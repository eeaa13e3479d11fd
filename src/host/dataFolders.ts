/** Folders of the window that hold data to train on. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentFile } from '../shared/experiment';
import { searchExclude } from './runner';

export type FolderFormat = 'idx' | 'cifar10';

export interface DataFolder {
  readonly format: FolderFormat;
  readonly directory: vscode.Uri;
}

type Data = ExperimentFile['data'];

/** In words, for a list to choose from. */
export const dataLabels: Readonly<Record<FolderFormat, string>> = { idx: 'MNIST files', cifar10: 'CIFAR-10 files' };

const patterns: Readonly<Record<FolderFormat, string>> = {
  idx: '**/train-images-idx3-ubyte{,.gz}',
  cifar10: '**/data_batch_1.bin{,.gz}',
};
const fileNames: Readonly<Record<FolderFormat, RegExp>> = {
  idx: /^train-images[-.]idx3-ubyte(\.gz)?$/,
  cifar10: /^data_batch_.*\.bin(\.gz)?$/,
};
const fileHints: Readonly<Record<FolderFormat, string>> = {
  idx: 'with the four MNIST file names, plain or .gz',
  cifar10: 'with data_batch_*.bin and test_batch*.bin of CIFAR-10 (binary version), plain or .gz',
};
const maximumFolders = 20;

/** Folders of the window with the files of MNIST, or a set in its form, and of CIFAR-10. */
export async function findDataFolders(): Promise<DataFolder[]> {
  const found = await Promise.all([findFormat('idx'), findFormat('cifar10')]);
  return found.flat();
}

async function findFormat(format: FolderFormat): Promise<DataFolder[]> {
  const files = await vscode.workspace.findFiles(patterns[format], searchExclude, maximumFolders);
  const folders = new Map(
    files.map(file => {
      const directory = vscode.Uri.joinPath(file, '..');
      return [directory.fsPath, { format, directory }] as const;
    }),
  );
  return [...folders.values()].sort((a, b) => a.directory.fsPath.localeCompare(b.directory.fsPath));
}

/** Which files a folder must hold. @param wanted of this format only; left out: of any */
export function folderHint(wanted?: FolderFormat): string {
  return formatsOf(wanted)
    .map(format => fileHints[format])
    .join(', or ');
}

/**
 * Asks for a folder; undefined where the person left, or chose one without such data, which is said.
 * @param wanted of this format only; left out: of any
 */
export async function chooseDataFolder(wanted?: FolderFormat): Promise<DataFolder | undefined> {
  const [directory] =
    (await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: 'Choose Data',
    })) ?? [];
  if (!directory) return undefined;
  const names = (await vscode.workspace.fs.readDirectory(directory)).map(([name]) => name);
  for (const format of formatsOf(wanted)) {
    if (names.some(name => fileNames[format].test(name))) return { format, directory };
  }
  void vscode.window.showErrorMessage(
    `${directory.fsPath} holds no data that can be used here. Choose a folder ${folderHint(wanted)}.`,
  );
  return undefined;
}

/** A folder as an experiment file in `folder` names it: relative where that stays within the folder, with forward slashes. */
export function dataConfig({ format, directory }: DataFolder, folder: vscode.Uri, validation?: number): Data {
  const relative = path.relative(folder.fsPath, directory.fsPath);
  const written = path.isAbsolute(relative) ? directory.fsPath : relative === '' ? '.' : relative;
  return { format, directory: written.split(path.sep).join('/'), ...(validation !== undefined && { validation }) };
}

function formatsOf(wanted: FolderFormat | undefined): readonly FolderFormat[] {
  return wanted === undefined ? ['idx', 'cifar10'] : [wanted];
}
