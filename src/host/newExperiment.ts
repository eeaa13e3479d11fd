/** Three questions that make an experiment, e.g. which data, how long, which controls. Each has a good first answer. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { DataConfig } from '../shared/dataConfig';
import { usualControls, type Comparison } from '../shared/compareConfig';
import type { ExperimentFile } from '../shared/experiment';
import { askForData, confirmData, nameOf, type ChosenData, type DataQuestion, type FileModel } from './askData';
import { askForModel } from './askModel';
import { cost } from './cost';
import type { Describer } from './describeProcess';
import {
  controlChoices,
  experimentSuffix,
  experimentText,
  freeName,
  newExperiment,
  toExperimentName,
} from './experimentFiles';
import type { PreviewPanel } from './previewPanel';
import { lengths, presetLengths, validationOf, type Length } from './recipes';

const title = 'Find Winning Ticket';

/** What the experiment is about; `folder` is where its file will lie. */
export type Subject =
  | { readonly kind: 'file'; readonly uri: vscode.Uri; readonly folder: vscode.Uri }
  /** Data that was found, with absolute paths: the model is asked for. */
  | { readonly kind: 'data'; readonly config: DataConfig; readonly folder: vscode.Uri }
  /** A built-in model: the data is asked for, and what suits it after that. */
  | { readonly kind: 'builtin'; readonly folder: vscode.Uri };

export interface Asking {
  readonly describer: Describer;
  readonly preview: PreviewPanel;
}

/** What is answered so far. */
interface Answers {
  readonly name: string;
  readonly model: string;
  readonly data: ExperimentFile['data'];
  /** Of one example. */
  readonly multiplyAdds: number;
  readonly lengths: readonly Length[];
  /** Whether there are weights to start from. */
  readonly hasWeights: boolean;
  readonly loss: NonNullable<ExperimentFile['training']>['loss'];
}

interface Duration {
  readonly length: Length;
  readonly start: 'fresh' | 'file';
}

/** Asks what it must; undefined where the person left. */
export async function askForExperiment(subject: Subject, asking: Asking): Promise<ExperimentFile | undefined> {
  try {
    const answers = await (subject.kind === 'file' ? askAboutFile(subject, asking) : askForPreset(subject, asking));
    if (!answers) return undefined;
    // no more than three questions: whoever was asked for model and data gets all controls, and can take some from the file
    const withControls = subject.kind !== 'builtin';
    const chosen = await askForDuration(answers, withControls ? '2/3' : '3/3');
    const compare = chosen && (withControls ? await askForControls(answers, chosen.length) : usualControls);
    if (!compare) return undefined;
    return experimentOf(answers, chosen, compare);
  } finally {
    asking.preview.dispose();
  }
}

function experimentOf(answers: Answers, { length, start }: Duration, compare: readonly Comparison[]): ExperimentFile {
  const { name, model, data, hasWeights, loss } = answers;
  const { training } = length.recipe;
  const recipe = loss === undefined ? length.recipe : { ...length.recipe, training: { ...training, loss } };
  return newExperiment({ name, model, data, recipe, compare, ...(hasWeights && { start }) });
}

/** Writes `<name>.ticket.json` into a folder; a name that is taken there gets a number. */
export async function writeExperiment(folder: vscode.Uri, experiment: ExperimentFile): Promise<vscode.Uri> {
  const present = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name));
  const name = freeName(experiment.name, candidate => present.has(`${candidate}${experimentSuffix}`));
  const uri = vscode.Uri.joinPath(folder, `${name}${experimentSuffix}`);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(experimentText({ ...experiment, name })));
  return uri;
}

async function askAboutFile(
  { uri, folder }: Extract<Subject, { kind: 'file' }>,
  asking: Asking,
): Promise<Answers | undefined> {
  const file = await describeFile(uri, folder, asking.describer);
  if (!file) return undefined;
  const chosen = await askForData({ ...asking, folder, model: file, title: `${title} (1/3)` });
  if (!chosen?.model) return undefined;
  const { data, model } = chosen;
  return {
    name: toExperimentName(`${nameOfModel(uri)}-${nameWithoutEnding(data.config, folder)}`),
    model: file.spec,
    data: data.config,
    multiplyAdds: model.multiplyAdds,
    lengths,
    hasWeights: model.hasWeights,
    loss: data.task === 'regression' || model.loss === 'mean-squared-error' ? 'mean-squared-error' : undefined,
  };
}

