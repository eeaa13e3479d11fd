/** What lies over the cells of a mask: lines between kernels, numbers and signs of single weights. */
import { textOn } from '../charts/color';
import { readable, type View } from '../charts/matrixModel';
import type { Theme } from '../ui/theme';
import { colorOf, encodeWeights, type MaskMode, type MaskPalette } from './colors';
import { weightAtPlace, type MaskLayout } from './layout';
import { gapBits, prunedBits, type MaskPicture } from './picture';
import { signedNumber } from './words';

const readableRow = 14;
/** CSS pixels of a kernel or weight from which lines do not hide it. */
const leastForLines = 10;
const leastForSigns = 9;

/** Between kernels; the page's background, so that kernels look like tiles. */
export function drawKernelLines(context: CanvasRenderingContext2D, layout: MaskLayout, view: View, theme: Theme): void {
  const { height, width } = layout.axes;
  if (height * width === 1) return;
  const span = layout.kernels * width;
  const [right, bottom] = [view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow];
  context.fillStyle = theme.background;
  const lines = (
    every: number,
    thickness: number,
    first: number,
    count: number,
    scale: number,
    down: boolean,
  ): void => {
    if (every * scale < leastForLines) return;
    for (let at = Math.max(every, Math.ceil(first / every) * every); at < first + count; at += every) {
      const from = (at - first) * scale - thickness / 2;
      if (down) context.fillRect(0, from, right, thickness);
      else context.fillRect(from, 0, thickness, bottom);
    }
  };
  lines(height, layout.kernels > 1 ? 2 : 1, view.top, view.rows, view.pixelsPerRow, true);
  if (layout.kernels > 1) lines(width, 1, view.left, view.columns, view.pixelsPerColumn, false);
  lines(span, layout.kernels > 1 ? 4 : 1, view.left, view.columns, view.pixelsPerColumn, false);
}

export interface WeightLook {
  readonly mode: MaskMode;
  readonly palette: MaskPalette;
  readonly limit: number;
  readonly theme: Theme;
}

/** Values in weights that have room for them; in high contrast signs and lines, from a few pixels on. */
export function drawWeights(
  context: CanvasRenderingContext2D,
  picture: MaskPicture,
  view: View,
  { mode, palette, limit, theme }: WeightLook,
): void {
  const { pixelsPerColumn: width, pixelsPerRow: height } = view;
  const withText = width >= readable && height >= readableRow;
  const withSigns = theme.highContrast && width >= leastForSigns && height >= leastForSigns;
  if (!withText && !withSigns) return;
  context.font = theme.font.replace(/^[\d.]+/, size => String(Math.min(11, Number(size))));
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.strokeStyle = theme.grid;
  const rows = [
    Math.max(picture.row, Math.floor(view.top)),
    Math.min(picture.row + picture.rows, view.top + view.rows),
  ];
  const columns = [
    Math.max(picture.column, Math.floor(view.left)),
    Math.min(picture.column + picture.columns, view.left + view.columns),
  ];
  for (let row = rows[0]!; row < rows[1]!; row++) {
    for (let column = columns[0]!; column < columns[1]!; column++) {
      const at = (row - picture.row) * picture.columns + column - picture.column;
      const bits = picture.bits[at]!;
      if (bits === gapBits || !weightAtPlace(picture.layout, row, column)) continue;
      const x = (column - view.left) * width;
      const y = (row - view.top) * height;
      if (withSigns) context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      if (bits === prunedBits) continue;
      const one = { row: row - picture.row, column: column - picture.column, rows: 1, columns: 1 };
      const color = colorOf(palette, mode, encodeWeights(picture, one, limit), 0);
      if (!color) continue;
      context.fillStyle = textOn(color);
      const value = picture.values[at]!;
      const text = withText ? signedNumber(value) : value >= 0 ? '+' : '−';
      context.fillText(text, x + width / 2, y + height / 2, width - 2);
    }
  }
}
