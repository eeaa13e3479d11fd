/** "Prune a Copy…": asks how, how much and where to, and lets the command line do it in a process of its own. */
import path from 'node:path';
import * as vscode from 'vscode';
import { writeByCli } from '../cliWriting';
import { copyPath, densities, pruneArguments, pruneMethods, readDensity, type PruneMethod } from './pruneChoices';
import { isTrusted } from '../runner';

const title = 'Prune a Copy';
/** The page that asked takes the focus back when the first list closes, which would close the second. */
const stay = { ignoreFocusOut: true } as const;

export class PruneCopy {
  constructor(
    private readonly script: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** @returns the copy; undefined where the person left or cancelled */
  async ask(file: vscode.Uri): Promise<vscode.Uri | undefined> {
    const name = path.posix.basename(file.path);
    if (file.scheme !== 'file') {
      throw new Error(`${name} lies on a virtual file system (${file.scheme}): copy it to this machine to prune it.`);
    }
    if (!(await isTrusted())) return undefined;
    const method = await askForMethod();
    if (!method) return undefined;
    const density = method.fixed ? null : await askForDensity();
    if (density === undefined) return undefined;
    const proposed = copyPath(file.fsPath, method, density);
    const out = await vscode.window.showSaveDialog({
      title: `${title} of ${name}: the original stays as it is`,
      saveLabel: 'Write Copy',
      defaultUri: vscode.Uri.file(proposed),
    });
    if (!out) return undefined;
    if (out.scheme !== 'file') throw new Error('A copy can be written only to a folder of this machine.');
    if (path.resolve(out.fsPath) === path.resolve(file.fsPath)) {
      throw new Error(`${name} is the original, which is never written to: name another file.`);
    }
    return this.write(file.fsPath, out, method, density);
  }

  private async write(
    file: string,
    out: vscode.Uri,
    method: PruneMethod,
    density: number | null,
  ): Promise<vscode.Uri | undefined> {
    await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(out, '..'));
    const written = await writeByCli({
      script: this.script,
      log: this.log,
      out,
      title: 'Writing',
      arguments: exists => pruneArguments(file, out.fsPath, method, density, exists),
    });
    return written ? out : undefined;
  }
}

async function askForMethod(): Promise<PruneMethod | undefined> {
  const chosen = await vscode.window.showQuickPick(
    pruneMethods.map(method => ({ ...method, method })),
    { ...stay, title: `${title} (1/3)`, placeHolder: 'Which weights go', matchOnDescription: true },
  );
  return chosen?.method;
}

async function askForDensity(): Promise<number | undefined> {
  type Item = vscode.QuickPickItem & { readonly density: number | null };
  const items: Item[] = densities.map(density => ({
    label: `${density} % stay`,
    description: `${100 - density} % sparsity`,
    density,
  }));
  items.push({ label: 'Another share…', density: null });
  const chosen = await vscode.window.showQuickPick(items, {
    ...stay,
    title: `${title} (2/3)`,
    placeHolder: 'How much stays',
  });
  if (!chosen || chosen.density !== null) return chosen?.density ?? undefined;
  const typed = await vscode.window.showInputBox({
    ...stay,
    title: `${title} (2/3)`,
    prompt: 'Percent of the prunable weights that stay',
    value: '10',
    validateInput: text => {
      const read = readDensity(text);
      return typeof read === 'string' ? read : undefined;
    },
  });
  const read = typed === undefined ? undefined : readDensity(typed);
  return typeof read === 'number' ? read : undefined;
}
