/** Which data to train on: what is there, what it holds, whether the model takes it, and a sample before anything starts. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { DataConfig } from '../shared/dataConfig';
import type { DataDescription, ModelDescription } from '../shared/describeMessages';
import { placeOf, withPaths, writtenFrom } from './dataSearch';
import { dataInWords, formatNames, modelInWords, takesInWords } from './dataWords';
import type { Describer } from './describeProcess';
import { chooseDataFile, chooseDataFolder, findData } from './findData';
import type { PreviewPanel } from './previewPanel';

/** A model from a file, as an experiment in `folder` names it. */
export interface FileModel {
  readonly spec: string;
  readonly name: string;
  readonly description: ModelDescription;
}

export interface DataQuestion {
  readonly describer: Describer;
  readonly preview: PreviewPanel;
  /** Where the experiment file will lie. */
  readonly folder: vscode.Uri;
  /** null: a built-in model is chosen later, and fitted to the data. */
  readonly model: FileModel | null;
  readonly title: string;
}

export interface ChosenData {
  readonly data: DataDescription;
  /** On this data; null: it is chosen later. */
  readonly model: ModelDescription | null;
}

const digits: DataConfig = { format: 'digits', training: 10_000, test: 2_000 };

/** Undefined where the person left. */
export async function askForData(question: DataQuestion): Promise<ChosenData | undefined> {
  let found: readonly DataConfig[] = await findData();
  for (;;) {
    const picked = await pick(question, found);
    if (picked === undefined) return undefined;
    if (Array.isArray(picked)) {
      found = picked;
      continue;
    }
    const chosen = await confirm(question, picked, true);
    if (chosen !== 'other') return chosen;
  }
}

/** Shows a sample of data that are chosen already; undefined where the person left, or where it cannot be used, which is said. */
export async function confirmData(question: DataQuestion, config: DataConfig): Promise<ChosenData | undefined> {
  const chosen = await confirm(question, withPaths(config, writtenFrom(question.folder.fsPath)), false);
  return chosen === 'other' ? undefined : chosen;
}

/** @returns data with paths as written, or others to choose from, found where the person pointed at */
async function pick(
  question: DataQuestion,
  found: readonly DataConfig[],
): Promise<DataConfig | DataConfig[] | undefined> {
  type Item = vscode.QuickPickItem & { readonly take: () => Promise<DataConfig | DataConfig[] | undefined> };
  for (;;) {
    const chosen = await vscode.window.showQuickPick<vscode.QuickPickItem | Item>(listed(question, found), {
      title: question.title,
      placeHolder: question.model
        ? `Data to train ${question.model.name} on: it takes ${takesInWords(question.model.description)}`
        : 'Data to train on',
      matchOnDescription: true,
      matchOnDetail: true,
      ignoreFocusOut: true,
    });
    if (!chosen || !('take' in chosen)) return undefined;
    const taken = await chosen.take();
    if (taken !== undefined) return taken;
  }

  async function listed(
    { model }: DataQuestion,
    configs: readonly DataConfig[],
  ): Promise<(vscode.QuickPickItem | Item)[]> {
    const looked = await Promise.all(configs.map(config => look(question, config)));
    const builtIn: Item = {
      label: '$(edit) Built-in digits',
      description: '28×28 grey images · 10 classes · nothing to download',
      take: () => Promise.resolve(digits),
    };
    const usable = looked.flatMap(({ config, data, misfit }) => (data && misfit === null ? [{ config, data }] : []));
    const useless = looked.filter(({ misfit }) => misfit !== null);
    const takesDigits = model === null || !(await misfitOf(question, digits));
    return [
      ...usable.map(({ config, data }): Item => ({
        ...labelOf(config),
        detail: dataInWords(data),
        // as it was found: the preview is to say again what is left out of it
        take: () => Promise.resolve(withPaths(config, writtenFrom(question.folder.fsPath))),
      })),
      ...(takesDigits ? [builtIn] : []),
      { label: '$(folder-opened) Choose a folder…', take: chooseDataFolder },
      { label: '$(file) Choose a file…', description: 'CSV, NumPy, Parquet', take: chooseDataFile },
      ...(useless.length > 0 ? [separator('found, but cannot be used')] : []),
      ...useless.map(({ config, misfit }): Item => ({
        ...labelOf(config, '$(circle-slash)'),
        detail: misfit!,
        take: async () => {
          await vscode.window.showErrorMessage(`${path.basename(placeOf(config))} cannot be used: ${misfit!}`);
          return undefined;
        },
      })),
    ];
  }
}

