/**
 * Files of the experiments in the stores of a window: told when one comes, changes or goes. By VS Code's watcher, and by
 * looking every few seconds, since a watcher misses what another machine writes to a shared disk, and sometimes all that
 * lies in folders that were made at once, one within the other.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { experimentDirectory, refOfReport, storeName, type ExperimentRef } from './store';

const watched = ['report.json', 'cluster.json'] as const;
export type WatchedName = (typeof watched)[number];

export interface StoreFile {
  readonly ref: ExperimentRef;
  readonly name: WatchedName;
  readonly exists: boolean;
}

const lookMilliseconds = 10_000;
/** Of a window when files are searched for, and of each store. */
export const mostExperiments = 1000;

export class StoreWatch implements vscode.Disposable {
  private readonly stores = new Set<string>();
  /** By path of a file that is there: what tells this state of it from another. */
  private readonly marks = new Map<string, string>();
  private readonly emitter = new vscode.EventEmitter<StoreFile>();
  readonly onDidChange = this.emitter.event;
  private readonly disposables: { dispose(): unknown }[];
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${storeName}/experiments/*/{${watched.join(',')}}`);
    const look = ({ fsPath }: vscode.Uri): void => void this.look(fsPath);
    this.disposables = [
      this.emitter,
      watcher,
      watcher.onDidCreate(look),
      watcher.onDidChange(look),
      watcher.onDidDelete(look),
    ];
    this.timer = setInterval(() => void this.lookAround(), lookMilliseconds);
    this.timer.unref();
  }

  dispose(): void {
    clearInterval(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** The experiments of the window that have such a file; from now on it is told what becomes of them. */
  async find(name: WatchedName): Promise<ExperimentRef[]> {
    const pattern = `**/${storeName}/experiments/*/${name}`;
    const found = await vscode.workspace.findFiles(pattern, '**/node_modules/**', mostExperiments);
    const refs: ExperimentRef[] = [];
    for (const { fsPath } of found) {
      const ref = refOf(fsPath);
      if (!ref) continue;
      refs.push(ref);
      this.stores.add(ref.store);
      const mark = await markOf(fsPath);
      if (mark !== null) this.marks.set(fsPath, mark);
    }
    return refs;
  }

  /** Of the window's folders, whether or not there is one yet, and all in which something was found. */
  allStores(): readonly string[] {
    for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
      if (uri.scheme === 'file') this.stores.add(path.join(uri.fsPath, storeName));
    }
    return [...this.stores];
  }

  private async lookAround(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const files = new Set(this.marks.keys());
      for (const store of this.allStores()) {
        const names = await readdir(path.join(store, 'experiments')).catch(() => []);
        for (const name of names.slice(0, mostExperiments)) {
          for (const file of watched) files.add(path.join(experimentDirectory({ store, name }), file));
        }
      }
      for (const file of files) await this.look(file);
    } finally {
      this.isLooking = false;
    }
  }

  private async look(file: string): Promise<void> {
    const ref = refOf(file);
    const name = watched.find(one => one === path.basename(file));
    if (!ref || !name) return;
    const mark = await markOf(file);
    if (mark === (this.marks.get(file) ?? null)) return;
    if (mark === null) this.marks.delete(file);
    else this.marks.set(file, mark);
    this.stores.add(ref.store);
    this.emitter.fire({ ref, name, exists: mark !== null });
  }
}

const refOf = (file: string): ExperimentRef | null => refOfReport(path.join(path.dirname(file), 'report.json'));

/** @returns null where it is not there */
async function markOf(file: string): Promise<string | null> {
  try {
    const { mtimeMs, ino, size } = await stat(file);
    return `${mtimeMs} ${ino} ${size}`;
  } catch {
    return null;
  }
}
