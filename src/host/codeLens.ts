/** ▶ at the top of experiment files. */
import * as vscode from 'vscode';
import type { ExperimentIndex } from './experimentIndex';
import type { JobService } from './jobService';
import type { Runner } from './runner';

export class ExperimentLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.emitter.event;
  private readonly disposables: { dispose(): unknown }[];

  constructor(
    private readonly jobs: JobService,
    private readonly index: ExperimentIndex,
    private readonly runner: Runner,
  ) {
    this.disposables = [
      this.emitter,
      vscode.languages.registerCodeLensProvider({ pattern: '**/*.ticket.json' }, this),
      jobs.onEvent(({ type }) => {
        if (type === 'started' || type === 'report' || type === 'ended') this.emitter.fire();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const lens = (title: string, command: string, argument: unknown): vscode.CodeLens =>
      new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title, command, arguments: [argument] });
    const ref = await this.runner.refOfFile(document.uri);
    const running = ref !== null && this.jobs.get(ref) !== undefined;
    const lenses = [
      running
        ? lens('$(debug-stop) Cancel', 'winningTicket.cancel', ref)
        : lens('$(play) Find winning ticket', 'winningTicket.find', document.uri),
    ];
    if (ref && (running || this.index.entry(ref).report)) {
      lenses.push(lens('$(graph-line) Show report', 'winningTicket.openPanel', ref));
    }
    return lenses;
  }
}
