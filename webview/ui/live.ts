/** Speaks through one polite `aria-live` region: only the last thing said counts. */
import { h } from './dom';

let region: HTMLElement | undefined;

export function say(text: string): void {
  if (!region) {
    region = h('div', { class: 'visually-hidden', attributes: { role: 'status', 'aria-live': 'polite' } });
    document.body.append(region);
  }
  // The same sentence twice would not be spoken twice.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}
