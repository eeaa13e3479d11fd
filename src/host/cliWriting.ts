/** Files that the command line writes for a person who watches and can cancel. */
import path from 'node:path';
import * as vscode from 'vscode';
import { runCli } from './cliProcess';

export interface Writing {
  readonly script: string;
  readonly log: vscode.LogOutputChannel;
  readonly out: vscode.Uri;
  /** "Exporting": stands before the name of the file. */
  readonly title: string;
  /** @param exists whether there is such a file, which the dialog has asked already whether to replace */
  readonly arguments: (exists: boolean) => readonly string[];
}

/**
 * @returns false where the person cancelled
 * @throws Error with what the command line said
 */
export async function writeByCli({ script, log, out, title, arguments: argumentsFor }: Writing): Promise<boolean> {
  const exists = await vscode.workspace.fs.stat(out).then(
    () => true,
    () => false,
  );
  const argv = argumentsFor(exists);
  log.info(`${title}: ${argv.join(' ')}`);
  const controller = new AbortController();
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `${title} ${path.basename(out.fsPath)}`,
    cancellable: true,
  };
  try {
    await vscode.window.withProgress(options, (_, token) => {
      token.onCancellationRequested(() => {
        controller.abort(new DOMException('Cancelled.', 'AbortError'));
      });
      return runCli({ script, arguments: argv, signal: controller.signal });
    });
    return true;
  } catch (error) {
    if (controller.signal.aborted) return false;
    throw error;
  }
}
