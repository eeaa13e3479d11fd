/** Name and facts of what is open, how far the counting is, and what can be done. */
import { formatBytes, formatCount, plural } from '../../src/shared/format';
import type { InspectorAction, OpenedFile } from '../../src/shared/inspectorView';
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { button } from '../ui/toolkit';

const actionLabels: Readonly<Record<InspectorAction, readonly [label: string, title: string]>> = {
  compare: ['Compare…', 'Compare with another checkpoint.'],
  prune: ['Prune a copy…', 'Write a pruned copy beside the file; the original stays as it is.'],
  find: ['Find winning ticket…', 'Look for a winning ticket in this model: it can be trained.'],
  reopen: ['Open again', 'Read the file anew.'],
  reopenWith: ['Open with…', 'Open the file in another editor.'],
  showLog: ['Show log', 'What the inspector did.'],
};

export function actionButton(action: InspectorAction, perform: (action: InspectorAction) => void): HTMLElement {
  const [label, title] = actionLabels[action];
  return button(
    label,
    () => {
      perform(action);
    },
    { title },
  );
}

/** "PyTorch (zip) · 1.1 MiB · 65 tensors" */
export function factsOf({ format, bytes, tensorCount }: OpenedFile): string {
  return [format, formatBytes(bytes), plural(tensorCount, 'tensor')].join(' · ');
}

export class FileHeader {
  private readonly name = h('h1');
  private readonly facts = h('span', { class: 'facts-text' });
  private readonly status = h('span', { class: 'status', attributes: { 'data-testid': 'status' } });
  private readonly actions = h('div', { class: 'actions' });
  private readonly fill = h('div', { class: 'progress-fill' });
  private readonly progress = h(
    'div',
    {
      class: 'progress',
      attributes: { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': 'Tensors counted' },
    },
    this.fill,
  );
  readonly element = h(
    'header',
    { class: 'header' },
    h(
      'div',
      { class: 'header-row' },
      h('div', { class: 'header-text' }, this.name, h('div', { class: 'facts' }, this.facts, this.status)),
      this.actions,
    ),
    this.progress,
  );

  constructor(private readonly perform: (action: InspectorAction) => void) {
    this.showProgress('', null);
  }

  showName(name: string, place: string): void {
    setText(this.name, name);
    setAttribute(this.name, 'title', place);
    document.title = name;
  }

  showFacts(text: string): void {
    setText(this.facts, text);
  }

  showActions(actions: readonly InspectorAction[]): void {
    setChildren(this.actions, ...actions.map(action => actionButton(action, this.perform)));
  }

  /** @param share 0 to 1; null: nothing is at work */
  showProgress(text: string, share: number | null): void {
    setText(this.status, text);
    this.progress.classList.toggle('active', share !== null);
    this.fill.style.width = `${(share ?? 0) * 100}%`;
    setAttribute(this.progress, 'aria-valuenow', share === null ? null : Math.round(share * 100));
    setAttribute(this.progress, 'aria-hidden', share === null ? 'true' : null);
  }
}

/** "counting 34 of 65 tensors" */
export function countingText(counted: number, total: number, noun = 'tensor'): string {
  return `counting ${formatCount(counted)} of ${plural(total, noun)}`;
}
