/** What the forms of a convolution have in common: tables in memory, and how their passes are bound. */
import type { ConvKernels } from '../kernels/conv';
import { alone, type Binding, type Phase, type Placement, type Site } from './operation';

/** A convolution as its kernels take it; addresses of descriptions as the kernels read them. */
export interface ConvPasses extends Placement {
  readonly kernel: number;
  /** Four for each block of outputs; 0 where the convolution has none. */
  readonly bias: number;
  readonly block: number;
  /** How many units of work a panel has in each direction. */
  readonly forwardUnits: number;
  readonly backwardUnits: number;
  readonly forwardPass: number;
  /** 0: nobody wants the input's gradient. */
  readonly backwardPass: number;
  readonly updatePass: number;
  /** Blocks of outputs that each thread updates, in groups whose partial sums fit the cache: bounds, one list a thread. */
  readonly groups: readonly (readonly number[])[];
}

/** Writes a table into fresh memory. */
export function place(site: Site, table: Uint32Array): number {
  return site.allocate(Math.max(4, table.byteLength), (memory, address) => {
    new Uint32Array(memory, address, table.length).set(table);
  });
}

/** Biases where the op has them, else zeros of its own. */
export function startOf(site: Site, bias: number, blocks: number): number {
  return bias === 0 ? site.allocate(blocks * 16) : bias;
}

const groupBytes = 1 << 17;

/**
 * Shares blocks of outputs between the threads by cost, and each thread's among groups.
 * @param partialBytes, costs of each block
 */
export function groupBlocks(
  partialBytes: readonly number[],
  costs: readonly number[],
  threads: number,
): { readonly groups: number[][]; readonly bytes: number } {
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const groups: number[][] = Array.from({ length: threads }, () => []);
  let largest = 0;
  let thread = 0;
  let cost = 0;
  let begin = 0;
  let bytes = 0;
  const close = (end: number): void => {
    if (end === begin) return;
    groups[thread]!.push(begin, end);
    largest = Math.max(largest, bytes);
    begin = end;
    bytes = 0;
  };
  costs.forEach((own, block) => {
    if (bytes + partialBytes[block]! > groupBytes) close(block);
    bytes += partialBytes[block]!;
    cost += own;
    if (thread < threads - 1 && cost * threads >= total * (thread + 1)) {
      close(block + 1);
      while (thread < threads - 1 && cost * threads >= total * (thread + 1)) thread++;
    }
  });
  close(costs.length);
  return { groups, bytes: largest };
}

export function bindForward(
  placed: ConvPasses,
  binding: Binding,
  kernel: ConvKernels['convForward'],
): readonly Phase[] {
  const { inputs, output, forwardPass, rectify } = placed;
  return alone(
    binding.split(placed.forwardUnits, (panel, begin, end) => () => {
      const x = binding.values(inputs[0]!, panel);
      const y = binding.values(output, panel);
      kernel(forwardPass, x, placed.kernel, placed.bias, y, begin, end, Number(rectify));
    }),
  );
}

export function bindBackward(
  placed: ConvPasses,
  binding: Binding,
  kernel: ConvKernels['convInputGradient'],
): readonly Phase[] {
  const [target] = placed.gradients;
  if (!target) return [];
  const input = placed.inputs[0]!;
  return alone(
    binding.split(placed.backwardUnits, (panel, begin, end) => () => {
      const dy = binding.gradients(placed.output, panel);
      const dx = binding.gradients(input, panel);
      const rectified = target.rectify ? binding.values(input, panel) : 0;
      kernel(placed.backwardPass, placed.kernel, dy, dx, rectified, begin, end, Number(target.accumulate));
    }),
  );
}

export function bindUpdate(placed: ConvPasses, binding: Binding, kernel: ConvKernels['convUpdate']): readonly Phase[] {
  const { buffers, panels, settings, scratch, thread } = binding;
  const input = placed.inputs[0]!;
  const { panelBytes } = buffers[input]!.values;
  const gradientBytes = buffers[placed.output]!.gradients.panelBytes;
  const groups = placed.groups[thread]!;
  return alone(
    groups.flatMap((begin, i) => {
      if (i % 2 === 1) return [];
      const end = groups[i + 1]!;
      return () => {
        const x = binding.values(input, 0);
        const dy = binding.gradients(placed.output, 0);
        const { updatePass, block } = placed;
        kernel(updatePass, x, panelBytes, dy, gradientBytes, panels, begin, end, block, settings, scratch);
      };
    }),
  );
}
