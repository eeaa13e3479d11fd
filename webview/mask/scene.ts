/** What is drawn of a mask: sheets over each other, each cut into tiles that are coloured once and then only moved. Pure. */
import type { View } from '../charts/matrixModel';
import type { CellGrid } from './cells';
import { encodeCells, encodeWeights, type MaskMode, type MaskPalette, type Rectangle } from './colors';
import type { MaskPicture } from './picture';

/** A rectangle of the layout in cells of one size. */
export interface Sheet {
  /** Another one where the contents are others. */
  readonly id: object;
  /** Where it begins in the layout, in weights. */
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
  /** Weights that a cell spans. */
  readonly cellRows: number;
  readonly cellColumns: number;
  readonly encode: (rectangle: Rectangle) => Uint8Array;
}

export function sheetOfWeights(picture: MaskPicture, limit: number): Sheet {
  const { row: top, column: left, rows, columns } = picture;
  const encode = (rectangle: Rectangle): Uint8Array => encodeWeights(picture, rectangle, limit);
  return { id: picture, top, left, rows, columns, cellRows: 1, cellColumns: 1, encode };
}

export function sheetOfCells(grid: CellGrid, limit: number): Sheet {
  const { rows, columns, cellRows, cellColumns } = grid;
  const encode = (rectangle: Rectangle): Uint8Array => encodeCells(grid, rectangle, limit);
  return { id: grid, top: 0, left: 0, rows, columns, cellRows, cellColumns, encode };
}

export interface Scene {
  /** Coarse ones first: they show through where a finer one is not ready. */
  readonly sheets: readonly Sheet[];
  readonly view: View;
  /** CSS pixels of the box, and device pixels of one of them. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly mode: MaskMode;
  readonly palette: MaskPalette;
}

/** Draws scenes; two ways. */
export interface Surface {
  readonly element: HTMLCanvasElement;
  /** @returns false: more is to be drawn in the next frame, which has time of its own */
  draw(scene: Scene): boolean;
  close(): void;
}

/** Cells along each side of a tile. */
export const tileCells = 512;
/** New tiles that a frame takes at most, beyond the first sheet: each costs some milliseconds. */
export const newTiles = 3;

export interface Tile extends Rectangle {
  readonly index: number;
}

/** Tiles of a sheet that can be seen. */
export function tilesInView(sheet: Sheet, view: View): readonly Tile[] {
  const { top, left, rows, columns, cellRows, cellColumns } = sheet;
  const range = (from: number, to: number, count: number): readonly [number, number] => [
    Math.max(0, Math.floor(from / tileCells)),
    Math.min(Math.ceil(count / tileCells), Math.floor(to / tileCells) + 1),
  ];
  const [firstRow, lastRow] = range((view.top - top) / cellRows, (view.top + view.rows - top) / cellRows, rows);
  const [firstColumn, lastColumn] = range(
    (view.left - left) / cellColumns,
    (view.left + view.columns - left) / cellColumns,
    columns,
  );
  const across = Math.ceil(columns / tileCells);
  const tiles: Tile[] = [];
  for (let down = firstRow; down < lastRow; down++) {
    for (let right = firstColumn; right < lastColumn; right++) {
      const [row, column] = [down * tileCells, right * tileCells];
      tiles.push({
        index: down * across + right,
        row,
        column,
        rows: Math.min(tileCells, rows - row),
        columns: Math.min(tileCells, columns - column),
      });
    }
  }
  return tiles;
}

/** Where a tile lies in the box, in CSS pixels. */
export function tileBox(
  sheet: Sheet,
  tile: Rectangle,
  view: View,
): { x: number; y: number; width: number; height: number } {
  return {
    x: (sheet.left + tile.column * sheet.cellColumns - view.left) * view.pixelsPerColumn,
    y: (sheet.top + tile.row * sheet.cellRows - view.top) * view.pixelsPerRow,
    width: tile.columns * sheet.cellColumns * view.pixelsPerColumn,
    height: tile.rows * sheet.cellRows * view.pixelsPerRow,
  };
}

/** Drawn tiles by sheet and index; the ones not seen for longest go first. */
export class TileStore<T> {
  private readonly tiles = new Map<string, T>();
  private readonly ids = new WeakMap<object, number>();
  private nextId = 0;

  constructor(
    private readonly most: number,
    private readonly release: (tile: T) => void,
  ) {}

  get(sheet: Sheet, { index }: Tile): T | undefined {
    const key = this.key(sheet, index);
    const tile = this.tiles.get(key);
    if (tile === undefined) return undefined;
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    return tile;
  }

  put(sheet: Sheet, { index }: Tile, tile: T): void {
    this.tiles.set(this.key(sheet, index), tile);
    for (const [key, old] of this.tiles) {
      if (this.tiles.size <= this.most) break;
      this.tiles.delete(key);
      this.release(old);
    }
  }

  clear(): void {
    for (const tile of this.tiles.values()) this.release(tile);
    this.tiles.clear();
  }

  private key({ id }: Sheet, index: number): string {
    const known = this.ids.get(id) ?? this.nextId++;
    this.ids.set(id, known);
    return `${known} ${index}`;
  }
}

/** Calls back for each tile in view with what it was made into; makes as many as a frame has time for. */
export function eachTile<T>(
  { sheets, view }: Pick<Scene, 'sheets' | 'view'>,
  store: TileStore<T>,
  make: (sheet: Sheet, tile: Tile) => T,
  draw: (sheet: Sheet, tile: Tile, made: T) => void,
): boolean {
  let left = newTiles;
  let complete = true;
  sheets.forEach((sheet, order) => {
    for (const tile of tilesInView(sheet, view)) {
      let made = store.get(sheet, tile);
      if (made === undefined && (order === 0 || left > 0)) {
        made = make(sheet, tile);
        store.put(sheet, tile, made);
        if (order > 0) left--;
      }
      if (made === undefined) complete = false;
      else draw(sheet, tile, made);
    }
  });
  return complete;
}
