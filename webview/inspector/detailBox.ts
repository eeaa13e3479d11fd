/** The frame of a tensor's or a pair's details: title, facts, controls, a way back; and the legend of a ramp. */
import { cssColor, type Rgb } from '../charts/color';
import { h, setText, type Child } from '../ui/dom';
import { button } from '../ui/toolkit';

export interface DetailBox {
  readonly element: HTMLElement;
  readonly facts: HTMLElement;
  readonly body: HTMLElement;
}

export function detailBox(title: string, onClose: () => void, ...controls: readonly Child[]): DetailBox {
  const facts = h('p', { class: 'detail-facts' });
  const body = h('div', { class: 'detail-body' });
  const element = h(
    'section',
    {
      class: 'detail',
      attributes: { 'aria-label': `Details of ${title}`, tabindex: -1 },
      on: {
        keydown: event => {
          if ((event as KeyboardEvent).key === 'Escape') onClose();
        },
      },
    },
    h(
      'div',
      { class: 'detail-head' },
      h('h2', { text: title, title }),
      h(
        'div',
        { class: 'detail-controls' },
        ...controls,
        button('Close', onClose, { title: 'Back to the table (Escape)' }),
      ),
    ),
    facts,
    body,
  );
  return { element, facts, body };
}

const stops = 20;

/** @param color of 0 to 1 along the bar */
export function rampLegend(from: string, to: string, color: (share: number) => Rgb, note: string): HTMLElement {
  const colors = Array.from({ length: stops + 1 }, (_, stop) => cssColor(color(stop / stops)));
  return h(
    'div',
    { class: 'ramp-legend quiet' },
    h('span', { text: from }),
    h('span', { class: 'ramp-strip', style: { background: `linear-gradient(to right, ${colors.join(', ')})` } }),
    h('span', { text: to }),
    h('span', { class: 'ramp-note', text: note }),
  );
}

export function swatches(entries: readonly (readonly [Rgb, string])[]): HTMLElement {
  return h(
    'div',
    { class: 'ramp-legend quiet' },
    ...entries.map(([color, label]) =>
      h(
        'span',
        { class: 'swatch-entry' },
        h('span', { class: 'swatch', style: { background: cssColor(color) } }),
        label,
      ),
    ),
  );
}

export function failed(body: HTMLElement, error: unknown): void {
  const problem = h('p', { class: 'problem', attributes: { role: 'alert' } });
  setText(problem, error instanceof Error ? error.message : String(error));
  body.replaceChildren(problem);
}
