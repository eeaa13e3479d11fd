/** The weights of a layer, or of a part of it, in the order of their picture, and what they come to. Pure. */
import type { KernelRegion, MaskPart } from '../../src/shared/mask';
import { kernelCorner, type MaskLayout } from './layout';

/** A bit pattern no stored weight has: NaN is stored in one form only. */
export const prunedBits = 0xffffffff;
/** Where the picture has no weight. */
export const gapBits = 0xfffffffe;
const nanBits = 0x7fc00000;

/** Of a mask; `outputs` and `inputs` by their index. */
export interface MaskCounts {
  readonly total: number;
  readonly kept: number;
  readonly positive: number;
  /** Largest |w| that is finite. */
  readonly largest: number;
  readonly outputs: Uint32Array;
  readonly inputs: Uint32Array;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function emptyCounts({ axes }: MaskLayout): Mutable<MaskCounts> {
  const total = axes.outputs * axes.inputs * axes.height * axes.width;
  const [outputs, inputs] = [new Uint32Array(axes.outputs), new Uint32Array(axes.inputs)];
  return { total, kept: 0, positive: 0, largest: 0, outputs, inputs };
}

/** A rectangle of the picture, every weight by itself. */
export class MaskPicture {
  /** Bits of F32, `prunedBits` or `gapBits`; row-major. */
  readonly bits: Uint32Array;
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;

  /** @param row, column where it begins in the layout */
  constructor(
    readonly layout: MaskLayout,
    readonly row = 0,
    readonly column = 0,
    rows = layout.rows,
    columns = layout.columns,
  ) {
    this.rows = rows;
    this.columns = columns;
    this.bits = new Uint32Array(rows * columns).fill(gapBits);
    this.values = new Float32Array(this.bits.buffer);
  }

  /** @param counts are added to; left out: they are known already */
  fill(region: KernelRegion, part: Extract<MaskPart, { kind: 'weights' }>, counts?: Mutable<MaskCounts>): void {
    const { layout, bits, values, columns } = this;
    const { height, width } = layout.axes;
    const kept = new Uint8Array(part.kept);
    const given = new Float32Array(part.values);
    let at = 0;
    let next = 0;
    for (let output = region.output; output < region.output + region.outputs; output++) {
      for (let input = region.input; input < region.input + region.inputs; input++) {
        const corner = kernelCorner(layout, output, input);
        let place = (corner.row - this.row) * columns + corner.column - this.column;
        const before = next;
        for (let y = 0; y < height; y++, place += columns) {
          for (let x = 0; x < width; x++, at++) {
            if (((kept[at >> 3]! >> (at & 7)) & 1) === 0) {
              bits[place + x] = prunedBits;
              continue;
            }
            const value = given[next++]!;
            if (Number.isNaN(value)) bits[place + x] = nanBits;
            else values[place + x] = value;
            if (!counts) continue;
            const size = Math.abs(value);
            if (size > counts.largest && size < Infinity) counts.largest = size;
            if (value >= 0) counts.positive++;
          }
        }
        if (!counts) continue;
        counts.kept += next - before;
        counts.outputs[output]! += next - before;
        counts.inputs[input]! += next - before;
      }
    }
  }
}
