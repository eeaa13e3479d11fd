/** The gradient of an op that hands its input on as it is. */
import type { Binding, Instruction, Placement } from './operation';
import { layoutsOf, settling, splitRows } from './rows';

/** dx = dy for the input-th input, which has the output's shape; nothing where nobody wants it. */
export function passBack(placed: Placement, binding: Binding, index: number): readonly Instruction[] {
  const { kernels, buffers } = binding;
  const target = placed.gradients[index];
  if (!target) return [];
  const input = placed.inputs[index]!;
  const from = buffers[placed.output]!.gradients;
  const to = buffers[input]!.gradients;
  return splitRows(binding, layoutsOf(binding, target, input, placed.output), 1, (panel, part) => {
    const { rows, bytes, offset } = part;
    const dy = binding.gradients(placed.output, panel) + offset(from);
    const dx = binding.gradients(input, panel) + offset(to);
    const { rectified, stride, accumulate } = settling(binding, target, input, panel, part);
    return () => {
      kernels.passGradient(dy, from.rowBytes, dx, to.rowBytes, rectified, stride, accumulate, rows, bytes);
    };
  });
}
