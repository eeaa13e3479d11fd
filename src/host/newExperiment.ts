/** Three questions that make an experiment, e.g. which model, how long, which controls. Each has a good first answer. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Preset } from '../models/presets';
import { comparisons, type Comparison, type DataConfig, type ExperimentFile } from '../shared/experiment';
import { chooseDataFolder, dataConfig, dataLabels, findDataFolders, folderHint, type DataFolder } from './dataFolders';
import { countWeights, durationInWords, estimateSeconds } from './estimate';
import {
  controlChoices,
  experimentSuffix,
  experimentText,
  freeName,
  newExperiment,
  toExperimentName,
} from './experimentFiles';
import { groupOf, lengths, multiplyAdds, presetLengths, presetsFor, type Length } from './recipes';
import { readBounded } from './store';

const title = 'Find Winning Ticket';
const maximumModelBytes = 64 * 1024 * 1024;
const defaultBatchSize = 60;

/** What the experiment is about; `folder` is where its file will lie. */
export type Subject =
  | { readonly kind: 'file'; readonly uri: vscode.Uri; readonly folder: vscode.Uri }
  /** Data that was found: the model is asked for. */
  | { readonly kind: 'data'; readonly data: DataFolder; readonly folder: vscode.Uri }
  /** A built-in model: asked for, and the data after it. */
  | { readonly kind: 'builtin'; readonly folder: vscode.Uri };

/** What is answered so far, and where. */
interface Answers {
  readonly name: string;
  readonly model: string;
  readonly data: ExperimentFile['data'];
  /** Of one example. */
  readonly multiplyAdds: number;
  readonly lengths: readonly Length[];
}

/** Asks what it must; undefined where the person left. */
export async function askForExperiment(subject: Subject): Promise<ExperimentFile | undefined> {
  const answers = await (subject.kind === 'file' ? askAboutFile(subject) : askForPreset(subject));
  if (!answers) return undefined;
  // no more than three questions: whoever was asked for model and data gets all controls, and can take some from the file
  const withControls = subject.kind !== 'builtin';
  const length = await askForLength(answers, withControls ? '2/3' : '3/3');
  const compare = length && (withControls ? await askForControls(answers, length) : comparisons);
  if (!compare) return undefined;
  const { name, model, data } = answers;
  return newExperiment({ name, model, data, recipe: length.recipe, compare });
}

/** Writes `<name>.ticket.json` into a folder; a name that is taken there gets a number. */
export async function writeExperiment(folder: vscode.Uri, experiment: ExperimentFile): Promise<vscode.Uri> {
  const present = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name));
  const name = freeName(experiment.name, candidate => present.has(`${candidate}${experimentSuffix}`));
  const uri = vscode.Uri.joinPath(folder, `${name}${experimentSuffix}`);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(experimentText({ ...experiment, name })));
  return uri;
}

async function askAboutFile({ uri, folder }: Extract<Subject, { kind: 'file' }>): Promise<Answers | undefined> {
  const weights = await weightsOf(uri);
  if (weights === undefined) return undefined;
  const data = await askForData(undefined, '1/3');
  if (!data) return undefined;
  return {
    name: toExperimentName(path.basename(path.dirname(uri.fsPath))),
    model: path.basename(uri.fsPath),
    data: data === 'digits' ? { format: 'digits' } : dataConfig(data, folder),
    multiplyAdds: weights,
    lengths,
  };
}

async function askForPreset(subject: Extract<Subject, { kind: 'data' | 'builtin' }>): Promise<Answers | undefined> {
  const known = subject.kind === 'data' ? subject.data : undefined;
  const preset = await askForModel(known?.format);
  const data = preset && (known ?? (await askForData(preset, '2/3')));
  if (!data) return undefined;
  const short = preset.model.replace(/^builtin:/, '');
  const place = data === 'digits' ? 'digits' : toExperimentName(path.basename(data.directory.fsPath));
  return {
    name: `${short}-${place}`,
    model: preset.model,
    data: data === 'digits' ? { format: 'digits' } : dataConfig(data, subject.folder, preset.data.validation),
    multiplyAdds: multiplyAdds[preset.model]!,
    lengths: presetLengths(preset, data === 'digits' ? 'digits' : data.format),
  };
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

/** @param format of the data, where it is known: the models whose recipe is made for it */
async function askForModel(format: DataConfig['format'] | undefined): Promise<Preset | undefined> {
  type Item = vscode.QuickPickItem & { readonly preset?: Preset };
  const items: Item[] = [];
  for (const group of ['dense', 'convolutional'] as const) {
    const offered = presetsFor(format).filter(preset => groupOf(preset) === group);
    if (offered.length > 0) items.push({ label: group, kind: vscode.QuickPickItemKind.Separator });
    for (const preset of offered) {
      const { label, description, detail } = preset;
      items.push({ label, description, detail: `${detail}; ${wholeRecipe(preset)}`, preset });
    }
  }
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} (1/3)`,
    placeHolder: 'Model to look for tickets in',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.preset;
}

/** "about 3 days without controls": people should know before they choose. */
function wholeRecipe(preset: Preset): string {
  const whole = presetLengths(preset, preset.data.format).at(-1)!;
  return `${cost({ multiplyAdds: multiplyAdds[preset.model]! }, whole, 0)} without controls`;
}

/** @param preset whose recipe the data must suit; left out: any */
async function askForData(preset: Preset | undefined, step: string): Promise<DataFolder | 'digits' | undefined> {
  type Item = vscode.QuickPickItem & { readonly pick: () => Promise<DataFolder | 'digits' | undefined> };
  const wanted = preset?.data.format;
  const found = (await findDataFolders()).filter(({ format }) => wanted === undefined || format === wanted);
  const items: Item[] = found.map(data => ({
    label: `$(database) ${dataLabels[data.format]}`,
    description: vscode.workspace.asRelativePath(data.directory),
    pick: () => Promise.resolve(data),
  }));
  if (wanted !== 'cifar10') {
    items.push({
      label: '$(edit) Built-in digits',
      description: '28 × 28, 10 classes; nothing to download',
      pick: () => Promise.resolve('digits'),
    });
  }
  items.push({
    label: '$(folder-opened) Choose a folder…',
    description: folderHint(wanted),
    pick: () => chooseDataFolder(wanted),
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} (${step})`,
    placeHolder: 'Data to train on',
  });
  return chosen?.pick();
}

async function askForLength(answers: Answers, step: string): Promise<Length | undefined> {
  const chosen = await vscode.window.showQuickPick(
    answers.lengths.map(length => ({
      label: length.label,
      description: `${cost(answers, length, comparisons.length)} on this machine with all controls`,
      detail: length.detail,
      length,
    })),
    { title: `${title} (${step})`, placeHolder: 'How long to train' },
  );
  return chosen?.length;
}

async function askForControls(answers: Answers, length: Length): Promise<readonly Comparison[] | undefined> {
  const chosen = await vscode.window.showQuickPick(
    controlChoices.map(({ label, detail, compare }) => ({
      label,
      description: cost(answers, length, compare.length),
      detail,
      compare,
    })),
    { title: `${title} (3/3)`, placeHolder: 'What to compare the tickets with' },
  );
  return chosen?.compare;
}

function cost(model: Pick<Answers, 'multiplyAdds'>, { steps, levels, recipe }: Length, controls: number): string {
  return durationInWords(
    estimateSeconds({
      multiplyAdds: model.multiplyAdds,
      batchSize: recipe.training?.batchSize ?? defaultBatchSize,
      steps,
      levels,
      comparisons: controls,
      replicates: 1,
      threads: Math.min(8, availableParallelism()),
    }),
  );
}
