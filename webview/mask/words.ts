/** What is said of a mask: of a weight, of a cell of many, of the whole layer. Pure. */
import { formatCount, formatNumber, formatShare, plural } from '../../src/shared/format';
import type { MaskWeights } from '../../src/shared/mask';
import { weightAtPlace, type MaskLayout, type WeightPlace } from './layout';
import type { MaskCounts } from './picture';
import type { ImageShape } from './pixels';

export const weightsNames: Readonly<Record<MaskWeights, string>> = {
  final: 'trained weights',
  start: 'starting weights',
};

/** Signed, as it stands in a cell. */
export function signedNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '−∞';
  return `${value < 0 ? '−' : '+'}${formatNumber(Math.abs(value))}`;
}

/** "output 3, input 17", "filter 3, channel 17, row 0, column 2"; of the first layer of images also which pixel. */
export function placeWords(
  { axes }: MaskLayout,
  { output, input, y, x }: WeightPlace,
  image: ImageShape | null,
): string {
  if (axes.height * axes.width > 1) return `filter ${output}, channel ${input}, row ${y}, column ${x}`;
  return `output ${output}, input ${input}${image ? ` (${pixelWords(image, input)})` : ''}`;
}

export function pixelWords({ width, channels }: ImageShape, input: number): string {
  const pixel = Math.floor(input / channels);
  const channel = channels > 1 ? `, channel ${input % channels}` : '';
  return `pixel row ${Math.floor(pixel / width)}, column ${pixel % width}${channel}`;
}

/** @param value null: pruned */
export function weightWords(value: number | null): string {
  return value === null ? 'pruned' : `kept, ${signedNumber(value)}`;
}

/** How the output and the input of a weight stand. */
export function lineWords({ axes }: MaskLayout, counts: MaskCounts, { output, input }: WeightPlace): string {
  const positions = axes.height * axes.width;
  const [row, column] = positions > 1 ? ['filter', 'channel'] : ['output', 'input'];
  const perOutput = axes.inputs * positions;
  const perInput = axes.outputs * positions;
  return `${row} ${output} keeps ${formatCount(counts.outputs[output] ?? 0)} of ${formatCount(perOutput)}, ${column} ${input} keeps ${formatCount(counts.inputs[input] ?? 0)} of ${formatCount(perInput)}`;
}

export interface CellSums {
  readonly all: number;
  readonly kept: number;
  readonly positive: number;
  readonly magnitude: number;
}

/** "2,310 of 4,096 kept (56.4 %), 1,160 of them +, mean |w| 0.0312" */
export function cellWords({ all, kept, positive, magnitude }: CellSums): string {
  if (kept === 0) return `none of ${formatCount(all)} kept`;
  const size = formatNumber(magnitude / kept);
  return `${formatCount(kept)} of ${formatCount(all)} kept (${formatShare(kept / all)}), ${formatCount(positive)} of them +, mean |w| of the kept ${size}`;
}

/** "outputs 8 to 15, inputs 0 to 31" */
export function spanWords(
  layout: MaskLayout,
  cell: { readonly row: number; readonly column: number; readonly rows: number; readonly columns: number },
): string {
  const first = weightAtPlace(layout, cell.row, cell.column);
  const last = weightAtPlace(layout, cell.row + cell.rows - 1, cell.column + cell.columns - 1) ?? first;
  if (!first || !last) return '';
  const convolution = layout.axes.height * layout.axes.width > 1;
  const range = (one: string, from: number, to: number): string =>
    from === to ? `${one} ${from}` : `${one}s ${Math.min(from, to)} to ${Math.max(from, to)}`;
  const [down, across] = convolution ? ['filter', 'channel'] : ['output', 'input'];
  return `${range(down, first.output, last.output)}, ${range(across, first.input, last.input)}`;
}

/** Indices at which nothing is kept, as ranges: "3, 17, 20–24"; cut after `most` ranges. */
export function emptyRanges(counts: Uint32Array, most: number): { readonly count: number; readonly text: string } {
  const ranges: string[] = [];
  let count = 0;
  for (let from = 0; from < counts.length; from++) {
    if (counts[from] !== 0) continue;
    let to = from;
    while (counts[to + 1] === 0) to++;
    ranges.push(from === to ? String(from) : `${from}–${to}`);
    count += to - from + 1;
    from = to;
  }
  const more = ranges.length > most ? ` and ${plural(ranges.length - most, 'more range')}` : '';
  return { count, text: ranges.slice(0, most).join(', ') + more };
}

export function keptWords({ kept, total }: Pick<MaskCounts, 'kept' | 'total'>): string {
  return `${formatCount(kept)} of ${formatCount(total)} kept (${formatShare(total > 0 ? kept / total : 0)})`;
}
