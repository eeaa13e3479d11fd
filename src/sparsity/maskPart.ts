/** A region of a layer's mask with its weights, packed for a page: single weights, or blocks of them. Pure. */
import type { KernelRegion, MaskPart, MaskRequest } from '../shared/mask';
import { matrixViewOf, rangesOf, walk, type MatrixView } from './matrixView';
import type { Values } from './structure';

/** How a kernel lies in memory: outputs last, inputs before them. */
export function kernelView(shape: readonly number[]): MatrixView {
  const axis = (fromEnd: number): number | null => (shape.length < 2 ? null : shape.length - fromEnd);
  return matrixViewOf({ shape, outputAxis: axis(1), inputAxis: axis(2) });
}

/** Ranges of positions in memory that hold a region; see `rangesOf`. */
export function kernelRanges(
  view: MatrixView,
  region: KernelRegion,
  most: number,
): Generator<{ begin: number; end: number }> {
  const { kernelPositions } = view.shape;
  const { output: row, outputs: rows, input, inputs } = region;
  return rangesOf(view, { row, rows, column: input * kernelPositions, columns: inputs * kernelPositions }, most);
}

/** Takes ranges of a mask and its weights in any order. */
export interface MaskPacker {
  /** @param begin position of the first value; what lies beside the region is passed over */
  add(begin: number, mask: Values, weights: Values): void;
  finish(): MaskPart;
}

export function maskPacker(view: MatrixView, { region, block }: Pick<MaskRequest, 'region' | 'block'>): MaskPacker {
  return block ? new BlockPacker(view, region, block) : new WeightPacker(view, region);
}

/** Calls back for what lies in the region. @param output, input from the region's first ones; `place` in the kernel */
function visit(
  view: MatrixView,
  { output, outputs, input, inputs }: KernelRegion,
  begin: number,
  mask: Values,
  each: (output: number, input: number, place: number, index: number) => void,
): void {
  const places = view.shape.kernelPositions;
  walk(view, begin, mask, (row, column, index) => {
    const down = row - output;
    const across = column - input * places;
    if (down < 0 || down >= outputs || across < 0 || across >= inputs * places) return;
    const place = across % places;
    each(down, (across - place) / places, place, index);
  });
}

class WeightPacker implements MaskPacker {
  private readonly places: number;
  private readonly kept: Uint8Array<ArrayBuffer>;
  private readonly values: Float32Array<ArrayBuffer>;

  constructor(
    private readonly view: MatrixView,
    private readonly region: KernelRegion,
  ) {
    this.places = view.shape.kernelPositions;
    const count = region.outputs * region.inputs * this.places;
    this.kept = new Uint8Array(Math.ceil(count / 8));
    this.values = new Float32Array(count);
  }

  add(begin: number, mask: Values, weights: Values): void {
    const { kept, values, places, region } = this;
    visit(this.view, region, begin, mask, (output, input, place, index) => {
      if (mask[index] === 0) return;
      const at = (output * region.inputs + input) * places + place;
      kept[at >> 3]! |= 1 << (at & 7);
      values[at] = weights[index]!;
    });
  }

  finish(): MaskPart {
    const { kept, values } = this;
    let count = 0;
    for (let at = 0; at < values.length; at++) {
      if ((kept[at >> 3]! >> (at & 7)) & 1) values[count++] = values[at]!;
    }
    return { kind: 'weights', kept: kept.buffer, values: values.buffer.slice(0, count * 4) };
  }
}

class BlockPacker implements MaskPacker {
  private readonly across: number;
  private readonly kept: Uint32Array<ArrayBuffer>;
  private readonly positive: Uint32Array<ArrayBuffer>;
  private readonly magnitude: Float64Array;
  private readonly outputs: Uint32Array<ArrayBuffer>;
  private readonly inputs: Uint32Array<ArrayBuffer>;
  private largest = 0;

  constructor(
    private readonly view: MatrixView,
    private readonly region: KernelRegion,
    private readonly block: { readonly outputs: number; readonly inputs: number },
  ) {
    this.across = Math.ceil(region.inputs / block.inputs);
    const blocks = Math.ceil(region.outputs / block.outputs) * this.across;
    this.kept = new Uint32Array(blocks);
    this.positive = new Uint32Array(blocks);
    this.magnitude = new Float64Array(blocks);
    this.outputs = new Uint32Array(region.outputs);
    this.inputs = new Uint32Array(region.inputs);
  }

  add(begin: number, mask: Values, weights: Values): void {
    const { kept, positive, magnitude, outputs, inputs, across, block, region } = this;
    visit(this.view, region, begin, mask, (output, input, _, index) => {
      if (mask[index] === 0) return;
      const at = Math.floor(output / block.outputs) * across + Math.floor(input / block.inputs);
      const weight = weights[index]!;
      const size = Math.abs(weight);
      kept[at]!++;
      outputs[output]!++;
      inputs[input]!++;
      if (weight >= 0) positive[at]!++;
      if (size > this.largest && size < Infinity) this.largest = size;
      if (size < Infinity) magnitude[at]! += size;
    });
  }

  finish(): MaskPart {
    return {
      kind: 'blocks',
      kept: this.kept.buffer,
      positive: this.positive.buffer,
      magnitude: new Float32Array(this.magnitude).buffer,
      outputs: this.outputs.buffer,
      inputs: this.inputs.buffer,
      largest: this.largest,
    };
  }
}
