/** A titled section of a page, with room for controls at the right of its title. */
import { h, setText, type Child } from './dom';

export interface Card {
  readonly element: HTMLElement;
  /** Readout beside the title. */
  readonly aside: HTMLElement;
  readonly setTitle: (title: string) => void;
}

let count = 0;

export function card(name: string, title: string, controls: readonly Child[], ...content: readonly Child[]): Card {
  const id = `card-title-${count++}`;
  const aside = h('span', { class: 'card-aside' });
  const heading = h('h2', { text: title, attributes: { id } });
  const element = h(
    'section',
    { class: `card card-${name}`, attributes: { 'aria-labelledby': id } },
    h(
      'div',
      { class: 'card-head' },
      heading,
      aside,
      controls.length > 0 && h('div', { class: 'card-controls' }, ...controls),
    ),
    ...content,
  );
  const setTitle = (text: string): void => {
    setText(heading, text);
  };
  return { element, aside, setTitle };
}
