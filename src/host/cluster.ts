/**
 * Experiments on a cluster: asks how far they are, by the command line, as long as something of them is there; submits,
 * cancels, shows logs. In trusted windows only: it starts programs.
 */
import { access, open } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { runCli } from './cliProcess';
import { pollMilliseconds, waitAfterSilence } from './clusterPatience';
import { clusterLogs, lacksSlurm, parseClusterStatus, type ClusterStatus } from './clusterStatus';
import { isExperimentFile } from './find';
import { refIn } from './refs';
import { isTrusted, storeOf, type Runner } from './runner';
import { experimentDirectory, readStatus, refKey, type ExperimentRef } from './store';
import type { StoreWatch } from './storeWatch';

/** The end of a log tells most. */
const mostLogBytes = 2 ** 20;
const logScheme = 'winning-ticket-log';
const optionsKey = 'winningTicket.sbatchOptions';
/** What a report says of an experiment of which nothing is on a cluster any more. */
const ended: ReadonlySet<string | null> = new Set(['done', 'failed', 'cancelled']);

export interface ClusterParts {
  /** The command line. */
  readonly script: string;
  readonly runner: Runner;
  readonly watch: StoreWatch;
  readonly memory: vscode.Memento;
  readonly log: vscode.LogOutputChannel;
}

export class Clusters implements vscode.Disposable {
  /** Those that were handed to a cluster, at work there or not. */
  private readonly submitted = new Map<string, ExperimentRef>();
  private readonly known = new Map<string, ClusterStatus>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** By experiment: how often in a row it was asked in vain. */
  private readonly silences = new Map<string, number>();
  /** Those that are being asked about now, and whether something has happened to them meanwhile. */
  private readonly asking = new Map<string, boolean>();
  private hasSaidThatSlurmIsMissing = false;
  private readonly emitter = new vscode.EventEmitter<ExperimentRef>();
  readonly onDidChange = this.emitter.event;
  private readonly stopped = new AbortController();
  private readonly disposables: { dispose(): unknown }[];

