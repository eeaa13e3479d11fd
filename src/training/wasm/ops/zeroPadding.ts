/** Zeros around an image that are part of it, for ops of another padding behind them; with no padding a plain copy. */
import type { Padding, ZeroPaddingOp } from '../../plan/plan';
import { noPadding } from '../layout';
import { alone, type Binding, type OperationKind, type Phase, type Placement } from './operation';

export interface PlacedZeroPadding extends Placement {
  readonly padding: Padding;
}

export const zeroPadding: OperationKind<ZeroPaddingOp, PlacedZeroPadding> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: null,
  keeps: () => ({ inputs: false, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place: ({ padding }, placement) => ({ ...placement, padding }),
  forward,
  backward,
};

function forward(placed: PlacedZeroPadding, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const { output, padding } = placed;
  const input = placed.inputs[0]!;
  const from = buffers[input]!.values;
  const to = buffers[output]!.values;
  const rowBytes = to.width * to.pixelBytes;
  const left = padding.left * to.pixelBytes;
  const right = padding.right * to.pixelBytes;
  return alone(
    binding.split(to.height, (panel, begin, end) => {
      const x = binding.values(input, panel) + from.origin;
      const y = binding.values(output, panel) + to.origin;
      const inside = (row: number): number => Math.min(Math.max(row, padding.top), padding.top + from.height);
      const first = inside(begin);
      const last = inside(end);
      const at = y + first * to.rowBytes;
      const source = x + (first - padding.top) * from.rowBytes;
      return () => {
        kernels.clearRows(y + begin * to.rowBytes, to.rowBytes, Math.min(end, first) - begin, rowBytes);
        kernels.clearRows(at, to.rowBytes, last - first, left);
        kernels.copyRows(source, from.rowBytes, at + left, to.rowBytes, last - first, rowBytes - left - right);
        kernels.clearRows(at + rowBytes - right, to.rowBytes, last - first, right);
        const below = Math.max(begin, last);
        kernels.clearRows(y + below * to.rowBytes, to.rowBytes, end - below, rowBytes);
      };
    }),
  );
}

function backward(placed: PlacedZeroPadding, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const { output, padding } = placed;
  const input = placed.inputs[0]!;
  const target = placed.gradients[0];
  if (!target) return [];
  const from = buffers[output]!.gradients;
  const { gradients: to, values } = buffers[input]!;
  const accumulate = Number(target.accumulate);
  return alone(
    binding.split(to.height, (panel, begin, end) => {
      const corner = from.origin + padding.top * from.rowBytes + padding.left * from.pixelBytes;
      const dy = binding.gradients(output, panel) + corner + begin * from.rowBytes;
      const dx = binding.gradients(input, panel) + to.origin + begin * to.rowBytes;
      const x = target.rectify ? binding.values(input, panel) + values.origin + begin * values.rowBytes : 0;
      const bytes = to.width * to.pixelBytes;
      return () => {
        kernels.passGradient(dy, from.rowBytes, dx, to.rowBytes, x, values.rowBytes, accumulate, end - begin, bytes);
      };
    }),
  );
}
