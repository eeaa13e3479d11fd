/**
 * A confusion matrix: classes in rows, what they were taken for in columns, a colour in each cell and a number where it
 * fits. One canvas, since 200 classes are 40,000 cells; the cursor walks over it by pointer or keys and says what is there.
 */
import './confusion.css';
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { cssColor, parseColor, textOn, type Rgb } from './color';
import { labelStride, rampPosition, type ConfusionModel } from './confusionModel';
import { diverging } from './diverging';
import { ramp } from './ramp';

/** CSS pixels. */
const mostWidth = 560;
/** Around what became less frequent, in high contrast. */
const widestFrame = 5;
const leastTextCell = 27;
const labelGap = 18;
const legendStops = 24;

interface Place {
  readonly row: number;
  readonly column: number;
}

export class ConfusionMatrix {
  private readonly canvas = h('canvas', { attributes: { 'aria-hidden': 'true' } });
  private readonly grid = h(
    'div',
    { class: 'confusion-grid', attributes: { tabindex: 0, role: 'application', 'aria-roledescription': 'matrix' } },
    this.canvas,
  );
  private readonly readout = h('p', { class: 'confusion-readout', attributes: { 'aria-hidden': 'true' } });
  private readonly legend = h('div', { class: 'ramp' });
  readonly element = h('div', { class: 'confusion' }, this.grid, this.readout, this.legend);
  private model: ConfusionModel | undefined;
  private theme: Theme | undefined;
  private cursor: Place | null = null;
  private cell = 0;
  /** Room for the labels of rows and columns. */
  private margin = 0;

  constructor(private readonly label: string) {
    new ResizeObserver(() => {
      this.draw();
    }).observe(this.element);
    this.grid.addEventListener('pointermove', event => {
      this.move(this.placeAt(event));
    });
    this.grid.addEventListener('pointerleave', () => {
      this.move(null);
    });
    this.grid.addEventListener('blur', () => {
      this.move(null);
    });
    this.grid.addEventListener('keydown', event => {
      this.onKey(event);
    });
  }

  show(model: ConfusionModel, theme: Theme): void {
    this.model = model;
    this.theme = theme;
    if (this.cursor && Math.max(this.cursor.row, this.cursor.column) >= model.classes) this.cursor = null;
    setAttribute(this.grid, 'aria-label', `${this.label}: ${model.legend}. Arrow keys go from cell to cell.`);
    this.drawLegend(model, theme);
    this.draw();
  }

  private draw(): void {
    const { model, theme, canvas } = this;
    const available = Math.min(mostWidth, this.element.clientWidth);
    const ctx = canvas.getContext('2d');
    if (!model || !theme || !ctx || available === 0) return;
    this.margin = 16 + 7 * String(model.classes - 1).length;
    this.cell = (available - this.margin) / model.classes;
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(available * ratio);
    canvas.height = canvas.width;
    canvas.style.width = `${available}px`;
    canvas.style.height = `${available}px`;
    ctx.scale(ratio, ratio);
    this.drawLabels(ctx, model, theme);
    for (let row = 0; row < model.classes; row++) {
      for (let column = 0; column < model.classes; column++) this.drawCell(ctx, model, theme, row, column);
    }
    const side = this.cell * model.classes;
    ctx.lineWidth = 1;
    ctx.strokeStyle = theme.highContrast ? theme.foreground : theme.line;
    ctx.strokeRect(this.margin - 0.5, this.margin - 0.5, side, side);
    this.drawCursor(ctx, theme);
  }

  private drawCell(ctx: CanvasRenderingContext2D, model: ConfusionModel, theme: Theme, row: number, column: number) {
    const { cell, margin } = this;
    const gap = cell >= 6 ? 1 : 0;
    const [x, y] = [margin + column * cell, margin + row * cell];
    const value = model.values[row * model.classes + column]!;
    const color = colorOf(model, value, theme);
    if (color) {
      ctx.fillStyle = cssColor(color);
      ctx.fillRect(x, y, cell - gap, cell - gap);
    }
    // less often is hollow: the sign is to be seen without telling hues apart
    const isHollow = theme.highContrast && model.signed && value < 0 && cell >= 4;
    if (isHollow) {
      // a frame, so that the number within can be read
      const inset = Math.min(cell / 3, widestFrame);
      ctx.clearRect(x + inset, y + inset, cell - gap - 2 * inset, cell - gap - 2 * inset);
    }
    if (theme.highContrast && cell >= 6) {
      ctx.strokeStyle = theme.grid;
      ctx.lineWidth = 1;
      ctx.strokeRect(x + 0.5, y + 0.5, cell - 2, cell - 2);
    }
    if (cell < leastTextCell || !color) return;
    ctx.font = theme.font;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillStyle = isHollow ? theme.foreground : textOn(color);
    ctx.fillText(model.text(value), x + (cell - gap) / 2, y + (cell - gap) / 2);
  }