const separator = (label: string): vscode.QuickPickItem => ({ label, kind: vscode.QuickPickItemKind.Separator });

/** @param config with absolute paths */
function labelOf(
  config: DataConfig,
  icon = config.format === 'images' ? '$(file-media)' : '$(database)',
): { label: string; description: string } {
  const place = vscode.Uri.file(placeOf(config));
  const folder = vscode.Uri.joinPath(place, '..');
  const isRoot = vscode.workspace.workspaceFolders?.some(({ uri }) => uri.fsPath === folder.fsPath) ?? false;
  const where = isRoot ? '' : ` · ${vscode.workspace.asRelativePath(folder)}`;
  return { label: `${icon} ${path.basename(place.fsPath)}`, description: `${formatNames[config.format]}${where}` };
}

/** @param folder that its paths are relative to, if they are */
export const nameOf = (config: DataConfig, folder: vscode.Uri): string =>
  path.basename(path.resolve(folder.fsPath, placeOf(config)));

interface Looked {
  /** With absolute paths. */
  readonly config: DataConfig;
  readonly data: DataDescription | null;
  /** Why it cannot be used. */
  readonly misfit: string | null;
}

async function look(question: DataQuestion, config: DataConfig): Promise<Looked> {
  const { folder } = question;
  const written = withPaths(config, writtenFrom(folder.fsPath));
  try {
    const data = await described(question, written, false);
    return { config, data, misfit: await misfitOf(question, written, data) };
  } catch (error) {
    return { config, data: null, misfit: shortened(error, question, config) };
  }
}

/** Why the model cannot be trained on the data; null where it can, or is chosen later. */
async function misfitOf(question: DataQuestion, config: DataConfig, known?: DataDescription): Promise<string | null> {
  if (!question.model) return null;
  try {
    const { data } = known ?? (await described(question, config, false));
    await modelOn(question, question.model, data);
    return null;
  } catch (error) {
    return shortened(error, question, config);
  }
}

async function described(
  { describer, folder, model }: DataQuestion,
  config: DataConfig,
  sample: boolean,
): Promise<DataDescription> {
  const wanted = model?.description.fixedShape === true ? model.description.data.inputShape : null;
  return (await describer.ask({ type: 'data', config, folder: folder.fsPath, wanted, sample })).data;
}

async function modelOn(
  { describer, folder }: DataQuestion,
  { spec }: FileModel,
  data: DataDescription['data'],
): Promise<ModelDescription> {
  return (await describer.ask({ type: 'model', spec, folder: folder.fsPath, data })).model;
}

async function confirm(
  question: DataQuestion,
  config: DataConfig,
  others: boolean,
): Promise<ChosenData | 'other' | undefined> {
  const { preview, folder, model: file } = question;
  try {
    const data = await described(question, config, true);
    const model = file && (await modelOn(question, file, data.data));
    const answer = await preview.show({
      name: nameOf(config, folder),
      facts: [formatNames[config.format], dataInWords(data)].join(' · '),
      data,
      model: file && model && { name: file.name, facts: modelFacts(model) },
      others,
    });
    if (answer === 'other') return 'other';
    return answer === 'continue' ? { data, model } : undefined;
  } catch (error) {
    void vscode.window.showErrorMessage(
      `${nameOf(config, folder)} cannot be used: ${shortened(error, question, config)}`,
    );
    return others ? 'other' : undefined;
  }
}

function modelFacts(model: ModelDescription): string[] {
  const only = model.tensorflowOnly === null ? [] : [`trains on TensorFlow only: ${model.tensorflowOnly}`];
  return [model.format, modelInWords(model), ...only];
}

/** Full paths are for terminals; that of the data itself stands before the message already. */
function shortened(error: unknown, { folder }: DataQuestion, config: DataConfig): string {
  const message = error instanceof Error ? error.message : String(error);
  const place = path.resolve(folder.fsPath, placeOf(config));
  const own = message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
  return own.replaceAll(place + path.sep, '').replaceAll(folder.fsPath + path.sep, '');
}
