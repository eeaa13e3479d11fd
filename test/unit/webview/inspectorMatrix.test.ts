import { describe, expect, test } from 'vitest';
import { distance, toOklch, type Rgb } from '../../../webview/charts/color';
import { diverging } from '../../../webview/charts/diverging';
import {
  askFor,
  canZoom,
  nearest,
  panBy,
  panTo,
  serves,
  viewOf,
  weightAt as placeAt,
  wholeMatrix,
  zoomAt,
} from '../../../webview/charts/matrixModel';
import { maskPainter, tilePainter, type Palette } from '../../../webview/inspector/matrixPaint';
import { maskTileOf, tileOf } from '../../support/sampleInspection';

const box = { width: 600, height: 400 };
const large = { rows: 50_000, columns: 4_096, kernelPositions: 1 };
const small = { rows: 4, columns: 6, kernelPositions: 1 };

describe('the camera', () => {
  test('shows the whole matrix at first, filling the box', () => {
    const view = viewOf(wholeMatrix(large), large, box);
    expect(view).toMatchObject({ top: 0, left: 0, rows: 50_000, columns: 4_096 });
    expect(view.pixelsPerRow * view.rows).toBeCloseTo(400);
  });

  test('comes as near as squares that hold a number', () => {
    const view = viewOf({ zoom: 1, row: 100, column: 100 }, large, box);
    expect(view.pixelsPerRow).toBeCloseTo(nearest);
    expect(view.pixelsPerColumn).toBeCloseTo(nearest);
  });

  test('keeps the place under the pointer where it is, in and out again', () => {
    const before = { zoom: 0.4, row: 20_000, column: 2_000 };
    const under = placeAt(viewOf(before, large, box), 150, 90)!;
    const near = zoomAt(before, 0.7, 150, 90, large, box);
    expect(placeAt(viewOf(near, large, box), 150, 90)).toEqual(under);
    const back = zoomAt(near, 0.4, 150, 90, large, box);
    expect(back.row).toBeCloseTo(before.row, 3);
    expect(back.column).toBeCloseTo(before.column, 3);
  });

  test('never shows beyond an edge, and does not push against it', () => {
    let camera = zoomAt(wholeMatrix(large), 0.8, 300, 200, large, box);
    for (let step = 0; step < 500; step++) camera = panBy(camera, 3_000, 3_000, large, box);
    expect(viewOf(camera, large, box)).toMatchObject({ top: 0, left: 0 });
    const back = panBy(camera, -10, 0, large, box);
    expect(viewOf(back, large, box).left).toBeGreaterThan(0);
  });

  test('moves just as far as brings a weight into view', () => {
    const camera = { zoom: 1, row: 1_000, column: 1_000 };
    const view = viewOf(camera, large, box);
    const inside = panTo(camera, 1_000, 1_000, large, box);
    expect(viewOf(inside, large, box)).toEqual(view);
    const right = viewOf(panTo(camera, 1_000, 1_200, large, box), large, box);
    expect(right.left + right.columns).toBeCloseTo(1_201);
    expect(right.top).toBeCloseTo(view.top);
  });

  test('a matrix that fits with its numbers cannot be zoomed', () => {
    expect(canZoom(small, box)).toBe(false);
    expect(canZoom(large, box)).toBe(true);
  });
});

describe('what is read for a view', () => {
  test('is never more than the most, whatever the matrix and the zoom', () => {
    for (const matrix of [large, small, { rows: 1, columns: 10 ** 9, kernelPositions: 1 }]) {
      for (const zoom of [0, 0.2, 0.5, 0.9, 1]) {
        const view = viewOf({ zoom, row: matrix.rows / 2, column: matrix.columns / 3 }, matrix, {
          width: 1_900,
          height: 900,
        });
        const { region, cells } = askFor(view, matrix, 512);
        expect(cells.rows).toBeLessThanOrEqual(512);
        expect(cells.columns).toBeLessThanOrEqual(512);
        expect(region.row + region.rows).toBeLessThanOrEqual(matrix.rows);
        expect(region.column + region.columns).toBeLessThanOrEqual(matrix.columns);
        expect(region.rows).toBeGreaterThan(0);
        expect(region.row).toBeLessThanOrEqual(view.top);
        expect(region.row + region.rows).toBeGreaterThanOrEqual(view.top + view.rows - 1e-6);
        expect(region.column + region.columns).toBeGreaterThanOrEqual(view.left + view.columns - 1e-6);
      }
    }
  });

  test('is single weights once they can be seen', () => {
    const { region, cells } = askFor(viewOf({ zoom: 1, row: 9, column: 9 }, large, box), large, 512);
    expect(cells).toEqual({ rows: region.rows, columns: region.columns });
  });

  test('serves small moves after it, but not what lies elsewhere or must be finer', () => {
    const camera = { zoom: 0.6, row: 20_000, column: 2_000 };
    const view = viewOf(camera, large, box);
    const ask = askFor(view, large, 512);
    const tile = tileOf(large, ask.region, ask.cells);
    expect(serves(tile, view, ask)).toBe(true);
    const near = viewOf(panBy(camera, 15, 15, large, box), large, box);
    expect(serves(tile, near, askFor(near, large, 512))).toBe(true);
    const far = viewOf(panBy(camera, 2_500, 0, large, box), large, box);
    expect(serves(tile, far, askFor(far, large, 512))).toBe(false);
    const finer = viewOf({ ...camera, zoom: 0.95 }, large, box);
    expect(serves(tile, finer, askFor(finer, large, 512))).toBe(false);
  });
});

