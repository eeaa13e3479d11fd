/** How ops that take pixels one by one walk over images with different frames. */
import { featureBytes } from '../memory';
import { isNoPadding, type Layout } from '../layout';
import type { Binding, GradientTarget, Instruction } from './operation';

/** A thread's part of a panel: rows of features without a gap, apart from each other as each layout has it. */
export interface Rows {
  readonly rows: number;
  /** Of the features of a row. */
  readonly bytes: number;
  /** Number of the first feature, counted without frames. */
  readonly first: number;
  /** From the start of a panel to the first row. */
  readonly offset: (layout: Layout) => number;
}

/**
 * Splits images of one shape between the threads: by rows of pixels, or, where no layout has a frame, as one long row.
 * @param together features that must stay together: 1, or the channels of a pixel
 */
export function splitRows(
  binding: Binding,
  layouts: readonly Layout[],
  together: number,
  bind: (panel: number, rows: Rows) => Instruction,
): Instruction[] {
  const { height, width, channels } = layouts[0]!;
  if (layouts.every(({ frame }) => isNoPadding(frame))) {
    const unit = together * featureBytes;
    return binding.split((height * width * channels) / together, (panel, begin, end) =>
      bind(panel, { rows: 1, bytes: (end - begin) * unit, first: begin * together, offset: () => begin * unit }),
    );
  }
  const features = width * channels;
  return binding.split(height, (panel, begin, end) =>
    bind(panel, {
      rows: end - begin,
      bytes: features * featureBytes,
      first: begin * features,
      offset: ({ origin, rowBytes }) => origin + begin * rowBytes,
    }),
  );
}

/** What settles a gradient: address and stride of the relu output that rectifies it (0: none), and whether to add. */
export function settling(
  binding: Binding,
  target: GradientTarget,
  input: number,
  panel: number,
  rows: Rows,
): { readonly rectified: number; readonly stride: number; readonly accumulate: number } {
  const { values } = binding.buffers[input]!;
  return {
    rectified: target.rectify ? binding.values(input, panel) + rows.offset(values) : 0,
    stride: values.rowBytes,
    accumulate: Number(target.accumulate),
  };
}

/** Whether a target's values are among what a backward pass looks at. */
export function layoutsOf(binding: Binding, target: GradientTarget, input: number, output: number): Layout[] {
  const { values, gradients } = binding.buffers[input]!;
  const layouts = [gradients, binding.buffers[output]!.gradients];
  return target.rectify ? [...layouts, values] : layouts;
}
