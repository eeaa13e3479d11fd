/** Activations side by side along the last axis. */
import type { ConcatenateOp } from '../../plan/plan';
import { isNoPadding, type Layout, noPadding } from '../layout';
import { alone, type Binding, type Instruction, type OperationKind, type Phase, type Placement } from './operation';

export const concatenate: OperationKind<ConcatenateOp, Placement> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: null,
  keeps: () => ({ inputs: false, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place: (_op, placement) => placement,
  forward,
  backward,
};

/** Pixels of a panel that a kernel can take with one distance from each to the next; offsets into the panels of layouts. */
interface Stretch {
  readonly pixels: number;
  readonly offset: (layout: Layout) => number;
}

/** Calls `bind` for each stretch of this thread's part: image rows, or all of them at once where no layout has a frame. */
function splitStretches(
  binding: Binding,
  layouts: readonly Layout[],
  bind: (panel: number, stretch: Stretch) => Instruction,
): Instruction[] {
  const { height, width } = layouts[0]!;
  if (layouts.every(({ frame }) => isNoPadding(frame))) {
    return binding.split(height * width, (panel, begin, end) =>
      bind(panel, { pixels: end - begin, offset: ({ pixelBytes }) => begin * pixelBytes }),
    );
  }
  return binding.split(height, (panel, begin, end) => {
    const work = Array.from({ length: end - begin }, (_, i) =>
      bind(panel, { pixels: width, offset: ({ origin, rowBytes }) => origin + (begin + i) * rowBytes }),
    );
    return () => {
      for (const instruction of work) instruction();
    };
  });
}

/** Where the channels of each input begin among the output's, in bytes. */
function placesOf(inputs: readonly number[], binding: Binding): readonly number[] {
  let end = 0;
  return inputs.map(input => {
    const begin = end;
    end += binding.buffers[input]!.values.pixelBytes;
    return begin;
  });
}

function forward(placed: Placement, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const { inputs, output } = placed;
  const to = buffers[output]!.values;
  const places = placesOf(inputs, binding);
  return alone(
    inputs.flatMap((input, i) => {
      const from = buffers[input]!.values;
      return splitStretches(binding, [from, to], (panel, { pixels, offset }) => {
        const x = binding.values(input, panel) + offset(from);
        const y = binding.values(output, panel) + offset(to) + places[i]!;
        return () => {
          kernels.copyRows(x, from.pixelBytes, y, to.pixelBytes, pixels, from.pixelBytes);
        };
      });
    }),
  );
}

function backward(placed: Placement, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const { inputs, output } = placed;
  const from = buffers[output]!.gradients;
  const places = placesOf(inputs, binding);
  return alone(
    inputs.flatMap((input, i) => {
      const target = placed.gradients[i];
      if (!target) return [];
      const { gradients: to, values } = buffers[input]!;
      const bytes = to.pixelBytes;
      const accumulate = Number(target.accumulate);
      return splitStretches(binding, target.rectify ? [from, to, values] : [from, to], (panel, { pixels, offset }) => {
        const dy = binding.gradients(output, panel) + offset(from) + places[i]!;
        const dx = binding.gradients(input, panel) + offset(to);
        const rectified = target.rectify ? binding.values(input, panel) + offset(values) : 0;
        return () => {
          kernels.passGradient(dy, from.pixelBytes, dx, bytes, rectified, bytes, accumulate, pixels, bytes);
        };
      });
    }),
  );
}
