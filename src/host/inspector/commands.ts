/** The inspector's commands: inspect, compare, copy, prune a copy. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { CopyFormat } from '../../shared/inspectorView';
import { activeUri } from '../find';
import { searchExclude } from '../runner';
import type { ComparisonPanels } from './comparisons';
import { viewTypes, type InspectorEditors } from './editors';
import { isOwnFile, searchPattern } from './fileNames';
import { tellError } from './pages';
import type { PruneCopy } from './pruneCopy';

export interface InspectorCommands {
  readonly editors: InspectorEditors;
  readonly comparisons: ComparisonPanels;
  readonly prune: PruneCopy;
  readonly log: vscode.LogOutputChannel;
}

const maximumListed = 200;

export function registerInspectorCommands({ editors, comparisons, prune, log }: InspectorCommands): vscode.Disposable {
  const copy = (format: CopyFormat) => () => {
    const page = editors.active() ?? comparisons.active();
    if (page) page.copy(format);
    else void vscode.window.showInformationMessage('Open a checkpoint first: its table is what is copied.');
  };
  const commands: Readonly<Record<string, (argument: unknown, selected: unknown) => unknown>> = {
    inspect: async argument => {
      const uri = uriIn(argument) ?? (await choose('Inspect Checkpoint', 'Which checkpoint'));
      if (uri) await inspect(uri);
    },
    compareWith: async argument => {
      const left = uriIn(argument) ?? activeUri() ?? (await choose('Compare Checkpoints (1/2)', 'The left side'));
      const right = left && (await choose(`Compare ${path.posix.basename(left.path)} with …`, 'The right side', left));
      if (right) comparisons.open(left, right);
    },
    compareSelected: (_clicked, selected) => {
      const [left, right] = Array.isArray(selected) ? selected.flatMap(one => uriIn(one) ?? []) : [];
      if (left && right) comparisons.open(left, right);
      else void vscode.window.showInformationMessage('Select two checkpoints in the explorer to compare them.');
    },
    copyTensorsAsMarkdown: copy('markdown'),
    copyTensorsAsCsv: copy('csv'),
    pruneCopy: async argument => {
      const uri = uriIn(argument) ?? activeUri() ?? (await choose('Prune a Copy', 'Which checkpoint'));
      const copied = uri && (await prune.ask(uri));
      if (copied) await inspect(copied);
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(`winningTicket.${name}`, async (argument: unknown, selected: unknown) => {
        try {
          await run(argument, selected);
        } catch (error) {
          tellError(error, log);
        }
      }),
    ),
  );
}

async function inspect(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', uri, isOwnFile(uri.path) ? viewTypes[0] : viewTypes[1]);
}

function uriIn(argument: unknown): vscode.Uri | undefined {
  return argument instanceof vscode.Uri ? argument : undefined;
}

/** One of the window's checkpoints, or any other file. */
async function choose(title: string, placeHolder: string, except?: vscode.Uri): Promise<vscode.Uri | undefined> {
  type Item = vscode.QuickPickItem & { readonly uri?: vscode.Uri };
  const found = await vscode.workspace.findFiles(searchPattern, searchExclude, maximumListed);
  const open = tabUris().filter(uri => isOwnFile(uri.path));
  const known = new Map([...open, ...found].map(uri => [uri.toString(), uri]));
  if (except) known.delete(except.toString());
  const items: Item[] = [...known.values()].map(uri => ({
    label: path.posix.basename(uri.path),
    description: vscode.workspace.asRelativePath(vscode.Uri.joinPath(uri, '..')),
    uri,
  }));
  items.push({ label: '$(folder-opened) Choose a file…', alwaysShow: true });
  const chosen =
    items.length === 1
      ? items[0]
      : // an editor that is still coming up takes the focus, which must not close the question
        await vscode.window.showQuickPick(items, {
          title,
          placeHolder,
          matchOnDescription: true,
          ignoreFocusOut: true,
        });
  if (!chosen || chosen.uri) return chosen?.uri;
  const files = await vscode.window.showOpenDialog({ title, openLabel: 'Choose', canSelectMany: false });
  return files?.[0];
}

function tabUris(): vscode.Uri[] {
  return vscode.window.tabGroups.all
    .flatMap(group => group.tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputCustom ? [input.uri] : []));
}