const nameWithoutEnding = (config: DataConfig, folder: vscode.Uri): string =>
  nameOf(config, folder).replace(/(\.(csv|tsv|npz|npy|parquet|safetensors))?(\.gz)?$/i, '');

/** `model.json` is called so in every folder, so that is what tells one from another. */
function nameOfModel({ fsPath }: vscode.Uri): string {
  const { name } = path.parse(fsPath);
  return name === 'model' ? path.basename(path.dirname(fsPath)) : name;
}

/** Undefined where it is no model to train, which is said. */
async function describeFile(uri: vscode.Uri, folder: vscode.Uri, describer: Describer): Promise<FileModel | undefined> {
  const name = path.basename(uri.fsPath);
  const progress = { location: vscode.ProgressLocation.Notification, title: `Looking at ${name}…` };
  try {
    const { model } = await vscode.window.withProgress(progress, () =>
      describer.ask({ type: 'model', spec: name, folder: folder.fsPath, data: null }),
    );
    return { spec: name, name, description: model };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const short = reason.replaceAll(`${folder.fsPath}${path.sep}`, '');
    void vscode.window.showErrorMessage(
      short.startsWith(name) ? `No model to train: ${short}` : `${name} cannot be used as a model: ${short}`,
    );
    return undefined;
  }
}

async function askForPreset(
  subject: Extract<Subject, { kind: 'data' | 'builtin' }>,
  asking: Asking,
): Promise<Answers | undefined> {
  const { folder } = subject;
  const isKnown = subject.kind === 'data';
  const question: DataQuestion = { ...asking, folder, model: null, title: `${title} (1/3)` };
  const chosen: ChosenData | undefined = await (isKnown ? confirmData(question, subject.config) : askForData(question));
  const picked = chosen && (await askForModel(chosen.data, asking.describer, `${title} (${isKnown ? '1/3' : '2/3'})`));
  if (!picked) return undefined;
  const { data } = chosen;
  const { preset, facts } = picked;
  const validation = validationOf(preset, data);
  const examples = validation === undefined ? data.splits.training : data.training - validation;
  const short = preset.model.replace(/^builtin:/, '');
  return {
    name: toExperimentName(`${short}-${nameWithoutEnding(data.config, folder)}`),
    model: preset.model,
    data: { ...data.config, ...(validation !== undefined && { validation }) },
    multiplyAdds: facts.multiplyAdds,
    lengths: presetLengths(preset, examples),
    hasWeights: false,
    loss: data.task === 'regression' ? 'mean-squared-error' : undefined,
  };
}

/** How long, and where there are weights in the file, from which start. */
async function askForDuration(answers: Answers, step: string): Promise<Duration | undefined> {
  type Item = vscode.QuickPickItem & Partial<Duration>;
  const of = (start: Duration['start']): Item[] =>
    answers.lengths.map(length => ({
      label: length.label,
      description: `${cost(answers.multiplyAdds, length, usualControls.length)} on this machine with all controls`,
      detail: length.detail,
      length,
      start,
    }));
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const items = answers.hasWeights
    ? [
        separator('from new weights'),
        ...of('fresh'),
        separator('from the weights in the file'),
        ...of('file').map(item => ({ ...item, label: `${item.label}, from the file` })),
      ]
    : of('fresh');
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} (${step})`,
    placeHolder: answers.hasWeights
      ? 'How long to train, from new weights drawn anew or on from what the file has learnt'
      : 'How long to train',
    ignoreFocusOut: true,
  });
  return chosen?.length && chosen.start && { length: chosen.length, start: chosen.start };
}

async function askForControls(answers: Answers, length: Length): Promise<readonly Comparison[] | undefined> {
  const chosen = await vscode.window.showQuickPick(
    controlChoices.map(({ label, detail, compare }) => ({
      label,
      description: cost(answers.multiplyAdds, length, compare.length),
      detail,
      compare,
    })),
    { title: `${title} (3/3)`, placeHolder: 'What to compare with', ignoreFocusOut: true },
  );
  return chosen?.compare;
}
