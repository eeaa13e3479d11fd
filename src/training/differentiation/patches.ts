/**
 * The pixels under the windows of a convolution as a matrix [windows × values of a window], which is never written out
 * (im2col as it is packed). A dense layer is a convolution of one pixel.
 */
import type { Conv2DOp, DenseOp, Plan } from '../plan/plan';
import { clearRest, type Operand, type Sink } from './product';

export interface ConvolutionShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outputs: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly top: number;
  readonly left: number;
  readonly groups: number;
}

export function convolutionShape(op: DenseOp | Conv2DOp, plan: Plan): ConvolutionShape {
  if (op.kind === 'dense') {
    const [inputs, outputs] = plan.parameters[op.kernel]!.shape as [number, number];
    const one = { height: 1, width: 1, outHeight: 1, outWidth: 1, kernelHeight: 1, kernelWidth: 1, top: 0, left: 0 };
    return { ...one, channels: inputs, outputs, strides: [1, 1], dilations: [1, 1], groups: 1 };
  }
  const [height, width, channels] = plan.activations[op.inputs[0]!]!.shape as [number, number, number];
  const [outHeight, outWidth, outputs] = plan.activations[op.output]!.shape as [number, number, number];
  const [kernelHeight, kernelWidth] = op.kernelSize;
  const { strides, dilations, groups } = op;
  const { top, left } = op.padding;
  return {
    height,
    width,
    channels,
    outHeight,
    outWidth,
    outputs,
    kernelHeight,
    kernelWidth,
    strides,
    dilations,
    top,
    left,
    groups,
  };
}

/** One group of an image's channels under all windows of a batch. */
export class Patches implements Sink {
  /** Channels of the group. */
  private readonly channels: number;
  private readonly firstChannel: number;
  /** Lines are windows. */
  readonly rows: Operand;
  /** Lines are the values of a window. */
  readonly columns: Operand;

  /** @param values [count × height × width × channels] */
  constructor(
    private readonly values: Float64Array,
    private readonly shape: ConvolutionShape,
    group: number,
  ) {
    this.channels = shape.channels / shape.groups;
    this.firstChannel = group * this.channels;
    this.rows = {
      pack: (into, at, first, lines, from, depth) => {
        clearRest(into, at, lines, depth);
        for (let l = 0; l < lines; l++) {
          this.packWindow(into, at + (l >> 2) * depth * 4 + (l & 3), first + l, from, depth);
        }
      },
    };
    this.columns = {
      pack: (into, at, first, lines, from, depth) => {
        clearRest(into, at, lines, depth);
        for (let d = 0; d < depth; d++) this.packColumn(into, at + d * 4, from + d, first, lines, depth);
      },
    };
  }

  /** Values `from` to `from + depth` of a window, four places apart. */
  private packWindow(into: Float64Array, at: number, window: number, from: number, depth: number): void {
    const { values, channels } = this;
    const end = from + depth;
    for (let tap = Math.floor(from / channels); tap * channels < end; tap++) {
      const begin = Math.max(from, tap * channels);
      const stop = Math.min(end, (tap + 1) * channels);
      const pixel = this.pixelOf(window, tap);
      let target = at + (begin - from) * 4;
      if (pixel < 0) {
        for (let i = begin; i < stop; i++, target += 4) into[target] = 0;
      } else {
        let source = pixel + begin - tap * channels;
        for (let i = begin; i < stop; i++, target += 4) into[target] = values[source++]!;
      }
    }
  }

  /** Values `from` to `from + lines` of a window, each in a line of its own. */
  private packColumn(into: Float64Array, at: number, window: number, from: number, lines: number, depth: number): void {
    const { values, channels } = this;
    const end = from + lines;
    for (let tap = Math.floor(from / channels); tap * channels < end; tap++) {
      const begin = Math.max(from, tap * channels);
      const stop = Math.min(end, (tap + 1) * channels);
      const pixel = this.pixelOf(window, tap);
      let source = pixel + begin - tap * channels;
      for (let i = begin - from; i < stop - from; i++) {
        into[at + (i >> 2) * depth * 4 + (i & 3)] = pixel < 0 ? 0 : values[source]!;
        source++;
      }
    }
  }

  /** Adds a matrix [windows × values of a window] to the image: what overlaps adds up. */
  add(
    block: Float64Array,
    at: number,
    stride: number,
    firstRow: number,
    rows: number,
    firstColumn: number,
    columns: number,
  ): void {
    const { values, channels } = this;
    const end = firstColumn + columns;
    for (let r = 0; r < rows; r++) {
      for (let tap = Math.floor(firstColumn / channels); tap * channels < end; tap++) {
        const pixel = this.pixelOf(firstRow + r, tap);
        if (pixel < 0) continue;
        const begin = Math.max(firstColumn, tap * channels);
        const stop = Math.min(end, (tap + 1) * channels);
        let source = at + r * stride + begin - firstColumn;
        let target = pixel + begin - tap * channels;
        for (let i = begin; i < stop; i++) values[target++]! += block[source++]!;
      }
    }
  }

  /** Where the first channel of the pixel under a tap of the kernel lies; −1 in the padding. */
  private pixelOf(window: number, tap: number): number {
    const { height, width, channels, outHeight, outWidth, kernelWidth, strides, dilations, top, left } = this.shape;
    const ox = window % outWidth;
    const rest = (window - ox) / outWidth;
    const oy = rest % outHeight;
    const example = (rest - oy) / outHeight;
    const kx = tap % kernelWidth;
    const ky = (tap - kx) / kernelWidth;
    const iy = oy * strides[0] + ky * dilations[0] - top;
    const ix = ox * strides[1] + kx * dilations[1] - left;
    if (iy < 0 || iy >= height || ix < 0 || ix >= width) return -1;
    return ((example * height + iy) * width + ix) * channels + this.firstChannel;
  }
}