  constructor(private readonly parts: ClusterParts) {
    this.disposables = [
      this.emitter,
      parts.watch.onDidChange(({ ref, name, exists }) => {
        if (name !== 'cluster.json') return;
        if (!exists) {
          this.forget(ref);
          return;
        }
        this.note(ref);
        void this.askAnew(ref);
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.scan()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.scan()),
      vscode.workspace.registerTextDocumentContentProvider(logScheme, {
        provideTextDocumentContent: uri => endOfFile(uri.fsPath),
      }),
    ];
  }

  dispose(): void {
    this.stopped.abort();
    for (const timer of this.timers.values()) clearTimeout(timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Looks through the folders of the window. */
  async scan(): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const refs = await this.parts.watch.find('cluster.json');
    for (const ref of refs) this.note(ref);
    // each question is a process of its own
    for (const ref of refs) if (!ended.has(await readStatus(ref))) await this.askAnew(ref);
  }

  private note(ref: ExperimentRef): void {
    if (this.isSubmitted(ref)) return;
    this.submitted.set(refKey(ref), ref);
    this.emitter.fire(ref);
  }

  isSubmitted(ref: ExperimentRef): boolean {
    return this.submitted.has(refKey(ref));
  }

  /** How far it was when it was last asked; undefined where it is not on a cluster, or nobody knows. */
  of(ref: ExperimentRef): ClusterStatus | undefined {
    return this.known.get(refKey(ref));
  }

  async submit(argument: unknown): Promise<void> {
    if (!(await isTrusted())) return;
    const file = await this.fileFor(argument);
    if (!file) return;
    const { memory, script, log } = this.parts;
    const options = await vscode.window.showInputBox({
      title: 'Submit to SLURM',
      prompt: 'Options of sbatch by their long names, separated by spaces. Leave empty for those of the cluster.',
      placeHolder: '--partition=gpu --time=2:00:00 --cpus-per-task=8',
      value: memory.get(optionsKey, ''),
      validateInput: text => (wordsOf(text).every(word => word.startsWith('--')) ? null : 'Each begins with --'),
    });
    if (options === undefined) return;
    await memory.update(optionsKey, options);
    const store = storeOf(file);
    const argv = wordsOf(options).map(word => `--sbatch-option=${word}`);
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: 'Submitting to SLURM',
      cancellable: true,
    };
    const answer = await vscode.window.withProgress(progress, (_, token) => {
      const cancelled = new AbortController();
      token.onCancellationRequested(() => {
        cancelled.abort();
      });
      return runCli({
        script,
        arguments: ['submit', file.fsPath, '--cluster', 'slurm', '--store', store, ...argv],
        signal: AbortSignal.any([cancelled.signal, this.stopped.signal]),
      });
    });
    log.info(answer.trim());
    void vscode.window.showInformationMessage(answer.split('\n')[0]!.replace(/:$/, '.'));
    const ref = await this.parts.runner.refOfFile(file);
    // it is not there where nothing was missing
    if (!ref || !(await isThere(clusterPath(ref)))) return;
    this.note(ref);
    await this.askAnew(ref);
  }

  async cancel(argument: unknown): Promise<void> {
    const atWork = [...this.submitted.values()].filter(ref => this.of(ref)?.over === false);
    const ref = await this.choose(argument, atWork);
    if (!ref || !(await isTrusted())) return;
    const answer = await this.cli('cancel', ref);
    void vscode.window.showInformationMessage(answer.trim());
    await this.askAnew(ref);
  }

  async openLog(argument: unknown): Promise<void> {
    const ref = await this.choose(argument, [...this.submitted.values()]);
    if (!ref) return;
    if (!this.of(ref) && !(await isTrusted())) return;
    const status = this.of(ref) ?? (await this.status(ref));
    const logs = clusterLogs(ref, status);
    const chosen = await vscode.window.showQuickPick(logs, {
      title: `Logs of ${ref.name} on the cluster`,
      placeHolder: logs.length > 0 ? 'Which job' : 'No job has written anything yet',
    });
    if (!chosen) return;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(chosen.file).with({ scheme: logScheme }));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  /** As patient as at first: something has happened to it. */
  private askAnew(ref: ExperimentRef): Promise<void> {
    this.silences.delete(refKey(ref));
    return this.ask(ref);
  }

  /** A question is a process: one at a time of an experiment, whose file is written for each job that is submitted. */
  private async ask(ref: ExperimentRef): Promise<void> {
    const key = refKey(ref);
    if (this.asking.has(key)) {
      this.asking.set(key, true);
      return;
    }
    do {
      if (!vscode.workspace.isTrusted || !this.isFollowed(ref)) break;
      this.asking.set(key, false);
      await this.askOnce(ref);
    } while (this.asking.get(key));
    this.asking.delete(key);
  }

  private async askOnce(ref: ExperimentRef): Promise<void> {
    const key = refKey(ref);
    clearTimeout(this.timers.get(key));
    try {
      const { over } = await this.status(ref);
      this.silences.delete(key);
      if (!over) this.askLater(ref, pollMilliseconds);
    } catch (error) {
      if (!this.isFollowed(ref)) return;
      // a controller that is busy or is started anew answers later: what it said before holds until then
      const vain = (this.silences.get(key) ?? 0) + 1;
      this.silences.set(key, vain);
      const words = error instanceof Error ? error.message : String(error);
      const installed = !lacksSlurm(words);
      const wait = waitAfterSilence({ vain, known: this.known.has(key), installed });
      if (wait !== null) this.askLater(ref, wait);
      if (!installed) this.sayThatSlurmIsMissing(words);
      else this.parts.log.warn(`${ref.name} on the cluster: ${words}${wait === null ? ' (not asked again)' : ''}`);
    }
  }

  /** Once: it is the same for all experiments. */
  private sayThatSlurmIsMissing(words: string): void {
    if (this.hasSaidThatSlurmIsMissing) return;
    this.hasSaidThatSlurmIsMissing = true;
    this.parts.log.info(`Experiments on a cluster are not followed from here: ${words}`);
  }

  private async status(ref: ExperimentRef): Promise<ClusterStatus> {
    const status = parseClusterStatus(await this.cli('status', ref, '--json'));
    if (this.isFollowed(ref)) {
      this.known.set(refKey(ref), status);
      this.emitter.fire(ref);
    }
    return status;
  }

  private askLater(ref: ExperimentRef, milliseconds: number): void {
    if (!this.isFollowed(ref)) return;
    const key = refKey(ref);
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => void this.ask(ref), milliseconds),
    );
  }

  /** An answer may come after the window was closed, or the experiment deleted. */
  private isFollowed(ref: ExperimentRef): boolean {
    return !this.stopped.signal.aborted && this.isSubmitted(ref);
  }

  private forget(ref: ExperimentRef): void {
    const key = refKey(ref);
    clearTimeout(this.timers.get(key));
    this.silences.delete(key);
    this.submitted.delete(key);
    this.known.delete(key);
    this.emitter.fire(ref);
  }

  private cli(action: 'status' | 'cancel', ref: ExperimentRef, ...more: string[]): Promise<string> {
    const argv = ['cluster', action, ref.name, '--store', ref.store, ...more];
    return runCli({ script: this.parts.script, arguments: argv, signal: this.stopped.signal });
  }

  /** The experiment's file: of an item of the tree, of the explorer, or of the editor in front. */
  private async fileFor(argument: unknown): Promise<vscode.Uri | null> {
    const ref = refIn(argument);
    if (ref) return this.parts.runner.fileOf(ref);
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    if (uri && isExperimentFile(uri)) return uri;
    void vscode.window.showInformationMessage(
      'Open an experiment file (*.ticket.json) first, or choose an experiment.',
    );
    return null;
  }

  private async choose(argument: unknown, among: readonly ExperimentRef[]): Promise<ExperimentRef | null> {
    const given = refIn(argument);
    if (given) return given;
    const items = among.map(ref => ({ label: ref.name, ref }));
    const placeHolder = items.length > 0 ? 'Which experiment' : 'No experiment of this window is on a cluster';
    return (await vscode.window.showQuickPick(items, { placeHolder }))?.ref ?? null;
  }
}

/** @returns what to dispose of */
export function registerClusters(clusters: Clusters): vscode.Disposable {
  const commands: Readonly<Record<string, (argument: unknown) => Promise<void>>> = {
    submitToCluster: argument => clusters.submit(argument),
    cancelOnCluster: argument => clusters.cancel(argument),
    openClusterLog: argument => clusters.openLog(argument),
  };
  void clusters.scan();
  return vscode.Disposable.from(
    clusters,
    ...Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(`winningTicket.${name}`, async (argument?: unknown) => {
        try {
          await run(argument);
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          void vscode.window.showErrorMessage(`Winning Ticket: ${words}`);
        }
      }),
    ),
  );
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter(word => word !== '');

const clusterPath = (ref: ExperimentRef): string => path.join(experimentDirectory(ref), 'cluster.json');

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function endOfFile(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, mostLogBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const cut = size > length ? `… the last ${length} of ${size} bytes\n` : '';
    return cut + buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}
