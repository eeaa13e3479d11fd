/** The mask of one layer to move about in: cells by WebGL2 or on a canvas, over them lines, numbers and the cursor. */
import { parseColor } from '../charts/color';
import { viewOf, wholeMatrix, type Size, type View } from '../charts/matrixModel';
import { MatrixStage, type StageCell } from '../charts/matrixStage';
import type { Theme } from '../ui/theme';
import { CanvasSurface } from './canvasSurface';
import { spanFor, type CellGrid } from './cells';
import { maskPalette, type MaskMode, type MaskPalette } from './colors';
import { glSurface } from './glSurface';
import { hasMargins, weightAtPlace, type MaskLayout } from './layout';
import type { LoadedMask } from './loader';
import { Margins } from './margins';
import type { NearWeights } from './nearWeights';
import { drawKernelLines, drawWeights } from './overlay';
import { gapBits, prunedBits, type MaskPicture } from './picture';
import type { ImageShape } from './pixels';
import { sheetOfCells, sheetOfWeights, type Sheet, type Surface } from './scene';
import { cellWords, lineWords, placeWords, spanWords, weightWords } from './words';

/** CSS pixels of what the cursor marks, at least. */
const cursorPixels = 8;

export interface MaskStageOptions {
  readonly label: string;
  readonly image: ImageShape | null;
  /** Single weights of a layer that is held in blocks. */
  readonly near: NearWeights;
}

export function paletteOf(theme: Theme): MaskPalette {
  const background = parseColor(theme.background)?.rgb ?? (theme.dark ? [31, 31, 31] : [255, 255, 255]);
  return maskPalette(background, parseColor(badColor())?.rgb ?? [220, 60, 50], theme.dark);
}

function badColor(): string {
  return getComputedStyle(document.body).getPropertyValue('--wt-bad').trim();
}

export class MaskStage {
  private readonly stage: MatrixStage;
  private readonly margins: Margins | null;
  private surface: Surface;
  private palette: MaskPalette;
  private mask: LoadedMask | null = null;

  constructor(
    private readonly layout: MaskLayout,
    private readonly options: MaskStageOptions,
    private mode: MaskMode,
    private theme: Theme,
  ) {
    this.palette = paletteOf(theme);
    this.margins = hasMargins(layout) ? new Margins() : null;
    const convolution = layout.axes.height * layout.axes.width > 1;
    this.stage = new MatrixStage(
      layout,
      {
        label: options.label,
        axes: convolution
          ? 'Each tile is a kernel: filters one after another, channels of a filter side by side.'
          : 'Rows are outputs, columns are inputs.',
        wheel: 'own',
        draw: (context, view, box) => {
          this.draw(context, view, box);
        },
        cellAt: (row, column) => this.cellAt(row, column),
        words: cell => this.words(cell),
        moved: () => {
          this.askNear();
        },
      },
      theme,
    );
    this.surface = this.newSurface();
    const box = this.stage.canvasBox;
    box.classList.toggle('with-margins', this.margins !== null);
    box.prepend(this.surface.element);
    if (this.margins) box.append(this.margins.right, this.margins.bottom);
  }

  get element(): HTMLElement {
    return this.stage.element;
  }

  /** Another mask of the same layer: the view stays. */
  show(mask: LoadedMask | null): void {
    this.mask = mask;
    this.stage.refresh();
    this.askNear();
  }

  setMode(mode: MaskMode): void {
    this.mode = mode;
    this.stage.draw();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.palette = paletteOf(theme);
    this.stage.setTheme(theme);
  }

  setBusy(busy: boolean): void {
    this.stage.setBusy(busy);
  }

  setProblem(message: string | null): void {
    this.stage.setProblem(message);
  }

  focus(): void {
    this.stage.focus();
  }

  close(): void {
    this.options.near.close();
    this.surface.close();
    this.stage.close();
  }

  private newSurface(): Surface {
    return (
      glSurface(() => {
        // what it held is gone; a plain canvas draws the same from what the page holds
        const plain = new CanvasSurface();
        this.surface.element.replaceWith(plain.element);
        this.surface = plain;
        this.stage.draw();
      }) ?? new CanvasSurface()
    );
  }

  private draw(context: CanvasRenderingContext2D, view: View, box: Size): void {
    const { mask, mode, palette, theme } = this;
    const sheets = mask ? this.sheets(mask, view, box) : [];
    const scene = { sheets, view, ...box, ratio: window.devicePixelRatio, mode, palette };
    if (!this.surface.draw(scene)) this.stage.draw();
    if (!mask) return;
    context.beginPath();
    context.rect(0, 0, view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow);
    context.clip();
    drawKernelLines(context, this.layout, view, theme);
    const weights = mask.picture ?? this.options.near.picture(mask);
    if (weights) drawWeights(context, weights, view, { mode, palette, limit: mask.counts.largest, theme });
    this.margins?.draw(this.layout, mask.counts, view, box, theme, badColor() || theme.foreground);
  }

