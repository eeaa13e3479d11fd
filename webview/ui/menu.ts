/** A button with a menu under it, after the ARIA pattern: arrows walk, Escape and a click elsewhere close. */
import './menu.css';
import { h, setAttribute, setChildren } from './dom';

export interface MenuItem {
  readonly label: string;
  readonly title?: string;
  readonly act: () => void;
}

export interface MenuOptions {
  /** What the button shows; for a symbol, `name` says it in words. */
  readonly label: string;
  readonly name: string;
  readonly class?: string;
  /** Asked for each time it opens. */
  readonly items: () => readonly MenuItem[];
}

export class Menu {
  private readonly list = h('div', { class: 'menu-list', attributes: { role: 'menu' } });
  private readonly button: HTMLButtonElement;
  readonly element: HTMLElement;
  private readonly closeOutside = (event: Event): void => {
    if (event.target instanceof Node && !this.element.contains(event.target)) this.close();
  };

  constructor(private readonly options: MenuOptions) {
    this.button = h('button', {
      class: `menu-button ${options.class ?? ''}`.trim(),
      text: options.label,
      title: options.name,
      attributes: { type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': options.name },
      on: {
        click: () => {
          if (this.list.hidden) this.open();
          else this.close();
        },
        keydown: event => {
          if ((event as KeyboardEvent).key !== 'ArrowDown') return;
          event.preventDefault();
          // it opens at its first item: the menu itself would take the key for the next one
          event.stopPropagation();
          this.open();
        },
      },
    });
    this.list.hidden = true;
    setAttribute(this.list, 'aria-label', options.name);
    this.element = h(
      'div',
      {
        class: 'menu',
        on: {
          keydown: event => {
            this.onKey(event as KeyboardEvent);
          },
          focusout: event => {
            const to = (event as FocusEvent).relatedTarget;
            if (to instanceof Node && !this.element.contains(to)) this.close();
          },
        },
      },
      this.button,
      this.list,
    );
  }

  private open(): void {
    setChildren(
      this.list,
      ...this.options.items().map(({ label, title, act }) =>
        h('button', {
          class: 'menu-item',
          text: label,
          attributes: { type: 'button', role: 'menuitem', tabindex: -1, title },
          on: {
            click: () => {
              this.close();
              this.button.focus();
              act();
            },
          },
        }),
      ),
    );
    this.list.hidden = false;
    this.list.classList.remove('from-left');
    // a menu that would leave the window on the left opens to the right
    this.list.classList.toggle('from-left', this.list.getBoundingClientRect().left < 0);
    setAttribute(this.button, 'aria-expanded', 'true');
    this.items[0]?.focus();
    document.addEventListener('pointerdown', this.closeOutside);
  }

  private close(): void {
    this.list.hidden = true;
    setAttribute(this.button, 'aria-expanded', 'false');
    document.removeEventListener('pointerdown', this.closeOutside);
  }

  private get items(): readonly HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>('.menu-item')];
  }

  private onKey(event: KeyboardEvent): void {
    if (this.list.hidden) return;
    const { items } = this;
    const current = items.findIndex(item => item === document.activeElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: (current + 1) % items.length,
      ArrowUp: (current + items.length - 1) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      items[next]?.focus();
    } else if (event.key === 'Escape') {
      this.close();
      this.button.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
