/**
 * Where each weight of a layer lies in its picture. Dense: outputs down, inputs across. Convolutions: each filter is a row of
 * its kernels, one an input channel; filters of few kernels stand side by side too, so that the picture is no thin strip.
 * Pure.
 */
import type { KernelAxes } from '../../src/shared/mask';
import type { Matrix } from '../charts/matrixModel';

export interface MaskLayout extends Matrix {
  readonly axes: KernelAxes;
  /** A filter is an output with its inputs; of a depthwise convolution, whose outputs are 1 for each channel, an input. */
  readonly byInput: boolean;
  readonly filters: number;
  readonly kernels: number;
  /** Filters side by side. */
  readonly across: number;
}

/** How much wider than high a picture of convolutions is to be. */
const aspect = 2;

/** @param wrap false: one filter a line, whatever that looks like */
export function maskLayout(axes: KernelAxes, wrap = true): MaskLayout {
  const { outputs, inputs, height, width } = axes;
  const convolution = height * width > 1;
  const byInput = wrap && convolution && outputs === 1;
  const [filters, kernels] = byInput ? [inputs, outputs] : [outputs, inputs];
  const even = Math.round(Math.sqrt((aspect * filters * height) / (kernels * width)));
  const across = convolution && wrap ? Math.max(1, Math.min(filters, even)) : 1;
  return {
    axes,
    byInput,
    filters,
    kernels,
    across,
    rows: Math.ceil(filters / across) * height,
    columns: across * kernels * width,
    ...(convolution && { square: true }),
  };
}

export interface WeightPlace {
  readonly output: number;
  readonly input: number;
  /** In the kernel. */
  readonly y: number;
  readonly x: number;
}

/** The weight at a place of the picture; null in the gap behind the last filter. */
export function weightAtPlace(layout: MaskLayout, row: number, column: number): WeightPlace | null {
  const { height, width } = layout.axes;
  const span = layout.kernels * width;
  const filter = Math.floor(row / height) * layout.across + Math.floor(column / span);
  if (filter >= layout.filters) return null;
  const kernel = Math.floor((column % span) / width);
  const [output, input] = layout.byInput ? [kernel, filter] : [filter, kernel];
  return { output, input, y: row % height, x: column % width };
}

/** The upper left corner of a kernel. */
export function kernelCorner(layout: MaskLayout, output: number, input: number): { row: number; column: number } {
  const { height, width } = layout.axes;
  const [filter, kernel] = layout.byInput ? [input, output] : [output, input];
  return {
    row: Math.floor(filter / layout.across) * height,
    column: ((filter % layout.across) * layout.kernels + kernel) * width,
  };
}

/** Whether a row of the picture belongs to one output, and a column to one input. */
export function hasMargins(layout: MaskLayout): boolean {
  return layout.across === 1 && !layout.byInput;
}
