import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatrixRegion } from '../../../src/shared/inspectorMessages';
import { countOf, type TensorLayout } from '../../../src/sparsity/layout';
import { cutRegion, matrixViewOf, rangesOf, walk } from '../../../src/sparsity/matrixView';
import { gridOver, MaskTileAccumulator, TileAccumulator, WeightTileAccumulator } from '../../../src/sparsity/tile';
import { placesOf } from '../../support/naiveStatistics';
import { layouts, tensors } from '../../support/tensorArbitraries';

/** Row and column of a position by the definition: outputs down, inputs and then what is left across. */
function placeOf(position: number, { shape, outputAxis, inputAxis }: TensorLayout): [number, number] {
  if (shape.length < 2) return [0, position];
  const places = placesOf(position, shape);
  const output = outputAxis ?? (inputAxis === 0 ? 1 : 0);
  const axes = shape.map((_, axis) => axis).filter(axis => axis !== output);
  if (inputAxis !== null && inputAxis !== output)
    axes.sort((a, b) => Number(b === inputAxis) - Number(a === inputAxis));
  return [places[output]!, axes.reduce((column, axis) => column * shape[axis]! + places[axis]!, 0)];
}

const filled = layouts.filter(({ shape }) => countOf(shape) > 0);

/** A region within the matrix of a layout, by shares. */
const framed = fc.tuple(
  tensors.filter(({ values }) => values.length > 0),
  fc.tuple(fc.double({ max: 0.99, min: 0, noNaN: true }), fc.double({ max: 0.99, min: 0, noNaN: true })),
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
);

function regionOf(
  layout: TensorLayout,
  [down, across]: readonly number[],
  [rows, columns]: readonly number[],
): MatrixRegion {
  const { shape } = matrixViewOf(layout);
  const region = { row: Math.floor(down! * shape.rows), column: Math.floor(across! * shape.columns) };
  return cutRegion({ ...region, rows: rows!, columns: columns! }, shape)!;
}

describe('a tensor as a matrix', () => {
  it('has outputs for rows and inputs × kernel positions for columns, whatever the order in memory', () => {
    fc.assert(
      fc.property(filled, fc.nat(), (layout, seed) => {
        const count = countOf(layout.shape);
        const begin = seed % count;
        const seen: [number, number][] = [];
        walk(matrixViewOf(layout), begin, new Float32Array(count - begin), (row, column) => seen.push([row, column]));
        expect(seen).toEqual(Array.from({ length: count - begin }, (_, i) => placeOf(begin + i, layout)));
      }),
    );
  });

  it.each([
    [
      { shape: [], outputAxis: null, inputAxis: null },
      { rows: 1, columns: 1, kernelPositions: 1 },
    ],
    [
      { shape: [7], outputAxis: 0, inputAxis: null },
      { rows: 1, columns: 7, kernelPositions: 1 },
    ],
    [
      { shape: [8, 4, 3, 3], outputAxis: 0, inputAxis: 1 },
      { rows: 8, columns: 36, kernelPositions: 9 },
    ],
    [
      { shape: [3, 3, 4, 8], outputAxis: 3, inputAxis: 2 },
      { rows: 8, columns: 36, kernelPositions: 9 },
    ],
    [
      { shape: [5, 6, 7], outputAxis: null, inputAxis: null },
      { rows: 5, columns: 42, kernelPositions: 1 },
    ],
    [
      { shape: [0, 6], outputAxis: 0, inputAxis: 1 },
      { rows: 0, columns: 6, kernelPositions: 1 },
    ],
  ])('%j has the size %j', (layout, size) => {
    expect(matrixViewOf(layout).shape).toEqual(size);
  });

  it('reads a region in ascending ranges without overlap, none too long, that hold all of it', () => {
    fc.assert(
      fc.property(framed, fc.integer({ min: 1, max: 300 }), ([{ layout }, from, size], most) => {
        const view = matrixViewOf(layout);
        const region = regionOf(layout, from, size);
        const read = new Set<string>();
        let last = 0;
        for (const { begin, end } of rangesOf(view, region, most)) {
          expect(begin).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(begin);
          expect(end - begin).toBeLessThanOrEqual(most);
          expect(end).toBeLessThanOrEqual(countOf(layout.shape));
          walk(view, begin, new Float32Array(end - begin), (row, column) => read.add(`${row},${column}`));
          last = end;
        }
        for (let row = 0; row < region.rows; row++) {
          for (let column = 0; column < region.columns; column++) {
            expect(read).toContain(`${region.row + row},${region.column + column}`);
          }
        }
      }),
    );
  });

  it('reads only what a small region of a large matrix needs', () => {
    const view = matrixViewOf({ shape: [50_000, 100_000], outputAxis: 0, inputAxis: 1 });
    const ranges = [...rangesOf(view, { row: 40_000, column: 90_000, rows: 64, columns: 64 }, 2 ** 18)];
    expect(ranges).toHaveLength(64);
    expect(ranges[0]).toEqual({ begin: 4_000_090_000, end: 4_000_090_064 });
  });

  it('has no region beyond its ends', () => {
    const shape = { rows: 4, columns: 5, kernelPositions: 1 };
    expect(cutRegion({ row: 2, column: 3, rows: 9, columns: 9 }, shape)).toEqual({
      row: 2,
      column: 3,
      rows: 2,
      columns: 2,
    });
    expect(cutRegion({ row: 4, column: 0, rows: 1, columns: 1 }, shape)).toBeNull();
  });
});

