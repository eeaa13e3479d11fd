/** Highest value and mean of windows. */
import type { PoolOp } from '../../plan/plan';
import { noPadding } from '../layout';
import { alone, type Binding, type OperationKind, type Phase, type Placement, type Site } from './operation';

export interface PlacedPool extends Placement {
  /** Address of the shape as src/kernels/pool.ts reads it. */
  readonly shape: number;
  /** Whether a value lies in more than one window. */
  readonly overlaps: boolean;
}

export const maxPool: OperationKind<PoolOp, PlacedPool> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: null,
  keeps: () => ({ inputs: true, output: true }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place,
  forward: maxForward,
  backward: maxBackward,
};

export const averagePool: OperationKind<PoolOp, PlacedPool> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: null,
  keeps: () => ({ inputs: false, output: false }),
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place,
  forward: averageForward,
  backward: averageBackward,
};

function place({ size, strides, padding }: PoolOp, placement: Placement, site: Site): PlacedPool {
  const input = site.buffers[placement.inputs[0]!]!;
  const output = site.buffers[placement.output]!;
  const { height, width, channels, pixelBytes } = input.values;
  const shape = [height, width, channels, output.values.height, output.values.width, ...size, ...strides];
  shape.push(padding.top, padding.left);
  shape.push(...[input.values, output.values, output.gradients, input.gradients].map(({ rowBytes }) => rowBytes));
  // for the sum over a window's row
  site.scratch(pixelBytes);
  return {
    ...placement,
    shape: site.allocate(shape.length * 4, (memory, address) => {
      new Int32Array(memory, address, shape.length).set(shape);
    }),
    overlaps: size[0] > strides[0] || size[1] > strides[1],
  };
}

/** Addresses of the images' first pixels. */
function placesOf(placed: Placement, binding: Binding): Record<'x' | 'y' | 'dx' | 'dy', (panel: number) => number> {
  const input = placed.inputs[0]!;
  const { output } = placed;
  const { values: xValues, gradients: xGradients } = binding.buffers[input]!;
  const { values: yValues, gradients: yGradients } = binding.buffers[output]!;
  return {
    x: panel => binding.values(input, panel) + xValues.origin,
    y: panel => binding.values(output, panel) + yValues.origin,
    dx: panel => binding.gradients(input, panel) + xGradients.origin,
    dy: panel => binding.gradients(output, panel) + yGradients.origin,
  };
}

function maxForward(placed: PlacedPool, binding: Binding): readonly Phase[] {
  const { x, y } = placesOf(placed, binding);
  return alone(
    binding.split(binding.buffers[placed.output]!.values.height, (panel, begin, end) => {
      const images = [x(panel), y(panel)] as const;
      return () => {
        binding.kernels.maxPoolForward(...images, placed.shape, begin, end);
      };
    }),
  );
}

function maxBackward(placed: PlacedPool, binding: Binding): readonly Phase[] {
  const { kernels, buffers } = binding;
  const target = placed.gradients[0];
  if (!target) return [];
  const { x, y, dx, dy } = placesOf(placed, binding);
  const kernel = placed.overlaps ? kernels.maxPoolBackwardOverlapping : kernels.maxPoolBackward;
  // where windows overlap each thread has input rows of its own
  const { height } = buffers[placed.overlaps ? placed.inputs[0]! : placed.output]!.values;
  return alone(
    binding.split(height, (panel, begin, end) => {
      const images = [x(panel), y(panel), dy(panel), dx(panel)] as const;
      return () => {
        kernel(...images, placed.shape, Number(target.rectify), Number(target.accumulate), begin, end);
      };
    }),
  );
}

function averageForward(placed: PlacedPool, binding: Binding): readonly Phase[] {
  const { x, y } = placesOf(placed, binding);
  return alone(
    binding.split(binding.buffers[placed.output]!.values.height, (panel, begin, end) => {
      const images = [x(panel), y(panel)] as const;
      return () => {
        binding.kernels.averagePoolForward(...images, placed.shape, binding.scratch, begin, end);
      };
    }),
  );
}

function averageBackward(placed: PlacedPool, binding: Binding): readonly Phase[] {
  const target = placed.gradients[0];
  if (!target) return [];
  const { x, dx, dy } = placesOf(placed, binding);
  return alone(
    binding.split(binding.buffers[placed.inputs[0]!]!.values.height, (panel, begin, end) => {
      const rectified = target.rectify ? x(panel) : 0;
      const images = [dy(panel), dx(panel), rectified] as const;
      return () => {
        binding.kernels.averagePoolBackward(...images, placed.shape, Number(target.accumulate), begin, end);
      };
    }),
  );
}
