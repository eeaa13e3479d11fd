/** Bars side by side on a canvas: a histogram, or a norm for each of many channels. Keyboard and table included. */
import { h, setAttribute, setText } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { checkbox } from '../ui/toolkit';
import { DataTable } from '../charts/dataTable';
import { card } from '../ui/card';

export interface BarsModel {
  readonly title: string;
  readonly values: ArrayLike<number>;
  /** Bars to mark: channels that are wholly 0, the bin that holds 0. */
  readonly marked?: (index: number) => boolean;
  /** Under the first and the last bar. */
  readonly ends: readonly [string, string];
  /** At the top of the axis. */
  readonly top: string;
  /** What is said of a bar. */
  readonly words: (index: number) => string;
  readonly columns: readonly [string, string];
  /** Cells of a bar's row in the table. */
  readonly row: (index: number) => readonly [string, string];
}

/** The table behind the chart shows so many rows; more would take seconds to lay out. */
const mostTableRows = 1_000;

let charts = 0;

export class Bars {
  private readonly canvas = h('canvas', {
    class: 'bars-canvas',
    attributes: { tabindex: 0, role: 'application', 'aria-roledescription': 'chart' },
  });
  private readonly top = h('span', { class: 'bars-top' });
  private readonly first = h('span');
  private readonly last = h('span');
  private readonly reading = h('p', { class: 'reading quiet' });
  private readonly chart = h(
    'div',
    { class: 'bars' },
    h('div', { class: 'bars-box' }, this.canvas, this.top),
    h('div', { class: 'bars-axis' }, this.first, this.last),
    this.reading,
  );
  private readonly table = new DataTable();
  readonly element: HTMLElement;
  private cursor: number | null = null;
  private readonly resizes: ResizeObserver;

  constructor(
    private readonly model: BarsModel,
    private theme: Theme,
  ) {
    this.table.element.hidden = true;
    const asTable = checkbox('Show as table', false, shown => {
      if (shown) this.showTable();
      this.table.element.hidden = !shown;
      this.chart.hidden = shown;
    });
    this.element = card(`bars-${charts++}`, model.title, [asTable], this.chart, this.table.element).element;
    setAttribute(this.canvas, 'aria-label', `${model.title}. Arrow keys move from bar to bar.`);
    setText(this.top, model.top);
    setText(this.first, model.ends[0]);
    setText(this.last, model.ends[1]);
    this.point(null, false);
    this.resizes = new ResizeObserver(() => {
      this.draw();
    });
    this.resizes.observe(this.canvas);
    this.canvas.addEventListener('pointermove', event => {
      const { left, width } = this.canvas.getBoundingClientRect();
      this.point(Math.floor(((event.clientX - left) / width) * model.values.length), false);
    });
    this.canvas.addEventListener('pointerleave', () => {
      this.point(null, false);
    });
    this.canvas.addEventListener('keydown', event => {
      this.onKey(event);
    });
  }

  repaint(theme: Theme): void {
    this.theme = theme;
    this.draw();
  }

  close(): void {
    this.resizes.disconnect();
  }

  private showTable(): void {
    const { values, columns, row, title } = this.model;
    const shown = Math.min(values.length, mostTableRows);
    const more = values.length - shown;
    this.table.show({
      caption: more > 0 ? `${title}; the first ${shown} of ${values.length}` : title,
      columns: [...columns],
      rows: Array.from({ length: shown }, (_, index) => [...row(index)]),
    });
  }

  private point(index: number | null, aloud: boolean): void {
    const { length } = this.model.values;
    this.cursor = index === null || length === 0 ? null : Math.min(length - 1, Math.max(0, index));
    const words = this.cursor === null ? '' : this.model.words(this.cursor);
    setText(this.reading, words);
    if (aloud && words) say(words);
    this.draw();
  }

  private draw(): void {
    const { canvas, theme, model } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const ratio = window.devicePixelRatio;
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    const context = canvas.getContext('2d');
    const count = model.values.length;
    if (!context || count === 0) return;
    context.scale(ratio, ratio);
    let most = 0;
    for (let index = 0; index < count; index++) most = Math.max(most, model.values[index]!);
    const bar = width / count;
    const gap = bar >= 4 ? 1 : 0;
    // many bars share a pixel: the highest is drawn, and a mark of any is kept
    const drawn = Math.min(count, Math.max(1, Math.floor(width)));
    for (let place = 0; place < drawn; place++) {
      const begin = Math.floor((place * count) / drawn);
      const end = Math.max(begin + 1, Math.floor(((place + 1) * count) / drawn));
      let value = 0;
      let marked = false;
      let active = false;
      for (let index = begin; index < end; index++) {
        value = Math.max(value, model.values[index]!);
        marked ||= model.marked?.(index) ?? false;
        active ||= index === this.cursor;
      }
      const left = (place * width) / drawn;
      const tall = most > 0 && value > 0 ? Math.max(1, (value / most) * (height - 4)) : 0;
      context.fillStyle = active ? theme.foreground : theme.colors.iterative;
      context.fillRect(left, height - tall, Math.max(1, width / drawn - gap), tall);
      if (marked) {
        context.fillStyle = theme.foreground;
        context.fillRect(left, height - 3, Math.max(1, width / drawn - gap), 3);
      }
    }
    context.fillStyle = theme.line;
    context.fillRect(0, height - 0.5, width, 0.5);
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.model.values.length - 1;
    const at = this.cursor ?? -1;
    const page = Math.max(1, Math.round(last / 10));
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: last,
    };
    if (!Object.hasOwn(moves, event.key)) return;
    this.point(Math.max(0, moves[event.key]!), true);
    event.preventDefault();
  }
}
