/** Puts the inspector together: process, editors, comparisons, decorations, commands. */
import * as vscode from 'vscode';
import type { ExperimentIndex } from '../experimentIndex';
import { registerInspectorCommands } from './commands';
import { ComparisonPanels } from './comparisons';
import { SparsityDecorations } from './decorations';
import { InspectorEditors } from './editors';
import { InspectorProcess } from './inspectorProcess';
import { PruneCopy } from './pruneCopy';
import { registerRunCommands } from './runs';

export function registerInspector(
  { extensionUri, storageUri, globalStorageUri, workspaceState }: vscode.ExtensionContext,
  index: ExperimentIndex,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const script = (name: string): string => vscode.Uri.joinPath(extensionUri, 'dist', name).fsPath;
  const process = new InspectorProcess({
    script: script('inspector.js'),
    cacheDirectory: vscode.Uri.joinPath(storageUri ?? globalStorageUri, 'statistics').fsPath,
    log: (level, message) => {
      log[level](`inspector: ${message}`);
    },
  });
  const decorations = new SparsityDecorations(workspaceState);
  const services = { extensionUri, process, decorations, log };
  const editors = new InspectorEditors(services);
  const comparisons = new ComparisonPanels(services);
  const prune = new PruneCopy(script('cli.js'), log);
  return vscode.Disposable.from(
    process,
    decorations,
    editors,
    comparisons,
    registerInspectorCommands({ editors, comparisons, prune, log }),
    registerRunCommands({ index, comparisons, log }),
  );
}
