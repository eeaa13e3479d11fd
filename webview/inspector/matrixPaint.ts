/** From tiles to colours and words: weights, tiles of weights, masks. Pure but for the theme's colours handed in. */
import { formatCount, formatFigure, formatShare } from '../../src/shared/format';
import type { MaskTile, Tile } from '../../src/shared/inspectorMessages';
import { diverging } from '../charts/diverging';
import { ramp } from '../charts/ramp';
import type { Rgb } from '../charts/color';

export const measures = ['maximum', 'mean', 'zeroFraction'] as const;
export type Measure = (typeof measures)[number];

export const measureNames: Readonly<Record<Measure, string>> = {
  maximum: 'largest |w|',
  mean: 'mean',
  zeroFraction: 'zero fraction',
};

export interface Palette {
  readonly dark: boolean;
  readonly background: Rgb;
  /** Of a weight that is no number. */
  readonly bad: Rgb;
  readonly foreground: Rgb;
  readonly left: Rgb;
  readonly right: Rgb;
}

/** A cell of any tile: its colour, the number in it where there is room, and its words. */
export interface Cell {
  readonly color: Rgb;
  readonly text: string;
  readonly words: string;
}

export interface CellPainter {
  readonly rows: number;
  readonly columns: number;
  color(index: number): Rgb;
  /** What stands in the cell where it is large enough. */
  text(index: number): string;
  /** What is said of it. */
  words(index: number): string;
}

/** Small weights are many: the square root spreads them over the ramp. */
export function magnitudeShare(value: number, limit: number): number {
  return limit > 0 ? Math.sqrt(Math.min(1, Math.abs(value) / limit)) : 0;
}

/** @param limit |w| at the end of the ramp: the largest of the whole tensor, so that a colour means the same everywhere */
export function tilePainter(tile: Tile, measure: Measure, limit: number, palette: Palette): CellPainter {
  const { cells, rows, columns } = tile;
  const magnitude = (value: number): Rgb =>
    value === 0 ? palette.background : ramp(magnitudeShare(value, limit), palette.dark);
  const signed = (value: number): Rgb =>
    diverging(Math.sign(value) * magnitudeShare(value, limit), palette.dark, palette.background);
  const fraction = (value: number): Rgb => ramp(1 - value, palette.dark);
  if (cells.kind === 'weights') {
    const value = (index: number): number => cells.values[index] ?? NaN;
    const colors: Readonly<Record<Measure, (weight: number) => Rgb>> = {
      maximum: magnitude,
      mean: signed,
      zeroFraction: weight => fraction(weight === 0 ? 1 : 0),
    };
    return {
      rows,
      columns,
      color: index => (Number.isFinite(value(index)) ? colors[measure](value(index)) : palette.bad),
      text: index => weightText(value(index)),
      words: index => (value(index) === 0 ? '0 (pruned)' : weightText(value(index))),
    };
  }
  const { maximum, mean, zeroFraction } = cells;
  const shown = { maximum, mean, zeroFraction }[measure];
  const color = { maximum: magnitude, mean: signed, zeroFraction: fraction }[measure];
  return {
    rows,
    columns,
    color: index => (Number.isFinite(shown[index]!) ? color(shown[index]!) : palette.bad),
    text: index => (measure === 'zeroFraction' ? formatShare(shown[index]!) : weightText(shown[index]!)),
    words: index =>
      `largest |w| ${weightText(maximum[index]!)}, mean ${weightText(mean[index]!)}, ${formatShare(zeroFraction[index]!)} zeros`,
  };
}

export function weightText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? formatFigure(value) : value > 0 ? '+∞' : '−∞';
}

export const maskMeasures = ['difference', 'both'] as const;
export type MaskMeasure = (typeof maskMeasures)[number];

export const maskMeasureNames: Readonly<Record<MaskMeasure, string>> = {
  difference: 'kept on one side only',
  both: 'kept in both',
};

/** Weights in a cell; cells of the last row and column span what is left. */
function weightsIn(tile: MaskTile, index: number): number {
  const row = Math.floor(index / tile.columns);
  const column = index % tile.columns;
  return (
    Math.min(tile.cellRows, tile.region.rows - row * tile.cellRows) *
    Math.min(tile.cellColumns, tile.region.columns - column * tile.cellColumns)
  );
}

export function maskPainter(tile: MaskTile, measure: MaskMeasure, palette: Palette): CellPainter {
  const { both, onlyLeft, onlyRight, rows, columns } = tile;
  const single = tile.cellRows === 1 && tile.cellColumns === 1;
  const state = (index: number): 'both' | 'left' | 'right' | 'neither' =>
    both[index] ? 'both' : onlyLeft[index] ? 'left' : onlyRight[index] ? 'right' : 'neither';
  const colors = { both: palette.foreground, left: palette.left, right: palette.right, neither: palette.background };
  const names = {
    both: 'kept in both',
    left: 'only left keeps it',
    right: 'only right keeps it',
    neither: 'pruned in both',
  };
  const marks = { both: '●', left: '◧', right: '◨', neither: '' };
  if (single) {
    return {
      rows,
      columns,
      color: index => colors[state(index)],
      text: index => marks[state(index)],
      words: index => names[state(index)],
    };
  }
  const share = (index: number): number =>
    (measure === 'both' ? both[index]! : onlyLeft[index]! + onlyRight[index]!) / Math.max(1, weightsIn(tile, index));
  return {
    rows,
    columns,
    color: index => (share(index) === 0 ? palette.background : ramp(Math.sqrt(share(index)), palette.dark)),
    text: index => formatShare(share(index)),
    words: index =>
      `${formatCount(both[index]!)} kept in both, ${formatCount(onlyLeft[index]!)} only left, ${formatCount(onlyRight[index]!)} only right, of ${formatCount(weightsIn(tile, index))}`,
  };
}