describe('a tile', () => {
  it('sums up the weights of each of its cells, and holds single ones where there is room', () => {
    fc.assert(
      fc.property(
        framed,
        fc.record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) }),
        ([{ layout, values }, from, size], most) => {
          const view = matrixViewOf(layout);
          const grid = gridOver(regionOf(layout, from, size), most);
          expect(grid.rows).toBeLessThanOrEqual(most.rows);
          expect(grid.columns).toBeLessThanOrEqual(most.columns);
          const tile = new TileAccumulator(view, grid);
          const weights = new WeightTileAccumulator(view, {
            ...grid,
            cellRows: 1,
            cellColumns: 1,
            rows: grid.region.rows,
            columns: grid.region.columns,
          });
          for (const { begin, end } of rangesOf(view, grid.region, 100)) {
            tile.add(begin, Float32Array.from(values.slice(begin, end)));
            weights.add(begin, Float32Array.from(values.slice(begin, end)));
          }
          const inRegion = new Map(values.map((value, position) => [placeOf(position, layout).join(), value]));
          const cells: number[][] = Array.from({ length: grid.rows * grid.columns }, () => []);
          const single: number[] = [];
          for (let row = 0; row < grid.region.rows; row++) {
            for (let column = 0; column < grid.region.columns; column++) {
              const value = inRegion.get([grid.region.row + row, grid.region.column + column].join())!;
              single.push(value);
              cells[Math.floor(row / grid.cellRows) * grid.columns + Math.floor(column / grid.cellColumns)]!.push(
                value,
              );
            }
          }
          expect(weights.result().cells).toEqual({ kind: 'weights', values: Float32Array.from(single) });
          const finite = cells.map(cell => cell.filter(Number.isFinite));
          expect(tile.result().cells).toEqual({
            kind: 'summary',
            maximum: Float32Array.from(finite, cell => Math.max(0, ...cell.map(Math.abs))),
            mean: expect.any(Float32Array),
            zeroFraction: Float32Array.from(cells, cell => cell.filter(x => x === 0).length / cell.length),
          });
          const { cells: actual } = tile.result();
          if (actual.kind !== 'summary') throw new Error('a summary was expected');
          finite.forEach((cell, i) => {
            const mean = cell.reduce((sum, x) => sum + x, 0) / cell.length;
            const largest = Math.max(0, ...cell.map(Math.abs));
            if (cell.length === 0) expect(actual.mean[i]).toBeNaN();
            else expect(Math.abs(actual.mean[i]! - mean)).toBeLessThanOrEqual(1e-6 * largest + 2 ** -149);
          });
        },
      ),
    );
  });

  it('of two masks counts what both keep, and what one of them', () => {
    const view = matrixViewOf({ shape: [2, 4], outputAxis: 0, inputAxis: 1 });
    const grid = gridOver({ row: 0, column: 0, rows: 2, columns: 4 }, { rows: 1, columns: 2 });
    const tile = new MaskTileAccumulator(view, grid);
    tile.add(0, Float32Array.of(1, 0, 3, 0), Float32Array.of(1, 1, 0, 0));
    tile.add(4, Float32Array.of(1, 0, 3, 0), Float32Array.of(-1, -0, 2, 5));
    expect(tile.result()).toMatchObject({
      rows: 1,
      columns: 2,
      cellRows: 2,
      cellColumns: 2,
      both: Uint32Array.of(2, 1),
      onlyLeft: Uint32Array.of(0, 1),
      onlyRight: Uint32Array.of(1, 1),
    });
  });
});
