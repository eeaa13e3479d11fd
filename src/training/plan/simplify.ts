/** What is left to do once a plan is complete: nothing in it that need not be computed. */
import { addPadding } from './geometry';
import type { ActivationId, Plan, PlanOp } from './plan';

/**
 * Folds zero paddings into the convolutions that take them, leaves out ops that do not lead to `output` (a padding that
 * was folded, a softmax that the loss has taken in), and numbers activations in the order in which ops write them.
 */
export function simplify(plan: Plan, output: ActivationId): Plan {
  const ops = withoutDead(foldPaddings(plan.ops, output), output);
  const kept = [0, ...ops.map(op => op.output)];
  const number = new Map(kept.map((id, index) => [id, index]));
  return {
    ...plan,
    activations: kept.map(id => plan.activations[id]!),
    ops: ops.map(op => ({ ...op, inputs: op.inputs.map(id => number.get(id)!), output: number.get(op.output)! })),
  };
}

function foldPaddings(ops: readonly PlanOp[], output: ActivationId): readonly PlanOp[] {
  let left = ops;
  // backwards, so that a padding of a padding folds too
  for (const padding of ops.toReversed()) {
    if (padding.kind !== 'zero-padding' || padding.output === output) continue;
    const takes = (op: PlanOp): boolean => op.inputs.includes(padding.output);
    if (!left.every(op => !takes(op) || op.kind === 'conv2d')) continue;
    left = left
      .filter(op => op !== padding)
      .map(op =>
        op.kind === 'conv2d' && takes(op)
          ? { ...op, inputs: padding.inputs, padding: addPadding(op.padding, padding.padding) }
          : op,
      );
  }
  return left;
}

function withoutDead(ops: readonly PlanOp[], output: ActivationId): readonly PlanOp[] {
  const needed = new Set([output]);
  const live: PlanOp[] = [];
  for (const op of ops.toReversed()) {
    if (!needed.has(op.output)) continue;
    for (const id of op.inputs) needed.add(id);
    live.push(op);
  }
  return live.toReversed();
}
