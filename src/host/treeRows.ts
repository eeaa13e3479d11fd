/** The experiments as rows that stay the same objects, so that only what has changed is drawn anew. No vscode. */
import type { Report } from '../shared/report';
import { experimentNodes, type ExperimentEntry, type TreeNode } from './treeModel';
import { refKey } from './store';

interface Row {
  readonly node: TreeNode;
  /** What the items below it are made from. */
  report: Report | null;
}

export class TreeRows {
  private rows: Row[] = [];

  /** In the order in which they stand. */
  nodes(): readonly TreeNode[] {
    return this.rows.map(({ node }) => node);
  }

  /** @returns the rows that are other than before, each the object it was; null where others are there, or in another order */
  update(entries: readonly ExperimentEntry[]): readonly TreeNode[] | null {
    const reports = new Map(entries.map(entry => [refKey(entry.ref), entry.report]));
    const fresh = experimentNodes(entries).map(node => ({ node, report: reports.get(node.id) ?? null }));
    const { rows } = this;
    if (fresh.length !== rows.length || fresh.some(({ node }, i) => node.id !== rows[i]!.node.id)) {
      this.rows = fresh;
      return null;
    }
    return rows.flatMap((row, i) => {
      const { node, report } = fresh[i]!;
      const isSame = report === row.report && shown.every(field => node[field] === row.node[field]);
      row.report = report;
      // not every state has a colour
      Object.assign(row.node, { color: undefined }, node);
      return isSame ? [] : [row.node];
    });
  }
}

const shown = ['description', 'icon', 'color', 'context', 'tooltip', 'expandable'] as const;
