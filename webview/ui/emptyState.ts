/** Where there is nothing to show: what would be here, and what to write into the experiment file to get it. */
import './emptyState.css';
import { h, setChildren } from './dom';
import { button } from './toolkit';

export interface EmptyState {
  readonly title: string;
  readonly text: string;
  /** For the experiment file; absent where nothing is missing from it. */
  readonly snippet?: string;
}

export class EmptyBox {
  readonly element = h('section', { class: 'empty-state' });
  private shown = '';

  constructor(private readonly openExperiment: () => void) {}

  show({ title, text, snippet }: EmptyState): void {
    const shown = JSON.stringify([title, text, snippet]);
    if (shown === this.shown) return;
    this.shown = shown;
    setChildren(
      this.element,
      h('h2', { text: title }),
      h('p', { class: 'quiet', text }),
      snippet !== undefined &&
        h('pre', { class: 'snippet', attributes: { tabindex: 0 } }, h('code', { text: snippet })),
      snippet !== undefined &&
        h(
          'div',
          { class: 'needs-host' },
          button('Open experiment file', this.openExperiment, { appearance: 'primary' }),
        ),
    );
  }
}
