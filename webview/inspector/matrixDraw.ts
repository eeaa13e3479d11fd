/** Draws tiles of a matrix on a canvas: a pixel a cell, stretched; numbers and lines where cells are large. */
import type { MatrixRegion, MatrixShape } from '../../src/shared/inspectorMessages';
import { textOn } from '../charts/color';
import { h } from '../ui/dom';
import type { Theme } from '../ui/theme';
import { readable, type View } from '../charts/matrixModel';
import type { CellPainter } from './matrixPaint';

export interface MatrixTile {
  readonly matrix: MatrixShape;
  readonly region: MatrixRegion;
  readonly rows: number;
  readonly columns: number;
  readonly cellRows: number;
  readonly cellColumns: number;
}

export interface Painted<T> {
  readonly tile: T;
  readonly painter: CellPainter;
  readonly picture: HTMLCanvasElement;
}

/** Rows of text need so many pixels. */
const readableRow = 14;

export function paint<T extends MatrixTile>(tile: T, painter: CellPainter): Painted<T> {
  const { rows, columns } = painter;
  const picture = h('canvas', { attributes: { width: Math.max(1, columns), height: Math.max(1, rows) } });
  const context = picture.getContext('2d');
  if (context && rows > 0 && columns > 0) {
    const image = context.createImageData(columns, rows);
    for (let index = 0; index < rows * columns; index++) {
      image.data.set(painter.color(index), index * 4);
      image.data[index * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }
  return { tile, painter, picture };
}

export function drawPicture<T extends MatrixTile>(
  context: CanvasRenderingContext2D,
  painted: Painted<T>,
  view: View,
): void {
  const { region, rows, columns, cellRows, cellColumns } = painted.tile;
  const x = (region.column - view.left) * view.pixelsPerColumn;
  const y = (region.row - view.top) * view.pixelsPerRow;
  context.save();
  // cells of the last row and column may be cut: the picture ends with the region
  context.beginPath();
  context.rect(x, y, region.columns * view.pixelsPerColumn, region.rows * view.pixelsPerRow);
  context.clip();
  context.drawImage(
    painted.picture,
    x,
    y,
    columns * cellColumns * view.pixelsPerColumn,
    rows * cellRows * view.pixelsPerRow,
  );
  context.restore();
}

/** The numbers in cells that have room for them; in high contrast, a line round each. */
export function drawCells<T extends MatrixTile>(
  context: CanvasRenderingContext2D,
  { tile, painter }: Painted<T>,
  view: View,
  theme: Theme,
): void {
  const width = tile.cellColumns * view.pixelsPerColumn;
  const height = tile.cellRows * view.pixelsPerRow;
  const withText = width >= readable && height >= readableRow;
  const withLines = theme.highContrast && width >= 6 && height >= 6;
  if (!withText && !withLines) return;
  context.font = theme.font.replace(/^[\d.]+/, size => String(Math.min(11, Number(size))));
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.strokeStyle = theme.grid;
  context.lineWidth = 1;
  const firstRow = Math.max(0, Math.floor((view.top - tile.region.row) / tile.cellRows));
  const firstColumn = Math.max(0, Math.floor((view.left - tile.region.column) / tile.cellColumns));
  const lastRow = Math.min(tile.rows, firstRow + Math.ceil(view.rows / tile.cellRows) + 1);
  const lastColumn = Math.min(tile.columns, firstColumn + Math.ceil(view.columns / tile.cellColumns) + 1);
  for (let row = firstRow; row < lastRow; row++) {
    for (let column = firstColumn; column < lastColumn; column++) {
      const index = row * tile.columns + column;
      const x = (tile.region.column + column * tile.cellColumns - view.left) * view.pixelsPerColumn;
      const y = (tile.region.row + row * tile.cellRows - view.top) * view.pixelsPerRow;
      if (withLines) context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      if (!withText) continue;
      const color = painter.color(index);
      context.fillStyle = textOn(color);
      context.fillText(painter.text(index), x + width / 2, y + height / 2, width - 4);
    }
  }
}
