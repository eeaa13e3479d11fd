/** Where the kept weights of a convolution are. */
import { padded } from '../format';
import { featureBytes } from '../memory';
import type { Axes } from './convGeometry';

export interface ConvIndex {
  /** { first slot, count } per output, padded to a multiple of four outputs. First slots are multiples of four. */
  readonly rows: Uint32Array;
  /** Per slot, byte offset of its input from the output's first tap; unused ones at the end of a row point there. */
  readonly offsets: Uint32Array;
  /** Place of each slot's weight in the kernel; −1: none. */
  readonly places: Int32Array;
  /** { first entry, count } per remainder of row, of column and per input channel, as src/kernels/convSparse.ts reads them. */
  readonly columns: Uint32Array;
  /** { byte offset of the weight, byte offset of the output from that of tap 0 (wraps below 0) }. */
  readonly entries: Uint32Array;
}

interface PixelBytes {
  readonly rowBytes: number;
  readonly pixelBytes: number;
}

/**
 * @param mask of the kernel [height, width, in / groups, out]; null: all are kept
 * @param x how the input lies, @param dy how the output's gradient does
 */
export function indexConv(
  mask: Uint8Array | null,
  { rows, columns }: Axes,
  channels: { readonly inputs: number; readonly outputs: number; readonly groups: number },
  x: PixelBytes,
  dy: PixelBytes,
): ConvIndex {
  const { inputs, outputs, groups } = channels;
  const perGroup = inputs / groups;
  const positions = rows.size * columns.size * perGroup;
  const kept = (position: number, output: number): boolean => mask?.[position * outputs + output] !== 0;
  const table = new Uint32Array(padded(outputs) * 2);
  let slots = 0;
  for (let output = 0; output < padded(outputs); output++) {
    let count = 0;
    if (output < outputs)
      for (let position = 0; position < positions; position++) count += Number(kept(position, output));
    table.set([slots, count], output * 2);
    slots += padded(count);
  }
  const offsets = new Uint32Array(slots);
  const places = new Int32Array(slots).fill(-1);
  const cells = rows.stride * columns.stride * inputs;
  const lists: number[][] = Array.from({ length: cells }, () => []);
  const cellOf = (ky: number, kx: number, channel: number): number =>
    (((ky * rows.dilation) % rows.stride) * columns.stride + ((kx * columns.dilation) % columns.stride)) * inputs +
    channel;
  for (let output = 0; output < outputs; output++) {
    const group = Math.floor((output * groups) / outputs);
    let slot = table[output * 2]!;
    for (let position = 0; position < positions; position++) {
      if (!kept(position, output)) continue;
      const tap = Math.floor(position / perGroup);
      const ky = Math.floor(tap / columns.size);
      const kx = tap % columns.size;
      const channel = group * perGroup + (position % perGroup);
      offsets[slot] = ky * rows.dilation * x.rowBytes + kx * columns.dilation * x.pixelBytes + channel * featureBytes;
      places[slot] = position * outputs + output;
      lists[cellOf(ky, kx, channel)]!.push(
        ((rows.size - 1 - ky) * columns.size + columns.size - 1 - kx) * outputs + output,
        slot,
      );
      slot++;
    }
  }
  return { rows: table, offsets, places, ...entriesOf(lists, { rows, columns }, outputs, dy) };
}

/** @param lists per cell { order, slot } of its entries; the order counts taps from the last and outputs, so it says both */
function entriesOf(
  lists: readonly number[][],
  { rows, columns }: Axes,
  outputs: number,
  dy: PixelBytes,
): Pick<ConvIndex, 'columns' | 'entries'> {
  const count = lists.reduce((sum, list) => sum + list.length / 2, 0);
  const table = new Uint32Array(lists.length * 2);
  const entries = new Uint32Array(count * 2);
  let at = 0;
  lists.forEach((list, cell) => {
    const order = Array.from({ length: list.length / 2 }, (_, i) => i).sort((a, b) => list[a * 2]! - list[b * 2]!);
    table.set([at / 2, order.length], cell * 2);
    for (const i of order) {
      const output = list[i * 2]! % outputs;
      const tap = rows.size * columns.size - 1 - Math.floor(list[i * 2]! / outputs);
      const up = Math.floor((Math.floor(tap / columns.size) * rows.dilation) / rows.stride);
      const left = Math.floor(((tap % columns.size) * columns.dilation) / columns.stride);
      entries[at++] = list[i * 2 + 1]! * 4;
      entries[at++] = output * featureBytes - up * dy.rowBytes - left * dy.pixelBytes;
    }
  });
  return { columns: table, entries };
}
