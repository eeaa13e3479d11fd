/**
 * A matrix of any size as a picture to move about in, by mouse, touch and keyboard; from far, cells of many weights,
 * from near, single weights with their values. What is missing is asked for; until it is there, what is known is shown.
 */
import type { MatrixShape } from '../../src/shared/inspectorMessages';
import { h, setAttribute, setText } from '../ui/dom';
import { say } from '../ui/live';
import type { Theme } from '../ui/theme';
import { button } from '../ui/toolkit';
import { drawCells, drawPicture, paint, type MatrixTile, type Painted } from './matrixDraw';
import {
  askFor,
  canZoom,
  panBy,
  panTo,
  serves,
  viewOf,
  weightAt,
  wholeMatrix,
  zoomAt,
  type Ask,
  type Camera,
  type View,
} from './matrixModel';
import type { CellPainter } from './matrixPaint';
import { Pointers } from './pointers';

export interface MatrixViewOptions<T extends MatrixTile> {
  readonly label: string;
  /** What lies along its axes. */
  readonly axes: string;
  /** Cells in each direction that one tile has at most. */
  readonly most: number;
  readonly load: (ask: Ask, signal: AbortSignal) => Promise<T>;
  readonly painter: (tile: T) => CellPainter;
  /** Said before the words of a cell, e.g. "output 3, input 17". */
  readonly place: (row: number, column: number, tile: T) => string;
}

/** Moves of a hand come in bursts. */
const askMilliseconds = 60;
const zoomStep = 0.14;

export class MatrixView<T extends MatrixTile> {
  private readonly canvas = h('canvas', {
    class: 'matrix-canvas',
    attributes: { tabindex: 0, role: 'application', 'aria-roledescription': 'heatmap' },
  });
  private readonly reading = h('p', { class: 'reading quiet' });
  private readonly busy = h('span', { class: 'spinner', title: 'Reading weights' });
  private readonly problem = h('p', { class: 'problem', attributes: { role: 'alert' } });
  private readonly zoomButtons = h(
    'span',
    { class: 'zoom-buttons' },
    button(
      '−',
      () => {
        this.zoom(-zoomStep * 2);
      },
      { title: 'Zoom out (−)' },
    ),
    button(
      '+',
      () => {
        this.zoom(zoomStep * 2);
      },
      { title: 'Zoom in (+)' },
    ),
    button(
      'Fit',
      () => {
        this.fit();
      },
      { title: 'Show the whole matrix (0)' },
    ),
  );
  readonly element = h(
    'div',
    { class: 'matrix' },
    h('div', { class: 'matrix-box' }, this.canvas, this.busy),
    h('div', { class: 'matrix-foot' }, this.reading, this.zoomButtons),
    this.problem,
  );
  private camera: Camera = { zoom: 0, row: 0, column: 0 };
  private whole: Painted<T> | undefined;
  private near: Painted<T> | undefined;
  private cursor: { row: number; column: number } | null = null;
  /** Words that were said of the cursor; null where a pointer moves it, which nobody needs to hear. */
  private said: string | null = null;
  private asking: AbortController | undefined;
  private timer: number | undefined;
  private drawing = false;
  private readonly resizes: ResizeObserver;

  constructor(
    private readonly matrix: MatrixShape,
    private readonly options: MatrixViewOptions<T>,
    private theme: Theme,
  ) {
    this.camera = wholeMatrix(matrix);
    this.busy.hidden = true;
    this.problem.hidden = true;
    setAttribute(
      this.canvas,
      'aria-label',
      `${options.label}. Arrow keys move from cell to cell, plus and minus zoom, 0 shows the whole.`,
    );
    this.resizes = new ResizeObserver(() => {
      // what was read out stays in view
      if (this.cursor && this.said !== null) {
        this.camera = panTo(this.camera, this.cursor.row, this.cursor.column, this.matrix, this.box());
      }
      this.changed();
    });
    this.resizes.observe(this.canvas);
    new Pointers(this.canvas, {
      hover: (x, y) => {
        this.point(weightAt(this.view(), x, y), false);
      },
      leave: () => {
        if (document.activeElement !== this.canvas) this.point(null, false);
      },
      pan: (x, y) => {
        this.move(panBy(this.camera, x, y, matrix, this.box()));
      },
      zoom: (steps, x, y) => {
        this.move(zoomAt(this.camera, this.camera.zoom + steps * zoomStep, x, y, matrix, this.box()));
      },
    });
    this.canvas.addEventListener('keydown', event => {
      this.onKey(event);
    });
  }

