/** The panels that are open, one per experiment, and their return after a reload of the window. */
import * as vscode from 'vscode';
import { ExperimentPanel, type PanelServices } from './experimentPanel';
import { refKey, type ExperimentRef } from './store';
import { isExperimentName } from './validate';

export const panelType = 'winningTicket.experiment';
const rememberedKey = 'winningTicket.panels';

export class ExperimentPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly panels = new Map<string, ExperimentPanel>();
  private readonly registration: vscode.Disposable;

  constructor(
    private readonly services: PanelServices,
    private readonly memory: vscode.Memento,
  ) {
    this.registration = vscode.window.registerWebviewPanelSerializer(panelType, this);
  }

  dispose(): void {
    this.registration.dispose();
  }

  /** Shows the panel of an experiment, whether it is open already or not. */
  open(ref: ExperimentRef): void {
    const present = this.panels.get(refKey(ref));
    if (present) {
      present.panel.reveal();
      return;
    }
    const title = this.freeTitle(ref);
    const panel = vscode.window.createWebviewPanel(panelType, title, vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    this.add(panel, ref);
    void this.memory.update(rememberedKey, { ...this.remembered(), [title]: ref });
  }

  /** The experiment whose panel is in front; null where none is. */
  active(): ExperimentRef | null {
    return [...this.panels.values()].find(({ panel }) => panel.active)?.ref ?? null;
  }

  close(ref: ExperimentRef): void {
    this.panels.get(refKey(ref))?.panel.dispose();
  }

  /** The page's own state is only what it shows; which experiment it belongs to is remembered here, by title. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    const ref = this.remembered()[panel.title];
    if (!ref || this.panels.has(refKey(ref))) panel.dispose();
    else this.add(panel, ref);
    return Promise.resolve();
  }

  private add(panel: vscode.WebviewPanel, ref: ExperimentRef): void {
    const key = refKey(ref);
    const added = new ExperimentPanel(panel, ref, this.services);
    this.panels.set(key, added);
    panel.onDidDispose(() => {
      if (this.panels.get(key) === added) this.panels.delete(key);
    });
  }

  /** The name of the experiment; with its folder where another panel has that title. */
  private freeTitle(ref: ExperimentRef): string {
    const titles = new Set([...this.panels.values()].map(({ panel }) => panel.title));
    if (!titles.has(ref.name)) return ref.name;
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(ref.store))?.name;
    const title = `${ref.name} (${folder ?? ref.store})`;
    return titles.has(title) ? `${ref.name} (${ref.store})` : title;
  }

  private remembered(): Readonly<Record<string, ExperimentRef>> {
    const entries = Object.entries(this.memory.get<Record<string, unknown>>(rememberedKey, {}));
    return Object.fromEntries(entries.filter((entry): entry is [string, ExperimentRef] => isRef(entry[1])));
  }
}

function isRef(value: unknown): value is ExperimentRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    'store' in value &&
    typeof value.store === 'string' &&
    'name' in value &&
    isExperimentName(value.name)
  );
}
