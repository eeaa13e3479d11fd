/**
 * A canvas to move about a matrix in, by mouse, touch and keyboard: camera, cursor, what is said of it. What the matrix
 * holds and how it looks is its owner's affair.
 */
import './matrix.css';
import { h, setAttribute, setText } from '../ui/dom';
import { say } from '../ui/live';
import { Pointers } from '../ui/pointers';
import type { Theme } from '../ui/theme';
import { button } from '../ui/toolkit';
import {
  canZoom,
  panBy,
  panTo,
  viewOf,
  weightAt,
  wholeMatrix,
  zoomAt,
  type Camera,
  type Matrix,
  type Size,
  type View,
} from './matrixModel';

/** What the cursor marks: one weight, or the weights that are drawn as one. */
export interface StageCell {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

export interface StageOptions {
  readonly label: string;
  /** What lies along its axes; shown while nothing is pointed at. */
  readonly axes: string;
  /** See `Pointers`. */
  readonly wheel: 'page' | 'own';
  /** Onto a canvas that is clear, in CSS pixels; the cursor comes on top. */
  readonly draw: (context: CanvasRenderingContext2D, view: View, box: Size) => void;
  /** The cell that a weight is drawn in; null where nothing is. */
  readonly cellAt: (row: number, column: number) => StageCell | null;
  readonly words: (cell: StageCell) => string;
  /** Another view, or another size of the box. */
  readonly moved: () => void;
}

const zoomStep = 0.14;

export class MatrixStage {
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
  /** Others may lie under the canvas, or beside it. */
  readonly canvasBox = h('div', { class: 'matrix-box' }, this.canvas, this.busy);
  readonly element = h(
    'div',
    { class: 'matrix' },
    this.canvasBox,
    h('div', { class: 'matrix-foot' }, this.reading, this.zoomButtons),
    this.problem,
  );
  private camera: Camera;
  private cursor: { row: number; column: number } | null = null;
  /** Words that were said of the cursor; null where a pointer moves it, which nobody needs to hear. */
  private said: string | null = null;
  private drawing = false;
  private readonly resizes: ResizeObserver;

  constructor(
    readonly matrix: Matrix,
    private readonly options: StageOptions,
    private theme: Theme,
  ) {
    this.camera = wholeMatrix(matrix);
    this.setBusy(false);
    this.setProblem(null);
    setAttribute(
      this.canvas,
      'aria-label',
      `${options.label}. Arrow keys move from cell to cell, plus and minus zoom, 0 shows the whole.`,
    );
    const wheel = options.wheel === 'own' ? 'the wheel' : 'Ctrl + wheel';
    this.reading.title = `Drag to move; ${wheel}, double click or + and − to zoom; arrow keys go from cell to cell.`;
    this.resizes = new ResizeObserver(() => {
      // what was read out stays in view
      if (this.cursor && this.said !== null) {
        this.camera = panTo(this.camera, this.cursor.row, this.cursor.column, this.matrix, this.box());
      }
      this.changed();
    });
    this.resizes.observe(this.canvas);
    new Pointers(
      this.canvas,
      {
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
      },
      options.wheel,
    );
    this.canvas.addEventListener('keydown', event => {
      this.onKey(event);
    });
    this.point(null, false);
  }

  /** In CSS pixels; at least 1 × 1. */
  box(): Size {
    return { width: Math.max(1, this.canvas.clientWidth), height: Math.max(1, this.canvas.clientHeight) };
  }

  /** Whether there is room to draw in. */
  get shown(): boolean {
    return this.canvas.clientWidth > 0;
  }

  view(): View {
    return viewOf(this.camera, this.matrix, this.box());
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.refresh();
  }

  setBusy(busy: boolean): void {
    this.busy.hidden = !busy;
  }

  setProblem(message: string | null): void {
    this.problem.hidden = message === null;
    setText(this.problem, message ?? '');
  }

  /** Other contents: draws them, and says what the cursor is on now. */
  refresh(): void {
    this.draw();
    if (this.cursor) this.point(this.cursor, this.said !== null);
  }

  focus(): void {
    this.canvas.focus();
  }

  close(): void {
    this.resizes.disconnect();
  }

  /** Moves to a weight, near enough to see it among its neighbours. */
  goTo(row: number, column: number): void {
    this.camera = panTo({ zoom: Math.max(this.camera.zoom, 0.85), row, column }, row, column, this.matrix, this.box());
    this.point({ row, column }, true);
    this.changed();
    this.focus();
  }

  /** Draws in the next frame, once. */
  draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.drawNow();
    });
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
    this.options.moved();
  }

  private drawNow(): void {
    const box = this.box();
    const ratio = window.devicePixelRatio;
    const { canvas } = this;
    const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext('2d');
    if (!context) return;
    const view = this.view();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    context.save();
    this.options.draw(context, view, box);
    context.restore();
    this.drawCursor(context, view);
  }

  private drawCursor(context: CanvasRenderingContext2D, view: View): void {
    const cell = this.cursor && this.options.cellAt(this.cursor.row, this.cursor.column);
    if (!cell) return;
    context.save();
    context.beginPath();
    context.rect(0, 0, view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow);
    context.clip();
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
    context.restore();
  }

  private point(at: { row: number; column: number } | null, aloud: boolean): void {
    this.cursor = at;
    const cell = at && this.options.cellAt(at.row, at.column);
    const words = cell ? this.options.words(cell) : '';
    setText(this.reading, words || this.options.axes);
    if (aloud && words && words !== this.said) say(words);
    this.said = aloud ? words : null;
    this.draw();
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
      const cell = this.options.cellAt(at.row, at.column) ?? { ...at, rows: 1, columns: 1 };
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