  /** Asks for the first picture. */
  start(): void {
    this.point(null, false);
    this.changed();
  }

  /** Another measure or theme: the same numbers in other colours. */
  repaint(theme: Theme): void {
    this.theme = theme;
    this.whole &&= this.paint(this.whole.tile);
    this.near &&= this.paint(this.near.tile);
    this.draw();
    if (this.cursor) this.point(this.cursor, this.said !== null);
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.asking?.abort();
    this.resizes.disconnect();
  }

  /** Moves to a weight, near enough to see it among its neighbours. */
  goTo(row: number, column: number): void {
    this.camera = panTo({ zoom: Math.max(this.camera.zoom, 0.85), row, column }, row, column, this.matrix, this.box());
    this.point({ row, column }, true);
    this.changed();
    this.canvas.focus();
  }

  private box(): { width: number; height: number } {
    return { width: Math.max(1, this.canvas.clientWidth), height: Math.max(1, this.canvas.clientHeight) };
  }

  private view(): View {
    return viewOf(this.camera, this.matrix, this.box());
  }

  private fit(): void {
    this.move(wholeMatrix(this.matrix));
  }

  private zoom(by: number): void {
    const { width, height } = this.box();
    this.move(zoomAt(this.camera, this.camera.zoom + by, width / 2, height / 2, this.matrix, this.box()));
  }

  private move(camera: Camera): void {
    this.camera = camera;
    this.changed();
  }

