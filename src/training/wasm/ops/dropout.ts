/** Inverted dropout: a part of the features goes while training; while evaluating nothing happens to them. */
import { dropoutSeed } from '../../draws';
import type { DropoutOp } from '../../plan/plan';
import { noPadding } from '../layout';
import { alone, type Binding, type OperationKind, type Phase, type Placement } from './operation';
import { layoutsOf, settling, splitRows } from './rows';

export interface PlacedDropout extends Placement {
  readonly rate: number;
  /** Tells the draws of one op from another's. */
  readonly salt: number;
}

export const dropout: OperationKind<DropoutOp, PlacedDropout> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: null,
  keeps: () => ({ inputs: false, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place: ({ rate, output }, placement) => ({ ...placement, rate, salt: output }),
  forward,
  backward,
};

function forward(placed: PlacedDropout, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const input = placed.inputs[0]!;
  const from = buffers[input]!.values;
  const to = buffers[placed.output]!.values;
  const draw = drawing(placed, binding, from.height * from.width * from.channels);
  return alone(
    splitRows(binding, [from, to], 1, (panel, { rows, bytes, first, offset }) => {
      const x = binding.values(input, panel) + offset(from);
      const y = binding.values(placed.output, panel) + offset(to);
      if (!binding.training) {
        return () => {
          kernels.copyRows(x, from.rowBytes, y, to.rowBytes, rows, bytes);
        };
      }
      return () => {
        kernels.dropout(x, from.rowBytes, y, to.rowBytes, 0, 0, 0, ...draw(panel, first), rows, bytes);
      };
    }),
  );
}

function backward(placed: PlacedDropout, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const input = placed.inputs[0]!;
  const target = placed.gradients[0];
  if (!target) return [];
  const from = buffers[placed.output]!.gradients;
  const to = buffers[input]!.gradients;
  const draw = drawing(placed, binding, from.height * from.width * from.channels);
  return alone(
    splitRows(binding, layoutsOf(binding, target, input, placed.output), 1, (panel, part) => {
      const { rows, bytes, first, offset } = part;
      const dy = binding.gradients(placed.output, panel) + offset(from);
      const dx = binding.gradients(input, panel) + offset(to);
      const { rectified, stride, accumulate } = settling(binding, target, input, panel, part);
      const images = [dy, from.rowBytes, dx, to.rowBytes, rectified, stride, accumulate] as const;
      return () => {
        kernels.dropout(...images, ...draw(panel, first), rows, bytes);
      };
    }),
  );
}

/** What the kernel takes of the draw: seed of the step at hand, number of the first feature, threshold and scale. */
function drawing(
  { rate, salt }: PlacedDropout,
  { batch, orderSeed }: Binding,
  features: number,
): (panel: number, first: number) => readonly [number, number, number, number] {
  const threshold = Math.floor(rate * 0x1_0000_0000);
  const scale = 1 / (1 - rate);
  return (panel, first) => [dropoutSeed(orderSeed, salt, batch.step), panel * features + first, threshold, scale];
}
