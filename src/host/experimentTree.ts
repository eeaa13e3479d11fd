/** The tree of experiments in the activity bar. */
import * as vscode from 'vscode';
import type { ExperimentIndex } from './experimentIndex';
import type { ExperimentRef } from './store';
import { Throttle, viewMilliseconds } from './throttle';
import type { TreeNode } from './treeModel';
import { TreeRows } from './treeRows';

export class ExperimentTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  private readonly rows = new TreeRows();
  private readonly emitter = new vscode.EventEmitter<TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.emitter.event;
  private readonly view: vscode.TreeView<TreeNode>;
  private readonly disposables: { dispose(): unknown }[];

  constructor(
    private readonly index: ExperimentIndex,
    onSelect: (ref: ExperimentRef | null) => void,
  ) {
    this.view = vscode.window.createTreeView('winningTicket.experiments', {
      treeDataProvider: this,
      canSelectMany: true,
    });
    const refresh = new Throttle(viewMilliseconds, () => {
      this.refresh();
    });
    this.disposables = [
      this.emitter,
      this.view,
      refresh,
      index.onDidChange(() => {
        refresh.ask();
      }),
      this.view.onDidChangeSelection(({ selection }) => {
        onSelect(selection[0]?.ref ?? null);
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private refresh(): void {
    const entries = this.index.entries();
    const contexts = {
      'winningTicket.hasExperiments': entries.length > 0,
      // what runs in this window says so itself: see RunFeedback
      'winningTicket.elsewhere': entries.some(({ elsewhere }) => elsewhere === true),
      'winningTicket.queued': entries.some(({ queued }) => queued !== undefined),
    };
    for (const [key, value] of Object.entries(contexts)) {
      void vscode.commands.executeCommand('setContext', key, value);
    }
    // thousands of items cross to the window where all are drawn anew, and a running job changes several times a second
    const changed = this.rows.update(entries);
    if (changed === null) this.emitter.fire(undefined);
    else if (changed.length > 0) this.emitter.fire([...changed]);
  }

  getChildren(node?: TreeNode): TreeNode[] {
    return [...(node ? node.children() : this.rows.nodes())];
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const collapsed = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.expandable ? collapsed.Collapsed : collapsed.None);
    item.id = node.id;
    item.description = node.description;
    item.iconPath = new vscode.ThemeIcon(
      node.icon,
      node.color === undefined ? undefined : new vscode.ThemeColor(node.color),
    );
    item.contextValue = node.context;
    item.tooltip = new vscode.MarkdownString(node.tooltip);
    item.accessibilityInformation = { label: `${node.label}, ${node.description}` };
    item.command = { command: 'winningTicket.openPanel', title: 'Open Panel', arguments: [node.ref] };
    return item;
  }
}
