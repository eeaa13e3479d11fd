/** The arithmetic of a training step, by definition: what a kernel saves (Winograd) or does in vain is not taken off or added. */
import type { Mask } from '../src/lottery/mask';
import type { Plan, PlanOp } from '../src/training/plan/plan';

/**
 * Multiplications and additions of convolutions and dense layers in a step, in units of 10⁹: forward, weight gradient, and
 * input gradient except where the input is the data.
 * @param masks one for each prunable kernel of the plan, in order: only kept weights count
 */
export function gigaflop(plan: Plan, masks: readonly Mask[], batchSize: number): number {
  const kernels = plan.parameters.flatMap((parameter, id) => (parameter.prunable ? [id] : []));
  const uses = plan.ops.reduce((total, op) => {
    if (op.kind !== 'dense' && op.kind !== 'conv2d') return total;
    const passes = op.inputs[0] === 0 ? 2 : 3;
    return total + masks[kernels.indexOf(op.kernel)]!.kept * usesOfWeight(plan, op) * passes;
  }, 0);
  return (uses * 2 * batchSize) / 1e9;
}

/** How often an example meets each weight: once in a dense layer, at each output pixel of a convolution. */
function usesOfWeight(plan: Plan, op: PlanOp): number {
  if (op.kind !== 'conv2d') return 1;
  const [height, width] = plan.activations[op.output]!.shape as readonly [number, number, number];
  return height * width;
}