  /** From far to near: the whole at a glance, what this zoom resolves, single weights that were asked for. */
  private sheets(mask: LoadedMask, view: View, box: Size): readonly Sheet[] {
    const { pyramid, picture, counts } = mask;
    const ratio = window.devicePixelRatio;
    const cells = ({ pixelsPerRow, pixelsPerColumn }: View): Sheet => {
      const rows = spanFor(pixelsPerRow * pyramid.unit.down * ratio, 1);
      const columns = spanFor(pixelsPerColumn * pyramid.unit.across * ratio, 1);
      return picture && rows === 1 && columns === 1
        ? sheetOfWeights(picture, counts.largest)
        : sheetOfCells(pyramid.grid(rows, columns), counts.largest);
    };
    const [far, resolved] = [cells(viewOf(wholeMatrix(this.layout), this.layout, box)), cells(view)];
    const near = picture || view.pixelsPerRow * ratio < 1 ? null : this.options.near.picture(mask);
    return [
      far,
      ...(resolved.id === far.id ? [] : [resolved]),
      ...(near ? [sheetOfWeights(near, counts.largest)] : []),
    ];
  }

  private askNear(): void {
    if (this.mask && !this.mask.picture && this.stage.shown) {
      this.options.near.ask(this.mask, this.stage.view(), problem => {
        if (problem !== null) this.stage.setProblem(problem);
        this.stage.refresh();
      });
    }
  }

  /** Single weights, where they are there. */
  private exact(row: number, column: number): { readonly picture: MaskPicture; readonly at: number } | null {
    const picture = this.mask && (this.mask.picture ?? this.options.near.picture(this.mask));
    if (!picture) return null;
    const [down, right] = [row - picture.row, column - picture.column];
    if (down < 0 || right < 0 || down >= picture.rows || right >= picture.columns) return null;
    return { picture, at: down * picture.columns + right };
  }

  /** Cells that the cursor goes by: single weights where they are large enough to point at. */
  private cursorGrid(): CellGrid | null {
    if (!this.mask) return null;
    const { pyramid } = this.mask;
    const view = this.stage.view();
    const { down, across } = pyramid.unit;
    const rows = spanFor(view.pixelsPerRow * down, cursorPixels);
    const columns = spanFor(view.pixelsPerColumn * across, cursorPixels);
    return pyramid.grid(rows, columns);
  }

  private cellAt(row: number, column: number): StageCell | null {
    const view = this.stage.view();
    const single = view.pixelsPerRow >= cursorPixels && view.pixelsPerColumn >= cursorPixels;
    if (single && this.exact(row, column)) {
      return weightAtPlace(this.layout, row, column) && { row, column, rows: 1, columns: 1 };
    }
    const grid = this.cursorGrid();
    if (!grid) return null;
    const top = Math.floor(row / grid.cellRows) * grid.cellRows;
    const left = Math.floor(column / grid.cellColumns) * grid.cellColumns;
    const rows = Math.min(grid.cellRows, this.layout.rows - top);
    const columns = Math.min(grid.cellColumns, this.layout.columns - left);
    return { row: top, column: left, rows, columns };
  }

  private words({ row, column, rows, columns }: StageCell): string {
    const { mask, layout, options } = this;
    if (!mask) return '';
    const exact = rows === 1 && columns === 1 ? this.exact(row, column) : null;
    if (exact) {
      const place = weightAtPlace(layout, row, column);
      const bits = exact.picture.bits[exact.at]!;
      if (!place || bits === gapBits) return '';
      const value = bits === prunedBits ? null : exact.picture.values[exact.at]!;
      return `${placeWords(layout, place, options.image)}: ${weightWords(value)}; ${lineWords(layout, mask.counts, place)}`;
    }
    const grid = rows * columns > 1 ? this.cursorGrid() : null;
    if (!grid) return '';
    const at = Math.floor(row / grid.cellRows) * grid.columns + Math.floor(column / grid.cellColumns);
    if (!grid.all[at]) return '';
    const sums = {
      all: grid.all[at],
      kept: grid.kept[at]!,
      positive: grid.positive[at]!,
      magnitude: grid.magnitude[at]!,
    };
    return `${spanWords(layout, { row, column, rows, columns })}: ${cellWords(sums)}`;
  }
}