const palette: Palette = {
  dark: true,
  background: [31, 31, 31],
  foreground: [157, 157, 157],
  bad: [220, 60, 50],
  left: [80, 160, 250],
  right: [230, 140, 60],
};

describe('the colours of cells', () => {
  const matrix = { rows: 8, columns: 8, kernelPositions: 1 };
  const region = { row: 0, column: 0, rows: 8, columns: 8 };
  const weights = (values: readonly number[]) => ({
    ...tileOf(matrix, region, { rows: 8, columns: 8 }),
    cells: { kind: 'weights' as const, values: Float32Array.from(values) },
  });

  test('a pruned weight is the background, the smallest other is not', () => {
    for (const measure of ['maximum', 'mean'] as const) {
      const painter = tilePainter(weights([0, 1e-9, -1e-9]), measure, 1, palette);
      expect(painter.color(0)).toEqual(palette.background);
      expect(distance(painter.color(1), palette.background)).toBeGreaterThan(0.04);
      expect(distance(painter.color(2), palette.background)).toBeGreaterThan(0.04);
    }
  });

  test('what is no number is marked, and said', () => {
    const painter = tilePainter(weights([NaN, Infinity, -Infinity]), 'maximum', 1, palette);
    expect([0, 1, 2].map(index => painter.color(index))).toEqual([palette.bad, palette.bad, palette.bad]);
    expect([0, 1, 2].map(index => painter.text(index))).toEqual(['NaN', '+∞', '−∞']);
  });

  test('a cell of many weights tells all three measures', () => {
    const painter = tilePainter(tileOf(matrix, region, { rows: 4, columns: 4 }), 'zeroFraction', 1, palette);
    expect(painter.words(5)).toMatch(/^largest \|w\| .*, mean .*, \d.* % zeros$/);
  });

  test('masks: each state has a colour of its own, and words', () => {
    const tile = maskTileOf(matrix, region, { rows: 8, columns: 8 });
    const painter = maskPainter(tile, 'difference', palette);
    const words = new Map<string, Rgb>();
    for (let index = 0; index < 64; index++) words.set(painter.words(index), painter.color(index));
    expect(new Set(words.keys())).toEqual(
      new Set(['kept in both', 'only left keeps it', 'only right keeps it', 'pruned in both']),
    );
    expect(new Set([...words.values()].map(String)).size).toBe(4);
  });

  test('masks from far: a cell without difference is the background', () => {
    const tile = {
      ...maskTileOf(matrix, region, { rows: 2, columns: 2 }),
      onlyLeft: Uint32Array.of(0, 1, 0, 0),
      onlyRight: new Uint32Array(4),
    };
    const painter = maskPainter(tile, 'difference', palette);
    expect(painter.color(0)).toEqual(palette.background);
    expect(painter.color(1)).not.toEqual(palette.background);
    expect(painter.words(1)).toContain('1 only left');
  });
});

describe('colours of signed values', () => {
  test.each([
    [true, [31, 31, 31]],
    [false, [255, 255, 255]],
  ] as const)(
    'dark %s: further from zero is further from the background, and the signs are apart',
    (dark, background) => {
      const shares = [0, 0.01, 0.25, 0.5, 0.75, 1];
      for (const sign of [-1, 1]) {
        const lightness = shares.map(share => toOklch(diverging(sign * share, dark, background)).lightness);
        const sorted = [...lightness].sort((a, b) => (dark ? a - b : b - a));
        expect(lightness).toEqual(sorted);
      }
      for (const share of shares.slice(2)) {
        expect(distance(diverging(share, dark, background), diverging(-share, dark, background))).toBeGreaterThan(0.1);
      }
    },
  );
});
