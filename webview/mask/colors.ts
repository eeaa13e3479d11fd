/**
 * Colours of masks. What is drawn is first brought to four bytes a cell, the same for both ways of drawing: root of the share
 * that is kept, share of the kept that is not below 0, root of the mean |w| against the largest, and what kind it is. Pure.
 */
import { fromOklch, toOklch, type Rgb } from '../charts/color';
import { ramp } from '../charts/ramp';
import type { CellGrid } from './cells';
import { gapBits, prunedBits, type MaskPicture } from './picture';

export const maskModes = ['sign', 'state', 'magnitude'] as const;
export type MaskMode = (typeof maskModes)[number];

export const maskModeNames: Readonly<Record<MaskMode, string>> = {
  sign: 'kept + and −',
  state: 'kept or pruned',
  magnitude: 'magnitude',
};

export interface MaskPalette {
  readonly pruned: Rgb;
  readonly positive: Rgb;
  readonly negative: Rgb;
  /** A kept weight that is no finite number. */
  readonly bad: Rgb;
  /** 256 colours, from the least to the most. */
  readonly ramp: readonly Rgb[];
}

/**
 * Orange and blue, which every common kind of colour blindness keeps apart; + is also always further from the background in
 * lightness, so that signs read in grey.
 */
export function maskPalette(background: Rgb, bad: Rgb, dark: boolean): MaskPalette {
  const { lightness } = toOklch(background);
  const away = dark ? (lightness > 0.15 ? lightness - 0.05 : lightness + 0.18) : lightness - 0.06;
  return {
    // a shade that the page itself does not have: the matrix ends where it ends
    pruned: fromOklch({ lightness: away, chroma: 0.012, hue: 265 }),
    positive: fromOklch({ lightness: dark ? 0.84 : 0.42, chroma: 0.15, hue: dark ? 70 : 45 }),
    negative: fromOklch({ lightness: dark ? 0.56 : 0.68, chroma: 0.15, hue: 250 }),
    bad,
    ramp: Array.from({ length: 256 }, (_, at) => ramp(at / 255, dark)),
  };
}

/** The fourth byte. */
export const kinds = { gap: 0, bad: 128, cell: 255 } as const;

const byte = (share: number): number => Math.round(255 * Math.sqrt(Math.min(1, share)));
/** Something is never shown as nothing. */
const visible = (share: number): number => (share > 0 ? Math.max(1, byte(share)) : 0);

export interface Rectangle {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

/** @param limit |w| at the end of the ramp @returns four bytes a weight of the rectangle, which lies in the picture */
export function encodeWeights(
  picture: MaskPicture,
  { row, column, rows, columns }: Rectangle,
  limit: number,
): Uint8Array {
  const { bits, values } = picture;
  const codes = new Uint8Array(rows * columns * 4);
  for (let down = 0, to = 0; down < rows; down++) {
    let at = (row + down) * picture.columns + column;
    for (const end = at + columns; at < end; at++, to += 4) {
      const one = bits[at]!;
      if (one === gapBits) continue;
      codes[to + 3] = kinds.cell;
      if (one === prunedBits) continue;
      const value = values[at]!;
      const size = Math.abs(value);
      codes[to] = 255;
      if (!(size < Infinity)) codes[to + 3] = kinds.bad;
      else {
        codes[to + 1] = value >= 0 ? 255 : 0;
        codes[to + 2] = limit > 0 ? byte(size / limit) : 0;
      }
    }
  }
  return codes;
}

export function encodeCells(grid: CellGrid, { row, column, rows, columns }: Rectangle, limit: number): Uint8Array {
  const { all, kept, positive, magnitude } = grid;
  const codes = new Uint8Array(rows * columns * 4);
  for (let down = 0, to = 0; down < rows; down++) {
    let at = (row + down) * grid.columns + column;
    for (const end = at + columns; at < end; at++, to += 4) {
      if (all[at] === 0) continue;
      codes[to + 3] = kinds.cell;
      if (kept[at] === 0) continue;
      codes[to] = visible(kept[at]! / all[at]!);
      codes[to + 1] = Math.round((255 * positive[at]!) / kept[at]!);
      codes[to + 2] = limit > 0 ? visible(magnitude[at]! / all[at]! / limit) : 0;
    }
  }
  return codes;
}

/** Least part of a colour of signs that a cell with anything in it gets. The shader has the same. */
export const leastShade = 0.25;

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (index: 0 | 1 | 2): number => Math.round(from[index] + (to[index] - from[index]) * share);
  return [channel(0), channel(1), channel(2)];
}

/** The colour of four bytes; null: nothing is drawn. The shader says the same. */
export function colorOf(palette: MaskPalette, mode: MaskMode, codes: ArrayLike<number>, at: number): Rgb | null {
  const kind = codes[at + 3]!;
  const kept = codes[at]!;
  if (kind === kinds.gap) return null;
  if (kind === kinds.bad) return palette.bad;
  if (kept === 0) return palette.pruned;
  if (mode === 'state') return palette.ramp[kept]!;
  if (mode === 'magnitude') return palette.ramp[codes[at + 2]!]!;
  const sign = mix(palette.negative, palette.positive, codes[at + 1]! / 255);
  return mix(palette.pruned, sign, leastShade + (1 - leastShade) * (kept / 255));
}
