/** How often the weights of a plan are used. */
import type { Plan } from './plan';

/** @returns for each kernel by its name, how many products each of its weights takes part in for one example, forwards */
export function kernelUses({ ops, parameters, activations }: Plan): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const op of ops) {
    if (op.kind !== 'dense' && op.kind !== 'conv2d') continue;
    const { name } = parameters[op.kernel]!;
    // each value of a convolution's kernel is used once for every pixel that comes out
    const [height = 1, width = 1] = op.kind === 'conv2d' ? activations[op.output]!.shape : [];
    uses.set(name, (uses.get(name) ?? 0) + height * width);
  }
  return uses;
}
