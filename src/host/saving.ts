/** Files that a person asks for: where to is asked, and what is written is there whole or not at all. */
import path from 'node:path';
import * as vscode from 'vscode';

const kindNames: Readonly<Record<string, string>> = {
  svg: 'SVG picture',
  png: 'PNG picture',
  csv: 'Table (CSV)',
  html: 'HTML page',
};

/**
 * Asks where to and writes.
 * @param name without its extension
 * @param folder where the dialog begins
 * @param content made only once a place has been chosen
 * @returns where it was written; null where nobody wanted it
 */
export async function saveFile(
  name: string,
  kind: string,
  folder: string,
  content: () => Uint8Array | Promise<Uint8Array>,
): Promise<vscode.Uri | null> {
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(path.join(folder, `${name}.${kind}`)),
    filters: { [kindNames[kind] ?? kind]: [kind] },
    title: 'Winning Ticket',
  });
  if (!target) return null;
  await writeWhole(target, await content());
  vscode.window.setStatusBarMessage(`Saved ${path.basename(target.path)}`, 4000);
  return target;
}

/** Under a temporary name in the same folder, then renamed. */
async function writeWhole(target: vscode.Uri, bytes: Uint8Array): Promise<void> {
  const { fs } = vscode.workspace;
  const temporary = target.with({ path: `${target.path}.${process.pid}.tmp` });
  try {
    await fs.writeFile(temporary, bytes);
    await fs.rename(temporary, target, { overwrite: true });
  } catch (error) {
    await Promise.resolve(fs.delete(temporary)).catch(() => undefined);
    throw new Error(`${target.fsPath} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
