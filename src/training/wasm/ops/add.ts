/** Sums of two or more activations of one shape, as residual connections make them. */
import type { AddOp } from '../../plan/plan';
import { noPadding } from '../layout';
import { alone, type Binding, type Instruction, type OperationKind, type Phase, type Placement } from './operation';
import { passBack } from './passBack';
import { splitRows } from './rows';

export const add: OperationKind<AddOp, Placement> = {
  framed: true,
  rectifies: true,
  meets: false,
  updates: null,
  keeps: () => ({ inputs: false, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place: (_op, placement) => placement,
  forward,
  backward: (placed, binding) => alone(placed.inputs.flatMap((_, i) => passBack(placed, binding, i))),
};

function forward(placed: Placement, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const { inputs, output } = placed;
  const to = buffers[output]!.values;
  const layouts = [to, ...inputs.map(input => buffers[input]!.values)];
  const work = splitRows(binding, layouts, 1, (panel, { rows, bytes, offset }) => {
    const y = binding.values(output, panel) + offset(to);
    // ((first + second) + third) …, the sum so far in y
    const sums = inputs.slice(1).map((input, i): Instruction => {
      const first = buffers[inputs[0]!]!.values;
      const a = i === 0 ? binding.values(inputs[0]!, panel) + offset(first) : y;
      const aStride = i === 0 ? first.rowBytes : to.rowBytes;
      const { values } = buffers[input]!;
      const b = binding.values(input, panel) + offset(values);
      const rectify = Number(placed.rectify && i === inputs.length - 2);
      return () => {
        kernels.addRows(a, aStride, b, values.rowBytes, y, to.rowBytes, rectify, rows, bytes);
      };
    });
    return () => {
      for (const sum of sums) sum();
    };
  });
  return alone(work);
}
