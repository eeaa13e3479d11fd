/** The legend is the readout too: a line sample, the name and the value where the cursor stands, always in one place. */
import './legend.css';
import { h, setAttribute, setText, svg } from '../ui/dom';
import { colorVariable, styles, type StyleId } from './styles';

export interface LegendItem {
  /** Of the series. */
  readonly id: string;
  readonly look: StyleId;
  readonly label: string;
  /** At the cursor; empty where nothing was measured. */
  readonly value: string;
  /** Beside the value where there is room. */
  readonly difference?: string;
  /** Quieter lines under the value. */
  readonly notes?: readonly string[];
  readonly title?: string;
}

/** A line with its dash and marker, as the chart draws it. */
export function sample(look: StyleId): SVGSVGElement {
  const { width, dash, marker, filled } = styles[look];
  const color = `var(${colorVariable(look)})`;
  return svg(
    'svg',
    { class: 'sample', attributes: { viewBox: '0 0 34 12', 'aria-hidden': 'true' } },
    look === 'dense' &&
      svg('rect', { class: 'sample-band', attributes: { x: 0, y: 1, width: 34, height: 10 }, style: { fill: color } }),
    svg('line', {
      attributes: { x1: 1, y1: 6, x2: 33, y2: 6, 'stroke-dasharray': dash.join(' ') || null },
      style: { stroke: color, 'stroke-width': String(width) },
    }),
    marker !== '' &&
      svg('path', {
        attributes: { d: marker, transform: 'translate(17 6) scale(3.8)' },
        style: {
          stroke: color,
          'stroke-width': '0.42',
          fill: filled ? color : 'var(--wt-surface)',
        },
      }),
  );
}

/** With more items each takes a line of its own. */
const mostColumns = 6;

interface LegendParts {
  readonly button: HTMLElement;
  readonly label: HTMLElement;
  readonly value: HTMLElement;
  readonly difference: HTMLElement;
  readonly note: HTMLElement;
}

export class Legend {
  readonly element = h('div', { class: 'legend', attributes: { role: 'group', 'aria-label': 'Lines of the chart' } });
  private readonly items = new Map<string, LegendParts>();

  /**
   * @param onToggle a series is switched on or off
   * @param onEmphasis the pointer or the focus is on an item; null: on none
   */
  constructor(
    private readonly onToggle: (id: string) => void,
    private readonly onEmphasis: (id: string | null) => void,
  ) {}

  show(items: readonly LegendItem[], hidden: ReadonlySet<string>): void {
    this.element.classList.toggle('many', items.length > mostColumns);
    const wanted = new Set(items.map(item => item.id));
    for (const [id, { button }] of this.items) {
      if (wanted.has(id)) continue;
      button.remove();
      this.items.delete(id);
    }
    items.forEach((item, index) => {
      const parts = this.items.get(item.id) ?? this.make(item);
      if (this.element.children[index] !== parts.button)
        this.element.insertBefore(parts.button, this.element.children[index] ?? null);
      setText(parts.label, item.label);
      setText(parts.value, item.value);
      setText(parts.difference, item.difference ?? '');
      setText(parts.note, (item.notes ?? []).join('\n'));
      const shown = !hidden.has(item.id);
      setAttribute(parts.button, 'aria-pressed', String(shown));
      setAttribute(
        parts.button,
        'title',
        `${item.title ?? styles[item.look].explanation} Click to ${shown ? 'hide' : 'show'}.`,
      );
    });
  }

  /** The series that stands out in the chart. */
  setEmphasis(id: string | null): void {
    for (const [one, { button }] of this.items) button.classList.toggle('emphasised', one === id);
  }

  private make({ id, look }: LegendItem): LegendParts {
    const label = h('span', { class: 'legend-label' });
    const value = h('span', { class: 'legend-value' });
    const difference = h('span', { class: 'legend-difference' });
    const note = h('span', { class: 'legend-note' });
    const button = h(
      'button',
      {
        class: 'legend-item',
        attributes: { type: 'button', 'data-method': id },
        on: {
          click: () => {
            this.onToggle(id);
          },
          pointerenter: () => {
            this.onEmphasis(id);
          },
          pointerleave: () => {
            this.onEmphasis(null);
          },
          focus: () => {
            this.onEmphasis(id);
          },
          blur: () => {
            this.onEmphasis(null);
          },
        },
      },
      sample(look),
      label,
      h('span', { class: 'legend-reading' }, value, difference),
      note,
    );
    const parts = { button, label, value, difference, note };
    this.items.set(id, parts);
    return parts;
  }
}
