/** Three questions that make an experiment: which data, how long, which controls. Each has a good first answer. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentFile } from '../shared/experiment';
import { countWeights, durationInWords, estimateSeconds } from './estimate';
import {
  controlChoices,
  experimentSuffix,
  experimentText,
  freeName,
  lengths,
  newExperiment,
  toExperimentName,
} from './experimentFiles';
import { searchExclude } from './runner';
import { readBounded } from './store';

const title = 'Find Winning Ticket';
const maximumDataFolders = 20;
const maximumModelBytes = 64 * 1024 * 1024;
const lenetWeights = 266_200;

/** What the experiment is about: a model file, or the data in a folder with the built-in LeNet-300-100. */
export type Subject =
  | { readonly kind: 'file'; readonly uri: vscode.Uri }
  /** `folder`: where the experiment file will lie. */
  | { readonly kind: 'mnist'; readonly directory: vscode.Uri; readonly folder: vscode.Uri };

type Data = ExperimentFile['data'];

/** Asks what it must; undefined where the person left. */
export async function askForExperiment(subject: Subject): Promise<ExperimentFile | undefined> {
  const weights = subject.kind === 'file' ? await weightsOf(subject.uri) : lenetWeights;
  if (weights === undefined) return undefined;
  const data = subject.kind === 'file' ? await askForData(subject.uri) : idx(subject.directory, subject.folder);
  if (!data) return undefined;
  const length = await askForLength(weights, subject.kind === 'file' ? 2 : 1);
  if (!length) return undefined;
  const controls = await askForControls(weights, length, subject.kind === 'file' ? 3 : 2);
  if (!controls) return undefined;
  const name =
    subject.kind === 'file'
      ? toExperimentName(path.basename(path.dirname(subject.uri.fsPath)))
      : `lenet-${toExperimentName(path.basename(subject.directory.fsPath))}`;
  const model = subject.kind === 'file' ? path.basename(subject.uri.fsPath) : 'builtin:lenet-300-100';
  return newExperiment({ name, model, data, length, compare: controls.compare });
}

/** Writes `<name>.ticket.json` into a folder; a name that is taken there gets a number. */
export async function writeExperiment(folder: vscode.Uri, experiment: ExperimentFile): Promise<vscode.Uri> {
  const present = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name));
  const name = freeName(experiment.name, candidate => present.has(`${candidate}${experimentSuffix}`));
  const uri = vscode.Uri.joinPath(folder, `${name}${experimentSuffix}`);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(experimentText({ ...experiment, name })));
  return uri;
}

/** Folders of the window that hold the files of MNIST or a set in its form. */
export async function findMnist(): Promise<vscode.Uri[]> {
  const pattern = '**/train-images-idx3-ubyte{,.gz}';
  const files = await vscode.workspace.findFiles(pattern, searchExclude, maximumDataFolders);
  const folders = new Map(
    files.map(file => {
      const folder = vscode.Uri.joinPath(file, '..');
      return [folder.fsPath, folder] as const;
    }),
  );
  return [...folders.values()].sort((a, b) => a.fsPath.localeCompare(b.fsPath));
}

async function weightsOf(model: vscode.Uri): Promise<number | undefined> {
  let problem = 'it is no TensorFlow.js LayersModel, the kind that can be trained. Save one with model.save().';
  try {
    const weights = countWeights(await readBounded(model.fsPath, maximumModelBytes));
    if (weights !== null) return weights;
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  void vscode.window.showErrorMessage(`${path.basename(model.fsPath)} cannot be used as a model: ${problem}`);
  return undefined;
}

/** An idx folder as an experiment file beside it names it: relative where that stays within the folder, with forward slashes. */
function idx(directory: vscode.Uri, folder: vscode.Uri): Data {
  const relative = path.relative(folder.fsPath, directory.fsPath);
  const written = path.isAbsolute(relative) ? directory.fsPath : relative === '' ? '.' : relative;
  return { format: 'idx', directory: written.split(path.sep).join('/') };
}

async function askForData(model: vscode.Uri): Promise<Data | undefined> {
  const folder = vscode.Uri.joinPath(model, '..');
  const found = (await findMnist()).map(directory => ({
    label: '$(database) MNIST files',
    description: vscode.workspace.asRelativePath(directory),
    pick: (): Promise<Data | undefined> => Promise.resolve(idx(directory, folder)),
  }));
  const chosen = await vscode.window.showQuickPick(
    [
      ...found,
      {
        label: '$(edit) Built-in digits',
        description: '28 × 28, 10 classes; nothing to download',
        pick: (): Promise<Data | undefined> => Promise.resolve({ format: 'digits' }),
      },
      {
        label: '$(folder-opened) Choose a folder…',
        description: 'with the four MNIST file names, plain or .gz',
        pick: async (): Promise<Data | undefined> => {
          const [directory] =
            (await vscode.window.showOpenDialog({
              canSelectFolders: true,
              canSelectFiles: false,
              openLabel: 'Choose Data',
            })) ?? [];
          return directory && idx(directory, folder);
        },
      },
    ],
    { title: `${title} (1/3)`, placeHolder: 'Data to train on' },
  );
  return chosen?.pick();
}

async function askForLength(weights: number, step: number): Promise<(typeof lengths)[number] | undefined> {
  const chosen = await vscode.window.showQuickPick(
    lengths.map(length => ({
      label: length.label,
      description: `${cost(weights, length, 3)} on this machine with all controls`,
      detail: length.detail,
      length,
    })),
    { title: `${title} (${step}/${step + 1})`, placeHolder: 'How long to train' },
  );
  return chosen?.length;
}

async function askForControls(
  weights: number,
  length: (typeof lengths)[number],
  step: number,
): Promise<(typeof controlChoices)[number] | undefined> {
  const chosen = await vscode.window.showQuickPick(
    controlChoices.map(choice => ({
      label: choice.label,
      description: cost(weights, length, choice.compare.length),
      detail: choice.detail,
      choice,
    })),
    { title: `${title} (${step}/${step})`, placeHolder: 'What to compare the tickets with' },
  );
  return chosen?.choice;
}

function cost(
  weights: number,
  length: { readonly steps: number; readonly levels: number },
  comparisons: number,
): string {
  return durationInWords(
    estimateSeconds({
      weights,
      batchSize: 60,
      steps: length.steps,
      levels: length.levels,
      comparisons,
      replicates: 1,
      threads: Math.min(8, availableParallelism()),
    }),
  );
}
