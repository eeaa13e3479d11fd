/**
 * A matrix of any size as a picture to move about in; from far, cells of many weights, from near, single weights with their
 * values. What is missing is asked for; until it is there, what is known is shown.
 */
import type { MatrixShape } from '../../src/shared/inspectorMessages';
import { askFor, serves, type Ask, type View } from '../charts/matrixModel';
import { MatrixStage, type StageCell } from '../charts/matrixStage';
import type { Theme } from '../ui/theme';
import { drawCells, drawPicture, paint, type MatrixTile, type Painted } from './matrixDraw';
import type { CellPainter } from './matrixPaint';

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

export class MatrixView<T extends MatrixTile> {
  private readonly stage: MatrixStage;
  private whole: Painted<T> | undefined;
  private near: Painted<T> | undefined;
  private asking: AbortController | undefined;
  private timer: number | undefined;

  constructor(
    private readonly matrix: MatrixShape,
    private readonly options: MatrixViewOptions<T>,
    private theme: Theme,
  ) {
    this.stage = new MatrixStage(
      matrix,
      {
        label: options.label,
        axes: options.axes,
        wheel: 'page',
        draw: (context, view, { width, height }) => {
          context.fillStyle = this.theme.background;
          context.fillRect(0, 0, width, height);
          this.drawTiles(context, view);
        },
        cellAt: (row, column) => this.cellAt(row, column)?.cell ?? null,
        words: cell => this.words(cell),
        moved: () => {
          this.askSoon();
        },
      },
      theme,
    );
  }

  get element(): HTMLElement {
    return this.stage.element;
  }

  /** Asks for the first picture. */
  start(): void {
    this.stage.draw();
    this.askSoon();
  }

  /** Another measure or theme: the same numbers in other colours. */
  repaint(theme: Theme): void {
    this.theme = theme;
    this.whole &&= this.paint(this.whole.tile);
    this.near &&= this.paint(this.near.tile);
    this.stage.setTheme(theme);
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.asking?.abort();
    this.stage.close();
  }

  /** Moves to a weight, near enough to see it among its neighbours. */
  goTo(row: number, column: number): void {
    this.stage.goTo(row, column);
  }

  private askSoon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), this.whole ? askMilliseconds : 0);
  }

  private async ask(): Promise<void> {
    if (!this.stage.shown) return;
    const view = this.stage.view();
    const ask = askFor(view, this.matrix, this.options.most);
    if ([this.near, this.whole].some(shown => shown && serves(shown.tile, view, ask))) {
      this.asking?.abort();
      return;
    }
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.stage.setBusy(true);
    try {
      const painted = this.paint(await this.options.load(ask, asking.signal));
      if (this.whole) this.near = painted;
      else this.whole = painted;
      this.stage.setProblem(null);
      // what was said of the cell was true of a coarser one
      this.stage.refresh();
    } catch (error) {
      if (!asking.signal.aborted) this.stage.setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      if (this.asking === asking) this.stage.setBusy(false);
    }
  }

  private paint(tile: T): Painted<T> {
    return paint(tile, this.options.painter(tile));
  }

  private drawTiles(context: CanvasRenderingContext2D, view: View): void {
    context.imageSmoothingEnabled = false;
    context.beginPath();
    context.rect(0, 0, view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow);
    context.clip();
    for (const painted of [this.whole, this.near]) if (painted) drawPicture(context, painted, view);
    const sharp = this.sharpest(view);
    if (sharp) drawCells(context, sharp, view, this.theme);
  }

  /** The finer of the tiles that cover the view. */
  private sharpest(view: View): Painted<T> | undefined {
    const ask = askFor(view, this.matrix, this.options.most);
    return [this.near, this.whole].find(painted => painted && serves(painted.tile, view, ask));
  }

  /** The cell that a weight is in, of the tile that is shown there. */
  private cellAt(
    row: number,
    column: number,
  ): { readonly cell: StageCell; readonly painted: Painted<T>; readonly index: number } | null {
    for (const painted of [this.sharpest(this.stage.view()), this.near, this.whole]) {
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
      const cell = {
        row: region.row + cellRow * cellRows,
        column: region.column + cellColumn * cellColumns,
        rows: Math.min(cellRows, region.rows - cellRow * cellRows),
        columns: Math.min(cellColumns, region.columns - cellColumn * cellColumns),
      };
      return { cell, painted, index: cellRow * columns + cellColumn };
    }
    return null;
  }

  private words({ row, column, rows, columns }: StageCell): string {
    const found = this.cellAt(row, column);
    if (!found) return '';
    const { painted, index } = found;
    const span = rows > 1 || columns > 1 ? ` and ${rows} × ${columns} from there` : '';
    return `${this.options.place(row, column, painted.tile)}${span}: ${painted.painter.words(index)}`;
  }
}
