/**
 * Weights added up to cells, for a picture seen from far: a cell is as dense as the weights in it, so that the density reads
 * right at any zoom. Cells grow by powers of two, in each direction by itself. Pure.
 */
import { gapBits, prunedBits, type MaskPicture } from './picture';

export interface CellGrid {
  readonly rows: number;
  readonly columns: number;
  /** Weights that one cell spans; the last row and column may hold fewer. */
  readonly cellRows: number;
  readonly cellColumns: number;
  /** Weights in each cell, kept ones, those of them that are not below 0, and the sum of their |w|. */
  readonly all: Uint32Array;
  readonly kept: Uint32Array;
  readonly positive: Uint32Array;
  readonly magnitude: Float32Array;
}

export function emptyGrid(rows: number, columns: number, cellRows: number, cellColumns: number): CellGrid {
  const cells = rows * columns;
  const [all, kept, positive] = [new Uint32Array(cells), new Uint32Array(cells), new Uint32Array(cells)];
  return { rows, columns, cellRows, cellColumns, all, kept, positive, magnitude: new Float32Array(cells) };
}

/** @param down, across weights that a cell spans */
export function gridOfWeights({ bits, values, rows, columns }: MaskPicture, down: number, across: number): CellGrid {
  const grid = emptyGrid(Math.ceil(rows / down), Math.ceil(columns / across), down, across);
  const { all, kept, positive, magnitude } = grid;
  // the power of two that `across` is
  const shift = Math.log2(across);
  for (let row = 0, at = 0; row < rows; row++) {
    const line = Math.floor(row / down) * grid.columns;
    for (let column = 0; column < columns; column++, at++) {
      const one = bits[at]!;
      if (one === gapBits) continue;
      const cell = line + (column >> shift);
      all[cell]!++;
      if (one === prunedBits) continue;
      const value = values[at]!;
      kept[cell]!++;
      if (value >= 0) positive[cell]!++;
      const size = Math.abs(value);
      if (size < Infinity) magnitude[cell]! += size;
    }
  }
  return grid;
}

function coarser(grid: CellGrid, down: number, across: number): CellGrid {
  const [rows, columns] = [Math.ceil(grid.rows / down), Math.ceil(grid.columns / across)];
  const sums = emptyGrid(rows, columns, grid.cellRows * down, grid.cellColumns * across);
  for (let row = 0, at = 0; row < grid.rows; row++) {
    const line = Math.floor(row / down) * columns;
    for (let column = 0; column < grid.columns; column++, at++) {
      const cell = line + Math.floor(column / across);
      sums.all[cell]! += grid.all[at]!;
      sums.kept[cell]! += grid.kept[at]!;
      sums.positive[cell]! += grid.positive[at]!;
      sums.magnitude[cell]! += grid.magnitude[at]!;
    }
  }
  return sums;
}

/** Grids of one mask, made when they are asked for, each from the coarsest that serves. */
export class Pyramid {
  private readonly grids = new Map<string, CellGrid>();

  /** @param finest weights; of a layer too large for them, the blocks that came in their place */
  constructor(private readonly finest: MaskPicture | CellGrid) {}

  /** Weights that a cell of the finest grid spans. */
  get unit(): { readonly down: number; readonly across: number } {
    return 'bits' in this.finest
      ? { down: 1, across: 1 }
      : { down: this.finest.cellRows, across: this.finest.cellColumns };
  }

  /** @param down, across powers of two, in units of the finest */
  grid(down: number, across: number): CellGrid {
    if (down * across === 1 && !('bits' in this.finest)) return this.finest;
    const key = `${down} ${across}`;
    const known = this.grids.get(key);
    if (known) return known;
    const { unit } = this;
    let best: CellGrid | undefined = 'bits' in this.finest ? undefined : this.finest;
    for (const grid of this.grids.values()) {
      const serves = grid.cellRows <= down * unit.down && grid.cellColumns <= across * unit.across;
      if (serves && (!best || grid.all.length < best.all.length)) best = grid;
    }
    const made = best
      ? coarser(best, (down * unit.down) / best.cellRows, (across * unit.across) / best.cellColumns)
      : gridOfWeights(this.finest as MaskPicture, down, across);
    this.grids.set(key, made);
    return made;
  }
}

/** Cells that span so many units that each has at least so many pixels. @param pixels of one unit */
export function spanFor(pixels: number, least: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(least / pixels)));
}
