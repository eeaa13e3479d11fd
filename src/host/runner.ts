/** From an experiment file to a job at work, with everything checked that can be checked before a process starts. */
import path from 'node:path';
import * as vscode from 'vscode';
import { ExperimentError, type ParsedExperiment } from '../shared/experiment';
import { parseExperiment } from '../shared/parse';
import { placeOfField } from './experimentFiles';
import type { JobService } from './jobService';
import type { StoreQueues } from './storeQueues';
import { isAtWork, refKey, storeName, type ExperimentRef } from './store';
import { pagesLoaded } from './webviews';

const filesKey = 'winningTicket.files';
const maximumFiles = 500;

export const ticketPattern = '**/*.ticket.json';
export const searchExclude = `**/{node_modules,${storeName}}/**`;

/** How long the work waits for its panel to be there. */
const panelMilliseconds = 5_000;

export class Runner {
  constructor(
    private readonly jobs: JobService,
    private readonly queues: StoreQueues,
    private readonly memory: vscode.Memento,
    private readonly show: (ref: ExperimentRef) => void,
  ) {}

  /**
   * Starts the experiment of a file and shows its panel; where its store is at work on another, it waits for its turn.
   * What prevents it is said; false then.
   */
  async run(uri: vscode.Uri, turn: 'first' | 'last' = 'last'): Promise<boolean> {
    if (!(await isTrusted())) return false;
    if (uri.scheme !== 'file') {
      void vscode.window.showErrorMessage(
        `Winning Ticket trains on files of this machine, and ${uri.path} is not one (${uri.scheme}:). Save it in a folder first.`,
      );
      return false;
    }
    const document = await vscode.workspace.openTextDocument(uri);
    if (document.isDirty && !(await document.save())) return false;
    const experiment = await this.parse(document);
    if (!experiment) return false;
    const ref = { store: storeOf(uri), name: experiment.name };
    await this.remember(ref, uri.fsPath);
    this.show(ref);
    if (this.jobs.get(ref)) return true;
    await this.queues.watch(ref.store);
    if (await this.queues.isTaken(ref.store)) {
      // what another process does already is followed, not done twice
      if (!(await isAtWork(ref, Date.now()))) await this.queues.add(ref, uri.fsPath, turn);
      return true;
    }
    await this.queues.startNow(ref, uri.fsPath);
    return true;
  }

  /** Whatever the queue says. */
  begin(ref: ExperimentRef, file: string): void {
    // training takes every core: a page that loads for the first time would wait for most of a minute
    this.jobs.start(file, ref, pagesLoaded(panelMilliseconds));
  }

  /** The experiment a file describes; null where it is not valid. */
  async refOfFile(uri: vscode.Uri): Promise<ExperimentRef | null> {
    try {
      const document = await vscode.workspace.openTextDocument(uri);
      return { store: storeOf(uri), name: parseExperiment(document.getText(), uri.fsPath).name };
    } catch {
      return null;
    }
  }

  /** The file an experiment was started from, or one in the window that has its name. */
  async fileOf(ref: ExperimentRef): Promise<vscode.Uri | null> {
    const known = this.jobs.get(ref)?.file ?? this.remembered()[refKey(ref)];
    if (typeof known === 'string' && (await this.describes(vscode.Uri.file(known), ref))) return vscode.Uri.file(known);
    for (const uri of await vscode.workspace.findFiles(ticketPattern, searchExclude, maximumFiles)) {
      if (await this.describes(uri, ref)) return uri;
    }
    return null;
  }

  private async describes(uri: vscode.Uri, ref: ExperimentRef): Promise<boolean> {
    return (await this.refOfFile(uri))?.name === ref.name;
  }

  private async parse(document: vscode.TextDocument): Promise<ParsedExperiment | null> {
    try {
      return parseExperiment(document.getText(), document.uri.fsPath);
    } catch (error) {
      if (!(error instanceof ExperimentError)) throw error;
      await this.showError(error.message, document.uri, error.field);
      return null;
    }
  }

  /** An error of an experiment file: says it and offers to open the file at the field. */
  async showError(message: string, uri: vscode.Uri, field: string): Promise<void> {
    const open = 'Open Experiment File';
    const name = path.basename(uri.fsPath);
    // the full path is for terminals; here the name will do, and must be there
    const short = message.replaceAll(path.dirname(uri.fsPath) + path.sep, '');
    const text = short.includes(name) ? short : `${name}: ${short}`;
    if ((await vscode.window.showErrorMessage(text, open)) !== open) return;
    const document = await vscode.workspace.openTextDocument(uri);
    const place = placeOfField(document.getText(), field);
    const selection = place
      ? new vscode.Range(document.positionAt(place.offset), document.positionAt(place.offset + place.length))
      : new vscode.Range(0, 0, 0, 0);
    await vscode.window.showTextDocument(document, { selection });
  }

  private remembered(): Readonly<Record<string, unknown>> {
    return this.memory.get<Record<string, unknown>>(filesKey, {});
  }

  private async remember(ref: ExperimentRef, file: string): Promise<void> {
    await this.memory.update(filesKey, { ...this.remembered(), [refKey(ref)]: file });
  }
}

/** Each workspace folder has one store; a file outside of all has one beside it. */
export function storeOf(uri: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  return path.join(folder?.uri.fsPath ?? path.dirname(uri.fsPath), storeName);
}

/** Whether the window may run anything; says why where it may not. */
export async function isTrusted(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = 'Manage Trust';
  const answer = await vscode.window.showWarningMessage(
    'Winning Ticket runs experiments only in a folder you trust: a run reads the files that the experiment names and writes its results beside them.',
    manage,
  );
  if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}
