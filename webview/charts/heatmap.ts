/**
 * A heatmap as the table it is: rows and columns with headers, a colour and a number in each cell. Few cells (layers ×
 * levels), so plain elements; the cursor marks a whole column.
 */
import './heatmap.css';
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { cssColor, textOn } from './color';
import { ramp } from './ramp';
import { densityPosition, densityTicks } from './scales';
import type { HeatCell, HeatModel } from './heatModel';

export interface HeatmapOptions {
  readonly caption: string;
  readonly onHover: (level: number | null) => void;
  readonly onPick: (level: number) => void;
  /**
   * A cell is opened, by a click or Enter; Space and a click on the number of a level pin it. Left out: all of them pin.
   * @param row index in the model's rows
   */
  readonly onOpen?: (row: number, level: number) => void;
}

const legendStops = 24;

export class Heatmap {
  private readonly table = h('table', { class: 'heatmap', attributes: { role: 'grid' } });
  private readonly legend = h('div', { class: 'ramp' });
  readonly element = h('div', { class: 'heatmap-box' }, h('div', { class: 'table-scroll' }, this.table), this.legend);
  private cells: HTMLTableCellElement[][] = [];
  private heads: HTMLTableCellElement[] = [];
  private model: HeatModel | undefined;
  private shape = '';

  constructor(private readonly options: HeatmapOptions) {
    this.table.addEventListener('pointerleave', () => {
      options.onHover(null);
    });
    this.table.addEventListener('pointerover', event => {
      options.onHover(levelOf(event.target));
    });
    this.table.addEventListener('click', event => {
      const level = levelOf(event.target);
      const row = this.cells.findIndex(cells => cells.some(cell => cell === event.target));
      if (level === null) return;
      if (row >= 0) this.open(row, level);
      else options.onPick(level);
    });
    this.table.addEventListener('keydown', event => {
      this.onKey(event);
    });
    this.table.addEventListener('focusout', () => {
      options.onHover(null);
    });
  }

  show(model: HeatModel, theme: Theme): void {
    this.model = model;
    const shape = JSON.stringify([model.levels.length, model.rows.map(row => [row.name, row.shape])]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.build(model);
    }
    model.rows.forEach((row, index) => {
      row.cells.forEach((cell, column) => {
        const element = this.cells[index]?.[column];
        if (element) paint(element, cell, theme);
      });
    });
    this.drawLegend(model, theme);
  }

  setCursor(hovered: number | null, pinned: number | null): void {
    const levels = this.model?.levels ?? [];
    levels.forEach((level, column) => {
      for (const element of [this.heads[column], ...this.cells.map(row => row[column])]) {
        element?.classList.toggle('hovered', level === hovered);
        element?.classList.toggle('pinned', level === pinned);
      }
    });
  }

  private build(model: HeatModel): void {
    const longest = Math.max(6, ...model.rows.flatMap(row => [row.name.length, row.shape.length]));
    this.table.style.setProperty('--wt-names', `${Math.min(22, longest) + 2}ch`);
    this.table.classList.toggle('many', model.levels.length > 13);
    this.heads = model.levels.map(level =>
      h(
        'th',
        {
          class: level % 5 === 0 ? 'heat-level' : 'heat-level minor',
          attributes: { scope: 'col', 'data-level': level },
        },
        h('span', { text: String(level) }),
      ),
    );
    this.cells = model.rows.map((_, index) =>
      model.levels.map((level, column) =>
        h('td', {
          class: 'heat-cell',
          attributes: { 'data-level': level, tabindex: index === 0 && column === 0 ? 0 : -1 },
        }),
      ),
    );
    setChildren(
      this.table,
      h('caption', { class: 'visually-hidden', text: this.options.caption }),
      h(
        'thead',
        {},
        h('tr', {}, h('th', { class: 'heat-corner', text: 'layer', attributes: { scope: 'col' } }), ...this.heads),
      ),
      h(
        'tbody',
        {},
        ...model.rows.map((row, index) =>
          h(
            'tr',
            {},
            h(
              'th',
              { class: 'heat-layer', attributes: { scope: 'row' }, title: `${row.name}, ${row.shape}` },
              h('span', { class: 'heat-name', text: row.name }),
              h('span', { class: 'heat-shape', text: row.shape }),
            ),
            ...this.cells[index]!,
          ),
        ),
      ),
    );
  }

  /** The ramp with densities beside it, on the same logarithm as the cells. */
  private drawLegend(model: HeatModel, theme: Theme): void {
    const depth = densityPosition(model.minimum);
    const stops = Array.from({ length: legendStops + 1 }, (_, i) => cssColor(ramp(1 - i / legendStops, theme.dark)));
    setChildren(
      this.legend,
      h('span', { class: 'ramp-title', text: 'density (kept / total)' }),
      h(
        'div',
        { class: 'ramp-scale' },
        h('div', { class: 'ramp-bar', style: { background: `linear-gradient(to right, ${stops.join(', ')})` } }),
        ...densityTicks(model.minimum * 0.99, 5).map(tick =>
          h('span', { class: 'ramp-tick', text: tick.label, style: { left: `${(tick.at / depth) * 100}%` } }),
        ),
      ),
      h('span', { class: 'ramp-empty' }, h('span', { class: 'ramp-swatch heat-empty' }), 'empty layer'),
    );
  }

  /** What was not measured has nothing to open. */
  private open(row: number, level: number): void {
    const cell = this.model?.rows[row]?.cells.find(one => one.level === level);
    if (this.options.onOpen && cell && cell.density !== null) this.options.onOpen(row, level);
    else this.options.onPick(level);
  }

  private onKey(event: KeyboardEvent): void {
    const row = this.cells.findIndex(cells => cells.some(cell => cell === event.target));
    const column = this.cells[row]?.findIndex(cell => cell === event.target) ?? -1;
    if (column < 0 || !this.model) return;
    const lastColumn = this.model.levels.length - 1;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowRight: [row, Math.min(lastColumn, column + 1)],
      ArrowUp: [Math.max(0, row - 1), column],
      ArrowDown: [Math.min(this.cells.length - 1, row + 1), column],
      Home: [row, 0],
      End: [row, lastColumn],
    };
    const next = moves[event.key];
    if (next) {
      const cell = this.cells[next[0]]![next[1]]!;
      for (const other of this.cells.flat()) other.tabIndex = other === cell ? 0 : -1;
      cell.focus();
      this.options.onHover(this.model.levels[next[1]] ?? null);
      say(this.model.rows[next[0]]?.cells[next[1]]?.title || 'not measured yet');
    } else if (event.key === 'Enter') {
      this.open(row, this.model.levels[column]!);
    } else if (event.key === ' ') {
      this.options.onPick(this.model.levels[column]!);
    } else {
      return;
    }
    event.preventDefault();
  }
}

function levelOf(target: EventTarget | null): number | null {
  const cell = target instanceof Element ? target.closest('[data-level]') : null;
  const level = cell?.getAttribute('data-level');
  return level === null || level === undefined ? null : Number(level);
}

function paint(element: HTMLTableCellElement, cell: HeatCell, theme: Theme): void {
  setText(element, cell.text);
  setAttribute(element, 'title', cell.title || null);
  element.classList.toggle('heat-empty', cell.empty);
  element.classList.toggle('heat-pending', cell.density === null);
  if (cell.density === null || cell.empty) {
    element.style.background = '';
    element.style.color = '';
    return;
  }
  const color = ramp(cell.share, theme.dark);
  element.style.background = cssColor(color);
  element.style.color = textOn(color);
}