  private changed(): void {
    this.zoomButtons.hidden = !canZoom(this.matrix, this.box());
    this.draw();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), this.whole ? askMilliseconds : 0);
  }

  private async ask(): Promise<void> {
    if (this.canvas.clientWidth === 0) return;
    const view = this.view();
    const ask = askFor(view, this.matrix, this.options.most);
    if ([this.near, this.whole].some(shown => shown && serves(shown.tile, view, ask))) {
      this.asking?.abort();
      return;
    }
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.busy.hidden = false;
    try {
      const painted = this.paint(await this.options.load(ask, asking.signal));
      if (this.whole) this.near = painted;
      else this.whole = painted;
      this.problem.hidden = true;
      this.draw();
      // what was said of the cell was true of a coarser one
      if (this.cursor) this.point(this.cursor, this.said !== null);
    } catch (error) {
      if (!asking.signal.aborted) {
        this.problem.hidden = false;
        setText(this.problem, error instanceof Error ? error.message : String(error));
      }
    } finally {
      if (this.asking === asking) this.busy.hidden = true;
    }
  }

  private paint(tile: T): Painted<T> {
    return paint(tile, this.options.painter(tile));
  }

  private draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { width, height } = this.box();
    const ratio = window.devicePixelRatio;
    const { canvas, theme } = this;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    if (!context) return;
    const view = this.view();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    context.save();
    context.beginPath();
    context.rect(0, 0, view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow);
    context.clip();
    for (const painted of [this.whole, this.near]) if (painted) drawPicture(context, painted, view);
    const sharp = this.sharpest(view);
    if (sharp) drawCells(context, sharp, view, theme);
    if (this.cursor) this.drawCursor(context, view);
    context.restore();
  }

  /** The finer of the tiles that cover the view. */
  private sharpest(view: View): Painted<T> | undefined {
    const ask = askFor(view, this.matrix, this.options.most);
    return [this.near, this.whole].find(painted => painted && serves(painted.tile, view, ask));
  }

  private drawCursor(context: CanvasRenderingContext2D, view: View): void {
    const cell = this.cursor && this.cellAt(this.cursor.row, this.cursor.column);
    if (!cell) return;
    const x = (cell.column - view.left) * view.pixelsPerColumn;
    const y = (cell.row - view.top) * view.pixelsPerRow;
    const width = Math.max(4, cell.columns * view.pixelsPerColumn);
    const height = Math.max(4, cell.rows * view.pixelsPerRow);
    // two rings: one of them differs from the cell, whatever its colour
    context.lineWidth = 5;
    context.strokeStyle = this.theme.background;
    context.strokeRect(x, y, width, height);
    context.lineWidth = 2;
    context.strokeStyle = this.theme.foreground;
    context.strokeRect(x, y, width, height);
  }

  /** The cell that a weight is in, of the tile that is shown there. */
  private cellAt(
    row: number,
    column: number,
  ): { row: number; column: number; rows: number; columns: number; painted: Painted<T>; index: number } | null {
    for (const painted of [this.sharpest(this.view()), this.near, this.whole]) {
      if (!painted) continue;
      const { region, cellRows, cellColumns, columns } = painted.tile;
      const inside =
        row >= region.row &&
        column >= region.column &&
        row < region.row + region.rows &&
        column < region.column + region.columns;
      if (!inside) continue;
      const cellRow = Math.floor((row - region.row) / cellRows);
      const cellColumn = Math.floor((column - region.column) / cellColumns);
      return {
        row: region.row + cellRow * cellRows,
        column: region.column + cellColumn * cellColumns,
        rows: Math.min(cellRows, region.row + region.rows - (region.row + cellRow * cellRows)),
        columns: Math.min(cellColumns, region.column + region.columns - (region.column + cellColumn * cellColumns)),
        painted,
        index: cellRow * columns + cellColumn,
      };
    }
    return null;
  }

  private point(at: { row: number; column: number } | null, aloud: boolean): void {
    this.cursor = at;
    const cell = at && this.cellAt(at.row, at.column);
    const words = cell ? this.words(cell) : '';
    setText(this.reading, words || this.options.axes);
    this.reading.title =
      'Drag to move; Ctrl + wheel, double click or + and − to zoom; arrow keys go from cell to cell.';
    if (aloud && words && words !== this.said) say(words);
    this.said = aloud ? words : null;
    this.draw();
  }

  private words(cell: NonNullable<ReturnType<MatrixView<T>['cellAt']>>): string {
    const { painted, row, column, rows, columns, index } = cell;
    const { place } = this.options;
    const from = place(row, column, painted.tile);
    const span = rows > 1 || columns > 1 ? ` and ${rows} × ${columns} from there` : '';
    return `${from}${span}: ${painted.painter.words(index)}`;
  }

  private onKey(event: KeyboardEvent): void {
    const { matrix } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') this.zoom(zoomStep);
    else if (event.key === '-') this.zoom(-zoomStep);
    else if (event.key === '0') this.fit();
    else {
      const view = this.view();
      const at = this.cursor ?? { row: Math.floor(view.top), column: Math.floor(view.left) };
      const cell = this.cellAt(at.row, at.column) ?? { ...at, rows: 1, columns: 1 };
      const moves: Readonly<Record<string, readonly [number, number]>> = {
        ArrowUp: [cell.row - 1, at.column],
        ArrowDown: [cell.row + cell.rows, at.column],
        ArrowLeft: [at.row, cell.column - 1],
        ArrowRight: [at.row, cell.column + cell.columns],
        PageUp: [at.row - Math.max(1, Math.floor(view.rows)), at.column],
        PageDown: [at.row + Math.max(1, Math.floor(view.rows)), at.column],
        Home: [at.row, 0],
        End: [at.row, matrix.columns - 1],
      };
      const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
      if (!move) return;
      const row = Math.min(matrix.rows - 1, Math.max(0, move[0]));
      const column = Math.min(matrix.columns - 1, Math.max(0, move[1]));
      this.camera = panTo(this.camera, row, column, matrix, this.box());
      this.point({ row, column }, true);
      this.changed();
    }
    event.preventDefault();
  }
}
