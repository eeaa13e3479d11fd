/** Which layer of a plan gives the classes. */
import type { Plan } from '../training/plan/plan';

/**
 * The last layer with prunable weights, in forward order, that feeds the output: a branch that leads nowhere is passed
 * over, whatever its place. Empty where no such layer does.
 */
export function outputLayerOf({ ops, parameters }: Plan): string {
  const prunable = new Set(parameters.filter(parameter => parameter.prunable).map(({ layer }) => layer));
  const feeding = new Set(ops.slice(-1).map(({ output }) => output));
  for (const op of [...ops].reverse()) {
    if (!feeding.has(op.output)) continue;
    if (prunable.has(op.layer)) return op.layer;
    for (const input of op.inputs) feeding.add(input);
  }
  return '';
}
