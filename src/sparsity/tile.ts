/** A region of a tensor's matrix view reduced to cells, for a heatmap. */
import type { MaskTile, MatrixRegion, Tile } from '../shared/inspectorMessages';
import { walk, type MatrixView } from './matrixView';
import type { Values } from './structure';

/** Cells over a region: all of one size but the last row and column. */
export interface CellGrid {
  readonly region: MatrixRegion;
  readonly rows: number;
  readonly columns: number;
  readonly cellRows: number;
  readonly cellColumns: number;
}

/** @param most rows and columns of cells */
export function gridOver(region: MatrixRegion, most: { readonly rows: number; readonly columns: number }): CellGrid {
  const cellRows = Math.ceil(region.rows / most.rows);
  const cellColumns = Math.ceil(region.columns / most.columns);
  return {
    region,
    rows: Math.ceil(region.rows / cellRows),
    columns: Math.ceil(region.columns / cellColumns),
    cellRows,
    cellColumns,
  };
}

/** @returns index of the cell that a place of the matrix lies in; −1: in none */
function cellOf({ region, columns, cellRows, cellColumns }: CellGrid, row: number, column: number): number {
  const down = row - region.row;
  const across = column - region.column;
  if (down < 0 || across < 0 || down >= region.rows || across >= region.columns) return -1;
  return Math.floor(down / cellRows) * columns + Math.floor(across / cellColumns);
}

export class TileAccumulator {
  private readonly maximum: Float32Array;
  private readonly sum: Float64Array;
  private readonly finite: Uint32Array;
  private readonly zeros: Uint32Array;
  private readonly count: Uint32Array;

  constructor(
    private readonly view: MatrixView,
    private readonly grid: CellGrid,
  ) {
    const cells = grid.rows * grid.columns;
    this.maximum = new Float32Array(cells);
    this.sum = new Float64Array(cells);
    this.finite = new Uint32Array(cells);
    this.zeros = new Uint32Array(cells);
    this.count = new Uint32Array(cells);
  }

  /** @param begin position of the first value; values beside the region are passed over */
  add(begin: number, values: Values): void {
    const { maximum, sum, finite, zeros, count, grid } = this;
    walk(this.view, begin, values, (row, column, index) => {
      const cell = cellOf(grid, row, column);
      if (cell < 0) return;
      const value = values[index]!;
      count[cell]!++;
      if (value === 0) zeros[cell]!++;
      if (!Number.isFinite(value)) return;
      finite[cell]!++;
      sum[cell]! += value;
      const magnitude = Math.abs(value);
      if (magnitude > maximum[cell]!) maximum[cell] = magnitude;
    });
  }

  result(): Tile {
    const { maximum, sum, finite, zeros, count } = this;
    const mean = Float32Array.from(sum, (total, cell) => total / finite[cell]!);
    const zeroFraction = Float32Array.from(zeros, (some, cell) => some / count[cell]!);
    return { ...this.grid, matrix: this.view.shape, cells: { kind: 'summary', maximum, mean, zeroFraction } };
  }
}

/** Single weights: the grid's cells are 1 × 1. */
export class WeightTileAccumulator {
  private readonly values: Float32Array;

  constructor(
    private readonly view: MatrixView,
    private readonly grid: CellGrid,
  ) {
    this.values = new Float32Array(grid.rows * grid.columns);
  }

  /** As TileAccumulator. */
  add(begin: number, values: Values): void {
    walk(this.view, begin, values, (row, column, index) => {
      const cell = cellOf(this.grid, row, column);
      if (cell >= 0) this.values[cell] = values[index]!;
    });
  }

  result(): Tile {
    return { ...this.grid, matrix: this.view.shape, cells: { kind: 'weights', values: this.values } };
  }
}

export class MaskTileAccumulator {
  private readonly both: Uint32Array;
  private readonly onlyLeft: Uint32Array;
  private readonly onlyRight: Uint32Array;

  constructor(
    private readonly view: MatrixView,
    private readonly grid: CellGrid,
  ) {
    const cells = grid.rows * grid.columns;
    this.both = new Uint32Array(cells);
    this.onlyLeft = new Uint32Array(cells);
    this.onlyRight = new Uint32Array(cells);
  }

  /** As many values of either side. */
  add(begin: number, left: Values, right: Values): void {
    walk(this.view, begin, left, (row, column, index) => {
      const cell = cellOf(this.grid, row, column);
      if (cell < 0) return;
      if (left[index] !== 0) (right[index] !== 0 ? this.both : this.onlyLeft)[cell]!++;
      else if (right[index] !== 0) this.onlyRight[cell]!++;
    });
  }

  result(): MaskTile {
    const { both, onlyLeft, onlyRight } = this;
    return { ...this.grid, matrix: this.view.shape, both, onlyLeft, onlyRight };
  }
}