  private drawLabels(ctx: CanvasRenderingContext2D, { classes }: ConfusionModel, theme: Theme): void {
    const { cell, margin } = this;
    ctx.font = theme.font;
    ctx.fillStyle = theme.muted;
    const rows = labelStride(cell, labelGap);
    const columns = labelStride(cell, labelGap + 4 * String(classes - 1).length);
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'right';
    for (let k = 0; k < classes; k += rows) ctx.fillText(String(k), margin - 5, margin + (k + 0.5) * cell);
    ctx.textAlign = 'center';
    ctx.textBaseline = 'alphabetic';
    for (let k = 0; k < classes; k += columns) ctx.fillText(String(k), margin + (k + 0.5) * cell, margin - 5);
  }

  private drawCursor(ctx: CanvasRenderingContext2D, theme: Theme): void {
    if (!this.cursor) return;
    const { cell, margin } = this;
    const size = Math.max(cell, 5);
    const [x, y] = [this.cursor.column, this.cursor.row].map(k => margin + (k + 0.5) * cell - size / 2) as [
      number,
      number,
    ];
    ctx.lineWidth = 2;
    ctx.strokeStyle = theme.background;
    ctx.strokeRect(x - 1.5, y - 1.5, size + 2, size + 2);
    ctx.strokeStyle = theme.focus;
    ctx.strokeRect(x, y, size - 1, size - 1);
  }

  private drawLegend(model: ConfusionModel, theme: Theme): void {
    const least = model.signed ? -1 : 0;
    const stops = Array.from({ length: legendStops + 1 }, (_, i) => {
      const position = least + ((1 - least) * i) / legendStops;
      return cssColor(colorOf(model, Math.sign(position) * position ** 2 * model.largest, theme)!);
    });
    const [low, high] = model.ends;
    setChildren(
      this.legend,
      h('span', { class: 'ramp-title', text: model.legend }),
      h(
        'div',
        { class: 'ramp-scale' },
        h('div', { class: 'ramp-bar', style: { background: `linear-gradient(to right, ${stops.join(', ')})` } }),
        h('span', { class: 'ramp-tick', text: low, style: { left: '0%' } }),
        model.signed && h('span', { class: 'ramp-tick', text: '0', style: { left: '50%' } }),
        h('span', { class: 'ramp-tick', text: high, style: { left: '100%' } }),
      ),
    );
  }

  private placeAt(event: PointerEvent): Place | null {
    if (!this.model) return null;
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - this.margin) / this.cell);
    const row = Math.floor((event.clientY - box.top - this.margin) / this.cell);
    const inside = Math.min(row, column) >= 0 && Math.max(row, column) < this.model.classes;
    return inside ? { row, column } : null;
  }

  private move(to: Place | null): void {
    if (to?.row === this.cursor?.row && to?.column === this.cursor?.column) return;
    this.cursor = to;
    setText(this.readout, to && this.model ? this.model.describe(to.row, to.column) : '');
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const last = (this.model?.classes ?? 0) - 1;
    if (!this.model || last < 0) return;
    const { row, column } = this.cursor ?? { row: -1, column: -1 };
    const moves: Readonly<Record<string, Place>> = {
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      Home: { row, column: 0 },
      End: { row, column: last },
    };
    const next = moves[event.key];
    if (!next) return;
    event.preventDefault();
    const within = (k: number): number => Math.min(last, Math.max(0, k));
    this.move({ row: within(next.row), column: within(next.column) });
    say(this.readout.textContent);
  }
}

/** null: nothing to show, the background stays. */
function colorOf(model: ConfusionModel, value: number, theme: Theme): Rgb | null {
  if (Number.isNaN(value)) return null;
  const background = parseColor(theme.background)?.rgb ?? (theme.dark ? [0, 0, 0] : [255, 255, 255]);
  const position = rampPosition(model, value);
  return model.signed ? diverging(position, theme.dark, background) : ramp(position, theme.dark);
}
