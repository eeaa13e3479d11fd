/** Where a matrix lies on the screen: zoom, place, and what has to be read to show it. Rows are outputs. Pure. */
import type { MatrixRegion } from '../../src/shared/inspectorMessages';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Weights stay squares at every zoom, so that kernels keep their form; left out: the whole is stretched to the box. */
  readonly square?: true;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * `zoom` 0 shows the whole matrix, stretched to the box; 1 shows single weights as squares that hold a number. Between
 * them both directions grow evenly in the logarithm, so that zooming out leads back the way that led in.
 */
export interface Camera {
  readonly zoom: number;
  /** The point of the matrix at the middle of the box, in weights. */
  readonly row: number;
  readonly column: number;
}

/** CSS pixels of a weight at the nearest. */
export const nearest = 48;
/** So many pixels hold a number. */
export const readable = 38;

export interface View {
  /** Of the matrix, in weights; not whole numbers. */
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
  /** CSS pixels of one weight. */
  readonly pixelsPerRow: number;
  readonly pixelsPerColumn: number;
}

/** CSS pixels of a weight, down and across. */
function scales(matrix: Matrix, box: Size, zoom: number): readonly [down: number, across: number] {
  const pixels = (fit: number): number => (fit >= nearest ? fit : fit ** (1 - zoom) * nearest ** zoom);
  const [down, across] = [box.height / Math.max(1, matrix.rows), box.width / Math.max(1, matrix.columns)];
  if (!matrix.square) return [pixels(down), pixels(across)];
  // a few large kernels need not fill the box
  const both = pixels(Math.min(down, across, nearest));
  return [both, both];
}

export function viewOf(camera: Camera, matrix: Matrix, box: Size): View {
  const [pixelsPerRow, pixelsPerColumn] = scales(matrix, box, camera.zoom);
  const rows = Math.min(matrix.rows, box.height / pixelsPerRow);
  const columns = Math.min(matrix.columns, box.width / pixelsPerColumn);
  return {
    rows,
    columns,
    top: clamp(camera.row - rows / 2, 0, matrix.rows - rows),
    left: clamp(camera.column - columns / 2, 0, matrix.columns - columns),
    pixelsPerRow,
    pixelsPerColumn,
  };
}

export function wholeMatrix(matrix: Matrix): Camera {
  return { zoom: 0, row: matrix.rows / 2, column: matrix.columns / 2 };
}

/** Whether there is anything to zoom: a small matrix shows its numbers as it is. */
export function canZoom(matrix: Matrix, box: Size): boolean {
  return scales(matrix, box, 0).some(scale => scale < nearest);
}

/** @param x, y in the box, CSS pixels: what lies there stays there */
export function zoomAt(camera: Camera, zoom: number, x: number, y: number, matrix: Matrix, box: Size): Camera {
  const before = viewOf(camera, matrix, box);
  const row = before.top + y / before.pixelsPerRow;
  const column = before.left + x / before.pixelsPerColumn;
  const level = clamp(zoom, 0, 1);
  const [perRow, perColumn] = scales(matrix, box, level);
  return settled(
    { zoom: level, row: row + (box.height / 2 - y) / perRow, column: column + (box.width / 2 - x) / perColumn },
    matrix,
    box,
  );
}

/** Moves what is shown by so many CSS pixels. */
export function panBy(camera: Camera, x: number, y: number, matrix: Matrix, box: Size): Camera {
  const { pixelsPerRow, pixelsPerColumn } = viewOf(camera, matrix, box);
  return settled(
    { ...camera, row: camera.row - y / pixelsPerRow, column: camera.column - x / pixelsPerColumn },
    matrix,
    box,
  );
}

/** As little as brings a weight wholly into view. */
export function panTo(camera: Camera, row: number, column: number, matrix: Matrix, box: Size): Camera {
  const { top, left, rows, columns } = viewOf(camera, matrix, box);
  const shift = (at: number, first: number, count: number): number =>
    at < first ? at - first : at + 1 > first + count ? at + 1 - first - count : 0;
  return settled(
    {
      ...camera,
      row: top + rows / 2 + shift(row, top, rows),
      column: left + columns / 2 + shift(column, left, columns),
    },
    matrix,
    box,
  );
}

/** The middle is where it can be: no gap at an edge, and no way to push further against it. */
function settled(camera: Camera, matrix: Matrix, box: Size): Camera {
  const { top, left, rows, columns } = viewOf(camera, matrix, box);
  return { zoom: camera.zoom, row: top + rows / 2, column: left + columns / 2 };
}

export interface Ask {
  readonly region: MatrixRegion;
  readonly cells: { readonly rows: number; readonly columns: number };
}

/**
 * What to read for a view: the weights in it and some around, cut so that cells stay where they are while the view
 * moves: a cell spans a power of two, and the region begins at a multiple of it.
 * @param most cells in each direction
 */
export function askFor(view: View, matrix: Matrix, most: number): Ask {
  const [row, rows, cellRows] = cut(view.top, view.rows, view.pixelsPerRow, matrix.rows, most);
  const [column, columns, cellColumns] = cut(view.left, view.columns, view.pixelsPerColumn, matrix.columns, most);
  return {
    region: { row, column, rows, columns },
    cells: { rows: Math.ceil(rows / cellRows), columns: Math.ceil(columns / cellColumns) },
  };
}

/** A cell of fewer pixels is too small to see. */
const leastPixels = 2;

function cut(first: number, count: number, scale: number, all: number, most: number): [number, number, number] {
  let span = 2 ** Math.max(0, Math.ceil(Math.log2(leastPixels / scale)));
  while (Math.ceil(count / span) + 2 > most && span < all) span *= 2;
  // some of what lies around, so that a small move shows no gap
  const spare = Math.min(count / 2, Math.max(0, ((most - 2) * span - count) / 2));
  const begin = Math.max(0, Math.floor((first - spare) / span) * span);
  const end = Math.min(all, Math.ceil((first + count + spare) / span) * span);
  return [begin, end - begin, span];
}

/** Whether a tile that is there already serves a view as well as the one that would be asked for. */
export function serves(
  tile: { readonly region: MatrixRegion; readonly cellRows: number; readonly cellColumns: number },
  view: View,
  ask: Ask,
): boolean {
  const { region } = tile;
  const fine =
    tile.cellRows <= Math.ceil(ask.region.rows / ask.cells.rows) &&
    tile.cellColumns <= Math.ceil(ask.region.columns / ask.cells.columns);
  return (
    fine &&
    region.row <= view.top &&
    region.column <= view.left &&
    region.row + region.rows >= view.top + view.rows - 1e-6 &&
    region.column + region.columns >= view.left + view.columns - 1e-6
  );
}

/** A pointer's place as a weight; null beyond the matrix. */
export function weightAt(view: View, x: number, y: number): { readonly row: number; readonly column: number } | null {
  const row = Math.floor(view.top + y / view.pixelsPerRow);
  const column = Math.floor(view.left + x / view.pixelsPerColumn);
  const inside = y >= 0 && x >= 0 && row < view.top + view.rows && column < view.left + view.columns;
  return inside ? { row, column } : null;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(least, most), Math.max(least, value));
}
